import RhoCore

extension Tensor {
    /// Tensor of zeros.
    public static func zeros(_ dims: [Int]) throws(RhoError) -> Tensor { try full(dims, 0) }

    /// A matrix that is kept in `format` and only read by products, the embedding and the token loss. In 16 bits its numbers
    /// are undefined until they are loaded: what is then left in a file never takes memory.
    package static func weight(_ dims: [Int], format: StorageFormat) throws(RhoError) -> Tensor {
        format == .f32 ? try zeros(dims) : Tensor(try Buffer.make(Shape(dims), format: format))
    }

    /// Takes the numbers that stand in `file` from byte `start` on, in the format that this tensor keeps, without copying
    /// them. False, and nothing changes, where they would not lie on an address of their width or within the file.
    package func map(_ file: MappedFile, from start: Int) -> Bool {
        let width = buffer.format.width
        guard let base = file.bytes.baseAddress, start >= 0, start % width == 0, start <= file.bytes.count,
            count * width <= file.bytes.count - start
        else { return false }
        let storage = Storage(
            backend: buffer.backend, file: file, address: base + start, bytes: count * width, format: buffer.format)
        buffer = Buffer(storage: storage, offset: 0, shape: shape)
        return true
    }

    /// Gives numbers that lie in a file a place in memory, where they can be written.
    package func makeWritable() throws(RhoError) {
        if buffer.storage.file != nil { buffer = try buffer.copied() }
    }

    /// Tensor of ones.
    public static func ones(_ dims: [Int]) throws(RhoError) -> Tensor { try full(dims, 1) }

    /// Tensor that holds `value` everywhere.
    public static func full(_ dims: [Int], _ value: Float) throws(RhoError) -> Tensor {
        let buffer = try Buffer.make(Shape(dims))
        buffer.backend.fill(buffer, value)
        return Tensor(buffer)
    }

    /// Tensor of rank 0.
    public static func scalar(_ value: Float) throws(RhoError) -> Tensor { try full([], value) }

    /// Tensor of the given values in row-major order.
    public static func from(_ values: [Float], _ dims: [Int]) throws(RhoError) -> Tensor {
        let shape = try Shape(dims)
        guard shape.count == values.count else {
            throw RhoError(.shape, "from: \(values.count) values do not fill shape \(shape) of \(shape.count)")
        }
        let buffer = try Buffer.make(shape)
        values.withUnsafeBufferPointer { buffer.backend.write(buffer, $0) }
        return Tensor(buffer)
    }

    /// Tensor of independent draws from [low, high); advances `stream`.
    public static func uniform(
        _ dims: [Int], low: Float = 0, high: Float = 1, stream: inout RandomStream
    ) throws(RhoError) -> Tensor {
        let (start, width) = (Double(low), Double(high) - Double(low))
        return try drawn(dims) { Float(start + width * stream.uniform()) }
    }

    /// Tensor of independent draws from the normal distribution; advances `stream`.
    public static func normal(
        _ dims: [Int], mean: Float = 0, deviation: Float = 1, stream: inout RandomStream
    ) throws(RhoError) -> Tensor {
        try drawn(dims) { Float(Double(mean) + Double(deviation) * stream.normal()) }
    }

    private static func drawn(_ dims: [Int], _ draw: () -> Float) throws(RhoError) -> Tensor {
        let buffer = try Buffer.make(Shape(dims))
        // In pieces, so that a large tensor does not exist twice.
        let piece = 1 << 16
        var values: [Float] = []
        values.reserveCapacity(Swift.min(piece, buffer.count))
        var start = 0
        while start < buffer.count {
            values.removeAll(keepingCapacity: true)
            for _ in start..<Swift.min(start + piece, buffer.count) { values.append(draw()) }
            let part = Buffer(storage: buffer.storage, offset: start, shape: Shape(unchecked: [values.count]))
            values.withUnsafeBufferPointer { buffer.backend.write(part, $0) }
            start += values.count
        }
        return Tensor(buffer)
    }

    /// The numbers in row-major order.
    public func toArray() -> [Float] { buffer.backend.read(buffer) }

    /// The number of a tensor that holds one. Throws `.shape` otherwise.
    public func item() throws(RhoError) -> Float {
        guard count == 1, let value = toArray().first else {
            throw RhoError(.shape, "item: needs a tensor of one element, got shape \(shape)")
        }
        return value
    }

    /// Elements `range` of the row-major numbers. Throws `.shape` when the range is outside.
    public func read(_ range: Range<Int>) throws(RhoError) -> [Float] {
        buffer.backend.read(try part(range, "read"))
    }

    /// Overwrites elements `range`; meant for loading weights. Throws `.shape` when the counts do not agree.
    public func write(_ range: Range<Int>, _ values: [Float]) throws(RhoError) {
        let part = try part(range, "write")
        guard values.count == range.count else {
            throw RhoError(.shape, "write: \(values.count) values for \(range.count) elements")
        }
        values.withUnsafeBufferPointer { buffer.backend.write(part, $0) }
    }

    /// Overwrites all elements with those of `other`, which must have the same shape. The history stays as it is.
    public func assign(_ other: Tensor) throws(RhoError) {
        guard other.shape == shape else {
            throw RhoError(.shape, "assign: shapes \(shape) and \(other.shape) differ")
        }
        buffer.backend.copy(buffer, other.buffer)
    }

    /// Own copy of the numbers without history.
    public func clone() throws(RhoError) -> Tensor { Tensor(try buffer.copied()) }

    private func part(_ range: Range<Int>, _ name: String) throws(RhoError) -> Buffer {
        guard range.lowerBound >= 0, range.upperBound <= count else {
            throw RhoError(.shape, "\(name): elements \(range) are outside a tensor of \(count)")
        }
        return Buffer(
            storage: buffer.storage, offset: buffer.offset + range.lowerBound, shape: Shape(unchecked: [range.count]))
    }
}
