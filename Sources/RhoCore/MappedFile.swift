import Glibc
import Synchronization

/// A file mapped read-only into memory, unmapped when the last owner goes. An empty file has empty bytes.
///
/// The pages are shared with every other process that maps the file and cost memory only while the system has it to spare.
/// Another process must not shorten the file meanwhile; files of this package are replaced by renaming, never cut.
public final class MappedFile: @unchecked Sendable {
    public let path: String
    /// Valid as long as this object lives.
    public let bytes: UnsafeRawBufferPointer
    private let accesses = Atomic<Int>(0)

    /// After so many accesses that ``noteAccess()`` counts, the pages read so far are let go. A file system with large
    /// folios maps up to 2 MiB around a place that is touched, so that about 16 MiB of the file are held at most.
    private static let accessesHeld = 8

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

    /// Lets go of the pages read so far; they are read again, from the system's cache as long as it keeps them, when they
    /// are touched.
    ///
    /// Pages count as this process's memory until the system needs it elsewhere. Without this a pass over a file of any
    /// size would be as large as the file, and under a memory limit end there.
    public func releasePages() {
        guard let base = bytes.baseAddress else { return }
        madvise(UnsafeMutableRawPointer(mutating: base), bytes.count, MADV_DONTNEED)
    }

    /// Counts one access to a stretch of a few pages, and now and then lets go of the pages; from any thread.
    public func noteAccess() {
        let count = accesses.add(1, ordering: .relaxed).newValue
        if count % Self.accessesHeld == 0 { releasePages() }
    }

    deinit {
        if let base = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), bytes.count) }
    }
}
