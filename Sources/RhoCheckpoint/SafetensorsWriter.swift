import RhoCore

/// One tensor to be written. `values` is asked for once, when its turn comes, so that a large model is never copied whole.
public struct SafetensorsTensor {
    public var name: String
    public var shape: [Int]
    public var type: ElementType
    public var values: () throws(RhoError) -> [Float]

    public init(
        _ name: String, shape: [Int], type: ElementType = .f32, values: @escaping () throws(RhoError) -> [Float]
    ) {
        self.name = name
        self.shape = shape
        self.type = type
        self.values = values
    }

    public init(_ name: String, shape: [Int], type: ElementType = .f32, _ values: [Float]) {
        self.init(name, shape: shape, type: type, values: { () throws(RhoError) in values })
    }

    var byteCount: Int { shape.reduce(1, *) * type.width }
}

extension Safetensors {
    /// Writes `tensors` to `path` atomically: sorted by name, header padded with spaces to 8 bytes, so that the same
    /// tensors always give the same bytes. `metadata` values are strings; `format = "pt"` is what transformers expects.
    /// Errors: `.io` from the file system, `.internal` if a tensor gives another number of values than its shape holds.
    public static func write(
        _ path: String, tensors: [SafetensorsTensor], metadata: [(key: String, value: String)] = [("format", "pt")]
    ) throws(RhoError) {
        let sorted = tensors.sorted { $0.name < $1.name }
        let file = try AtomicFile(path: path)
        try file.write(header(of: sorted, metadata: metadata))
        var encoded: [UInt8] = []
        for tensor in sorted {
            guard tensor.type.isReadable else {
                throw RhoError(
                    .unsupported, "tensor '\(tensor.name)': dtype \(tensor.type.rawValue) is not written here")
            }
            let values = try tensor.values()
            guard values.count * tensor.type.width == tensor.byteCount else {
                throw RhoError(
                    .internal, "tensor '\(tensor.name)' gave \(values.count) values for shape \(tensor.shape)")
            }
            if tensor.type == .f32 {
                try file.write(floats: values)
            } else {
                encoded.removeAll(keepingCapacity: true)
                values.withUnsafeBufferPointer { tensor.type.encode($0, into: &encoded) }
                try file.write(encoded)
            }
        }
        try file.commit()
    }

    private static func header(of tensors: [SafetensorsTensor], metadata: [(key: String, value: String)]) -> [UInt8] {
        var object: JSONObject = [:]
        if !metadata.isEmpty {
            var table: JSONObject = [:]
            for pair in metadata.sorted(by: { $0.key < $1.key }) { table[pair.key] = .string(pair.value) }
            object["__metadata__"] = .object(table)
        }
        var offset = 0
        for tensor in tensors {
            let end = offset + tensor.byteCount
            object[tensor.name] = .object([
                "dtype": .string(tensor.type.rawValue),
                "shape": .array(tensor.shape.map { .integer(Int64($0)) }),
                "data_offsets": .array([.integer(Int64(offset)), .integer(Int64(end))]),
            ])
            offset = end
        }
        var text = Array(JSON.object(object).serialized().utf8)
        while text.count % 8 != 0 { text.append(UInt8(ascii: " ")) }
        var bytes: [UInt8] = []
        for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: text.count >> (8 * shift))) }
        return bytes + text
    }
}

extension AtomicFile {
    /// Appends little-endian f32.
    fileprivate func write(floats: [Float]) throws(RhoError) {
        var failure: RhoError?
        floats.withUnsafeBytes { bytes in
            do throws(RhoError) { try write(bytes) } catch { failure = error }
        }
        if let failure { throw failure }
    }
}
