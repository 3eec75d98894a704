import Glibc
import RhoCore

/// Files that appear at a second place.
enum FileCopy {
    /// Files below this size are copied: they cost nothing, and some are logs that get appended to.
    static let linkedFrom = 1 << 16

    /// A copy passes through memory in pieces of this size.
    private static let pieceSize = 1 << 24

    /// Makes `target` a link to `source`, or a copy where there can be no link (another file system, too small).
    static func linkOrCopy(_ source: String, _ target: String) throws(RhoError) {
        if try Files.size(source) >= linkedFrom, link(source, target) == 0 { return }
        try copy(source, target)
    }

    /// Copies a file; the copy appears whole.
    static func copy(_ source: String, _ target: String) throws(RhoError) {
        let file = try MappedFile(path: source)
        let copy = try AtomicFile(path: target)
        for start in stride(from: 0, to: file.bytes.count, by: pieceSize) {
            let end = min(start + pieceSize, file.bytes.count)
            try copy.write(UnsafeRawBufferPointer(rebasing: file.bytes[start..<end]))
            file.releasePages()
        }
        try copy.commit()
    }

    /// Waits until a file or directory is on the disk. A file system that cannot say so is no reason to fail.
    static func synchronize(_ path: String) throws(RhoError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw RhoError(.io, "cannot open \(path): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        guard fsync(descriptor) != 0, errno == EIO || errno == ENOSPC || errno == EDQUOT else { return }
        throw RhoError(.io, "cannot write \(path): \(String(cString: strerror(errno)))")
    }
}
