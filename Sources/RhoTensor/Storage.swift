import RhoCore

/// How the numbers of a storage are kept. Arithmetic is f32; 16-bit forms are for weights of models that do not train,
/// which only products, the embedding and the token loss read.
public enum StorageFormat: String, Sendable, CaseIterable {
    case f32, bf16, f16

    /// Bytes of one number.
    public var width: Int { self == .f32 ? 4 : 2 }
}

/// Memory of one backend, shared by a tensor and its views and given back when the last of them goes.
///
/// Only the owning backend may look behind `address`; for everything else a storage is an opaque handle.
public final class Storage {
    /// Backend that made this storage and runs the kernels on it.
    package let backend: any Backend
    package let address: UnsafeMutableRawPointer
    /// Bytes asked for.
    public let byteCount: Int

    let format: StorageFormat
    /// The file that the numbers lie in, where they are no memory of our own. They must not be written.
    package let file: MappedFile?

    init(backend: any Backend, bytes: Int, format: StorageFormat = .f32) throws(RhoError) {
        self.backend = backend
        self.format = format
        file = nil
        byteCount = bytes
        address = try backend.allocate(bytes: bytes)
    }

    /// Numbers at `address` that stay in `file`.
    init(backend: any Backend, file: MappedFile, address: UnsafeRawPointer, bytes: Int, format: StorageFormat) {
        self.backend = backend
        self.format = format
        self.file = file
        self.address = UnsafeMutableRawPointer(mutating: address)
        byteCount = bytes
    }

    deinit { if file == nil { backend.release(address, bytes: byteCount) } }

    /// Bytes in tensors that are alive now (CPU backend).
    public static var liveBytes: Int { CPUBackend.shared.allocator.liveBytes }
    /// Highest `liveBytes` so far, or since `resetPeak()`.
    public static var peakBytes: Int { CPUBackend.shared.allocator.peakBytes }
    /// Live bytes plus freed blocks kept for reuse.
    public static var heldBytes: Int { CPUBackend.shared.allocator.heldBytes }
    /// Starts a new peak measurement from the bytes live now.
    public static func resetPeak() { CPUBackend.shared.allocator.resetPeak() }
    /// Gives every block that is kept for reuse back to the system.
    public static func trim() { CPUBackend.shared.allocator.trim() }
    /// Allocation that would take `liveBytes` above this limit throws `.memory`. Default: the machine's memory.
    public static var byteLimit: Int {
        get { CPUBackend.shared.allocator.limit }
        set { CPUBackend.shared.allocator.limit = newValue }
    }
}
