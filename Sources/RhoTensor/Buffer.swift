import RhoCore

/// Contiguous row-major numbers: a storage, where they start in it, and their shape. No gradient history.
///
/// Ops compute on buffers; `Tensor` adds the graph. Copying a `Buffer` copies the handle, not the numbers.
public struct Buffer {
    package var storage: Storage
    /// First element, counted in numbers from the start of the storage.
    package var offset: Int
    /// Sizes of the dimensions.
    public var shape: Shape

    package init(storage: Storage, offset: Int, shape: Shape) {
        self.storage = storage
        self.offset = offset
        self.shape = shape
    }

    /// New numbers with undefined contents. Throws `.memory`.
    package static func make(
        _ shape: Shape, format: StorageFormat = .f32, on backend: any Backend = Backends.main
    ) throws(RhoError) -> Buffer {
        let bytes = max(shape.count, 1) * format.width
        return Buffer(storage: try Storage(backend: backend, bytes: bytes, format: format), offset: 0, shape: shape)
    }

    /// New zeros. Throws `.memory`.
    package static func zeros(_ shape: Shape, on backend: any Backend = Backends.main) throws(RhoError) -> Buffer {
        let made = try make(shape, on: backend)
        backend.fill(made, 0)
        return made
    }

    /// How the numbers are kept.
    package var format: StorageFormat { storage.format }
    /// Backend that owns the numbers.
    package var backend: any Backend { storage.backend }
    /// Number of elements.
    public var count: Int { shape.count }
    /// Rows when read as a matrix: product of all sizes but the innermost.
    public var rows: Int { shape.rows }
    /// Innermost size.
    public var width: Int { shape.width }

    /// New undefined f32 numbers on the same backend.
    package func like(_ shape: Shape) throws(RhoError) -> Buffer { try Buffer.make(shape, on: backend) }

    /// Same numbers under another shape of equal count.
    package func reshaped(_ shape: Shape) -> Buffer { Buffer(storage: storage, offset: offset, shape: shape) }

    /// View of outermost entries `start..<start + count`.
    package func slice(_ start: Int, _ count: Int) -> Buffer {
        var dims = shape.dims
        let entry = dims.dropFirst().reduce(1, *)
        dims[0] = count
        return Buffer(storage: storage, offset: offset + start * entry, shape: Shape(unchecked: dims))
    }

    /// Own copy of the numbers.
    package func copied() throws(RhoError) -> Buffer {
        let copy = try Buffer.make(shape, format: format, on: backend)
        backend.copy(copy, self)
        return copy
    }

    /// Whether no other handle can see these numbers, so that they may be overwritten.
    package mutating func isUnshared() -> Bool { isKnownUniquelyReferenced(&storage) }

    /// Rows named by `rows` gathered into a new matrix; the buffer itself when `rows` is nil.
    package func gathering(_ rows: RowSet?) throws(RhoError) -> Buffer {
        guard let rows else { return self }
        let compact = try like(Shape(unchecked: [rows.count, width]))
        backend.gatherRows(compact, self, rows.indices)
        return compact
    }
}
