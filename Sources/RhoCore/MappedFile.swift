import Glibc

/// A file mapped read-only into memory, unmapped when the last owner goes. An empty file has empty bytes.
///
/// The pages are shared with every other process that maps the file and cost memory only while the system has it to spare.
/// Another process must not shorten the file meanwhile; files of this package are replaced by renaming, never cut.
public final class MappedFile: @unchecked Sendable {
    public let path: String
    /// Valid as long as this object lives.
    public let bytes: UnsafeRawBufferPointer

    /// - Throws: `.io` with the path and the system's reason.
    public init(path: String) throws(RhoError) {
        let descriptor = try Files.open(path, O_RDONLY, doing: "open")
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Files.failure("read", path) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw RhoError(.io, "cannot map \(path): not a regular file") }
        self.path = path
        guard status.st_size > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        guard let address = mmap(nil, Int(status.st_size), PROT_READ, MAP_SHARED, descriptor, 0), address != MAP_FAILED
        else { throw Files.failure("map", path) }
        bytes = UnsafeRawBufferPointer(start: address, count: Int(status.st_size))
    }

    deinit {
        if let base = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), bytes.count) }
    }
}
