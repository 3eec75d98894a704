import RhoCore

/// The checked header of a GGUF file.
struct GGUFHeader {
    var metadata: [(key: String, value: GGUF.Value)] = []
    var entries: [GGUF.Entry] = []
    private var reader: GGUFReader

    init(_ bytes: UnsafeRawBufferPointer) throws(RhoError) {
        reader = GGUFReader(bytes)
        guard bytes.count >= 24, bytes.prefix(4).elementsEqual("GGUF".utf8) else {
            throw RhoError(.checkpoint, "not a GGUF file: it does not start with 'GGUF' and a header of 24 bytes")
        }
        reader.position = 4
        let version = try reader.integer(UInt32.self)
        guard version == 2 || version == 3 else {
            throw RhoError(.unsupported, "GGUF version \(version) is not supported; supported: 2, 3 (little-endian)")
        }
        // The shortest tensor entry takes 24 bytes, the shortest metadata pair 13.
        let tensorCount = try reader.count("tensors", width: 24)
        let pairCount = try reader.count("metadata pairs", width: 13)
        var seen = Set<String>()
        for _ in 0..<pairCount {
            let key = try reader.string()
            guard seen.insert(key).inserted else { throw RhoError(.checkpoint, "metadata '\(key)' is there twice") }
            metadata.append((key, try reader.value(key)))
        }
        var raw: [(name: String, type: GGUFType, shape: [Int], offset: UInt64)] = []
        for _ in 0..<tensorCount { raw.append(try tensor()) }
        let alignment = try dataAlignment()
        let start = (reader.position + alignment - 1) / alignment * alignment
        for tensor in raw {
            entries.append(try place(tensor, from: start, fileSize: bytes.count, alignment: alignment))
        }
        try checkOverlap()
    }

    private func dataAlignment() throws(RhoError) -> Int {
        guard let value = metadata.first(where: { $0.key == "general.alignment" })?.value else { return 32 }
        guard case .integer(let number) = value, number >= 1, number <= 1 << 20, number & (number - 1) == 0 else {
            throw RhoError(.checkpoint, "general.alignment must be a power of two up to \(1 << 20)")
        }
        return Int(number)
    }

    private mutating func tensor() throws(RhoError) -> (name: String, type: GGUFType, shape: [Int], offset: UInt64) {
        let name = try reader.string()
        let rank = try reader.integer(UInt32.self)
        guard rank >= 1, rank <= 4 else {
            throw RhoError(.checkpoint, "tensor '\(name)' has \(rank) dimensions; GGUF allows 1 to 4")
        }
        var sizes: [Int] = []
        var product = 1
        for _ in 0..<rank {
            let size = try reader.integer(UInt64.self)
            let (count, overflow) = product.multipliedReportingOverflow(by: Int(clamping: size))
            guard size > 0, !overflow, count <= 1 << 46 else {
                throw RhoError(.checkpoint, "tensor '\(name)' has a size of \(size), which cannot be")
            }
            product = count
            sizes.append(Int(size))
        }
        let code = try reader.integer(UInt32.self)
        guard let type = GGUFType(rawValue: code) else {
            let known = GGUFType.allCases.map { "\($0)".uppercased() }.joined(separator: ", ")
            throw RhoError(
                .unsupported, "tensor '\(name)' has number format \(code), which is not read here; read: \(known)")
        }
        guard sizes[0] % type.blockCount == 0 else {
            throw RhoError(
                .checkpoint, "tensor '\(name)': rows of \(sizes[0]) do not divide into blocks of \(type.blockCount)")
        }
        return (name, type, sizes.reversed(), try reader.integer(UInt64.self))
    }

    private func place(
        _ tensor: (name: String, type: GGUFType, shape: [Int], offset: UInt64), from start: Int, fileSize: Int,
        alignment: Int
    ) throws(RhoError) -> GGUF.Entry {
        let size = tensor.shape.reduce(1, *) / tensor.type.blockCount * tensor.type.blockBytes
        guard tensor.offset % UInt64(alignment) == 0 else {
            throw RhoError(.checkpoint, "tensor '\(tensor.name)' is not aligned to \(alignment) bytes")
        }
        guard start <= fileSize, tensor.offset <= UInt64(fileSize - start),
            size <= fileSize - start - Int(tensor.offset)
        else {
            throw RhoError(
                .checkpoint,
                "truncated: tensor '\(tensor.name)' needs \(size) bytes at \(tensor.offset) of the data, and the file holds "
                    + "\(max(0, fileSize - start))")
        }
        let begin = start + Int(tensor.offset)
        return GGUF.Entry(name: tensor.name, type: tensor.type, shape: tensor.shape, range: begin..<begin + size)
    }

    private func checkOverlap() throws(RhoError) {
        var seen = Set<String>()
        for entry in entries where !seen.insert(entry.name).inserted {
            throw RhoError(.checkpoint, "tensor '\(entry.name)' is there twice")
        }
        var previous: GGUF.Entry?
        for entry in entries.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
            if let previous, entry.range.lowerBound < previous.range.upperBound {
                throw RhoError(.checkpoint, "tensor '\(entry.name)' overlaps tensor '\(previous.name)'")
            }
            previous = entry
        }
    }
}

/// Reads little-endian values one after another and never past the end.
struct GGUFReader {
    private let bytes: UnsafeRawBufferPointer
    var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    private func need(_ count: Int) throws(RhoError) {
        guard count <= bytes.count - position else {
            throw RhoError(
                .checkpoint,
                "truncated: the header needs \(count) bytes at \(position), and the file has \(bytes.count)")
        }
    }

    mutating func integer<Number: FixedWidthInteger>(_ type: Number.Type) throws(RhoError) -> Number {
        try need(MemoryLayout<Number>.size)
        defer { position += MemoryLayout<Number>.size }
        return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: Number.self))
    }

    /// A count of things that take at least `width` bytes each; more than the rest of the file can hold is a lie.
    mutating func count(_ what: String, width: Int) throws(RhoError) -> Int {
        let number = try integer(UInt64.self)
        guard number <= UInt64((bytes.count - position) / width) else {
            throw RhoError(.checkpoint, "the header claims \(number) \(what), more than the file can hold")
        }
        return Int(number)
    }

    mutating func string() throws(RhoError) -> String {
        let length = try count("bytes of text", width: 1)
        defer { position += length }
        return String(decoding: bytes[position..<position + length], as: UTF8.self)
    }

    mutating func value(_ key: String) throws(RhoError) -> GGUF.Value {
        let code = try integer(UInt32.self)
        if code == 9 { return try array(key) }
        if code == 8 { return .string(try string()) }
        switch try scalar(code, key) {
        case .integer(let number): return .integer(number)
        case .number(let number): return .number(number)
        case .bool(let flag): return .bool(flag)
        }
    }

    private enum Scalar {
        case integer(Int64)
        case number(Double)
        case bool(Bool)
    }

    private static func width(_ code: UInt32) -> Int? {
        switch code {
        case 0, 1, 7: 1
        case 2, 3: 2
        case 4, 5, 6: 4
        case 10, 11, 12: 8
        default: nil
        }
    }

    private mutating func scalar(_ code: UInt32, _ key: String) throws(RhoError) -> Scalar {
        switch code {
        case 0: return .integer(Int64(try integer(UInt8.self)))
        case 1: return .integer(Int64(try integer(Int8.self)))
        case 2: return .integer(Int64(try integer(UInt16.self)))
        case 3: return .integer(Int64(try integer(Int16.self)))
        case 4: return .integer(Int64(try integer(UInt32.self)))
        case 5: return .integer(Int64(try integer(Int32.self)))
        case 6: return .number(Double(Float(bitPattern: try integer(UInt32.self))))
        case 7: return .bool(try integer(UInt8.self) != 0)
        case 10: return .integer(Int64(clamping: try integer(UInt64.self)))
        case 11: return .integer(try integer(Int64.self))
        case 12: return .number(Double(bitPattern: try integer(UInt64.self)))
        default: throw RhoError(.checkpoint, "metadata '\(key)' has type \(code), which GGUF does not know")
        }
    }

    private mutating func array(_ key: String) throws(RhoError) -> GGUF.Value {
        let code = try integer(UInt32.self)
        if code == 8 {
            let count = try count("strings in '\(key)'", width: 8)
            var strings: [String] = []
            strings.reserveCapacity(count)
            for _ in 0..<count { strings.append(try string()) }
            return .strings(strings)
        }
        guard let width = Self.width(code) else {
            throw RhoError(.unsupported, "metadata '\(key)' is an array of type \(code), which is not read here")
        }
        let count = try count("values in '\(key)'", width: width)
        var integers: [Int64] = []
        var numbers: [Double] = []
        var bools: [Bool] = []
        for _ in 0..<count {
            switch try scalar(code, key) {
            case .integer(let number): integers.append(number)
            case .number(let number): numbers.append(number)
            case .bool(let flag): bools.append(flag)
            }
        }
        switch code {
        case 6, 12: return .numbers(numbers)
        case 7: return .bools(bools)
        default: return .integers(integers)
        }
    }
}
