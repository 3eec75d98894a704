import Glibc
import RhoCore

/// Files that appear at a second place.
enum FileCopy {
    /// Files below this size are copied: they cost nothing, and some are logs that get appended to.
    static let linkedFrom = 1 << 16

    /// Makes `target` a link to `source`, or a copy where there can be no link (another file system, too small).
    static func linkOrCopy(_ source: String, _ target: String) throws(RhoError) {
        try FileAccess.check(target, .write)
        if try Files.size(source) >= linkedFrom, link(source, target) == 0 { return }
        try copy(source, target)
    }

    /// Copies a file; the copy appears whole.
    static func copy(_ source: String, _ target: String) throws(RhoError) {
        let file = try MappedFile(path: source)
        // The mapping goes with the object, which nothing else holds until the bytes are written.
        defer { withExtendedLifetime(file) {} }
        try Files.writeAtomically(target, file.bytes)
    }

    /// Waits until a file or directory is on the disk. A file system that cannot say so is no reason to fail.
    static func synchronize(_ path: String) throws(RhoError) {
        let descriptor = try Files.open(path, O_RDONLY, doing: "open")
        defer { close(descriptor) }
        guard fsync(descriptor) != 0, errno == EIO || errno == ENOSPC || errno == EDQUOT else { return }
        throw RhoError(.io, "cannot write \(path): \(String(cString: strerror(errno)))")
    }
}
