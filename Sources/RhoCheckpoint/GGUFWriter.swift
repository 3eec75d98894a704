import RhoCore

/// One tensor to be written to a GGUF file. `values` is asked for once, when its turn comes.
struct GGUFTensor {
    var name: String
    /// Outermost first.
    var shape: [Int]
    var type: GGUFType
    var values: () throws(RhoError) -> [Float]

    var byteCount: Int { shape.reduce(1, *) / type.blockCount * type.blockBytes }
}

extension GGUF {
    private static let alignment = 32

    /// Writes a GGUF file of version 3 atomically. Errors: `.io`, `.unsupported` for a format that is only read.
    static func write(
        _ path: String, metadata: [(key: String, value: Value)], tensors: [GGUFTensor]
    ) throws(RhoError) {
        var header = GGUFBytes()
        header.append(Array("GGUF".utf8))
        header.append(UInt32(3))
        header.append(UInt64(tensors.count))
        header.append(UInt64(metadata.count))
        for pair in metadata {
            header.append(pair.key)
            header.append(pair.value)
        }
        var offset = 0
        for tensor in tensors {
            header.append(tensor.name)
            header.append(UInt32(tensor.shape.count))
            for size in tensor.shape.reversed() { header.append(UInt64(size)) }
            header.append(tensor.type.rawValue)
            header.append(UInt64(offset))
            offset += padded(tensor.byteCount)
        }
        header.pad(to: alignment)
        let file = try AtomicFile(path: path)
        try file.write(header.bytes)
        for tensor in tensors {
            let values = try tensor.values()
            guard values.count == tensor.shape.reduce(1, *) else {
                throw RhoError(
                    .internal, "tensor '\(tensor.name)' gave \(values.count) values for shape \(tensor.shape)")
            }
            var data = GGUFBytes()
            data.bytes = try tensor.type.quantised(values)
            data.pad(to: alignment)
            try file.write(data.bytes)
        }
        try file.commit()
    }

    private static func padded(_ count: Int) -> Int { (count + alignment - 1) / alignment * alignment }
}

extension GGUFType {
    /// `values` in this format: f32, f16, bf16, or Q8_0 (per block of 32 a scale max|x|/127 in f16 and rounded codes).
    fileprivate func quantised(_ values: [Float]) throws(RhoError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(values.count / blockCount * blockBytes)
        values.withUnsafeBufferPointer { values in
            switch self {
            case .f32: ElementType.f32.encode(values, into: &bytes)
            case .f16: ElementType.f16.encode(values, into: &bytes)
            case .bf16: ElementType.bf16.encode(values, into: &bytes)
            case .q8_0:
                for start in stride(from: 0, to: values.count, by: 32) {
                    Self.appendEightBit(UnsafeBufferPointer(rebasing: values[start..<start + 32]), to: &bytes)
                }
            default: break
            }
        }
        guard bytes.count == values.count / blockCount * blockBytes else {
            throw RhoError(.unsupported, "number format \(self) is read here, but not written")
        }
        return bytes
    }

    private static func appendEightBit(_ block: UnsafeBufferPointer<Float>, to bytes: inout [UInt8]) {
        var largest: Float = 0
        for value in block { largest = max(largest, abs(value)) }
        let scale = largest / 127
        let inverse = scale == 0 ? 0 : 1 / scale
        let half = Float16Bits.encode(scale)
        bytes.append(UInt8(truncatingIfNeeded: half))
        bytes.append(UInt8(truncatingIfNeeded: half >> 8))
        for value in block {
            let code = (value * inverse).rounded(.toNearestOrAwayFromZero)
            bytes.append(UInt8(bitPattern: Int8(max(-127, min(127, code.isNaN ? 0 : code)))))
        }
    }
}

/// Little-endian bytes of a GGUF header.
private struct GGUFBytes {
    var bytes: [UInt8] = []

    mutating func append(_ more: [UInt8]) { bytes += more }

    mutating func append(_ number: some FixedWidthInteger) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func append(_ text: String) {
        append(UInt64(text.utf8.count))
        bytes += Array(text.utf8)
    }

    mutating func pad(to alignment: Int) {
        while bytes.count % alignment != 0 { bytes.append(0) }
    }

    /// Type code and value. Integers are written as u32 where they fit, which is what llama.cpp asks for.
    mutating func append(_ value: GGUF.Value) {
        switch value {
        case .integer(let number):
            if let small = UInt32(exactly: number) {
                append(UInt32(4))
                append(small)
            } else {
                append(UInt32(11))
                append(number)
            }
        case .number(let number):
            append(UInt32(6))
            append(Float(number).bitPattern)
        case .bool(let flag):
            append(UInt32(7))
            append(UInt8(flag ? 1 : 0))
        case .string(let text):
            append(UInt32(8))
            append(text)
        case .integers(let numbers):
            appendArray(5, numbers.count)
            for number in numbers { append(Int32(clamping: number)) }
        case .numbers(let numbers):
            appendArray(6, numbers.count)
            for number in numbers { append(Float(number).bitPattern) }
        case .bools(let flags):
            appendArray(7, flags.count)
            for flag in flags { append(UInt8(flag ? 1 : 0)) }
        case .strings(let texts):
            appendArray(8, texts.count)
            for text in texts { append(text) }
        }
    }

    private mutating func appendArray(_ code: UInt32, _ count: Int) {
        append(UInt32(9))
        append(code)
        append(UInt64(count))
    }
}
