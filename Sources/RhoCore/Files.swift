import Glibc

/// The few file operations the package needs, straight on the C library. Every error names the path and the reason.
public enum Files {
    /// The whole file.
    public static func read(_ path: String) throws(RhoError) -> [UInt8] {
        let descriptor = try open(path, O_RDONLY, doing: "open")
        defer { close(descriptor) }
        return try read(descriptor, path)
    }

    private static func read(_ descriptor: Int32, _ path: String) throws(RhoError) -> [UInt8] {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("read", path) }
        // Pipes and /proc files report no size; they are read in growing steps like any other.
        var content = [UInt8](repeating: 0, count: max(Int(status.st_size) + 1, 4096))
        var used = 0
        while true {
            if used == content.count { content.append(contentsOf: repeatElement(0, count: content.count)) }
            let got = content.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress?.advanced(by: used), $0.count - used)
            }
            if got < 0 {
                if errno == EINTR { continue }
                throw failure("read", path)
            }
            if got == 0 { break }
            used += got
        }
        content.removeSubrange(used...)
        return content
    }

    public static func readText(_ path: String) throws(RhoError) -> String {
        String(decoding: try read(path), as: UTF8.self)
    }

    /// A file in which the system describes itself (/proc, /etc), which ``FileAccess`` does not hide from this process.
    public static func readOfSystem(_ path: String) -> String? {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return (try? read(descriptor, path)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Replaces `path` by `bytes` in one move: a reader or a crash sees the old file or the new one, never a part.
    public static func writeAtomically(_ path: String, _ bytes: UnsafeRawBufferPointer) throws(RhoError) {
        let file = try AtomicFile(path: path)
        try file.write(bytes)
        try file.commit()
    }

    public static func writeAtomically(_ path: String, _ bytes: [UInt8]) throws(RhoError) {
        let file = try AtomicFile(path: path)
        try file.write(bytes)
        try file.commit()
    }

    public static func writeAtomically(_ path: String, _ text: String) throws(RhoError) {
        try writeAtomically(path, Array(text.utf8))
    }

    /// Makes the directory and those above it; one that is there already is fine.
    public static func makeDirectory(_ path: String) throws(RhoError) {
        if path.isEmpty { return }
        try FileAccess.check(path, .write)
        try makeAll(path)
    }

    private static func makeAll(_ path: String) throws(RhoError) {
        if path.isEmpty || directory(path) { return }
        try makeAll(parent(of: path))
        if mkdir(path, 0o777) != 0, errno != EEXIST || !directory(path) { throw failure("make directory", path) }
    }

    /// Whether something is there; false where ``FileAccess`` hides it.
    public static func exists(_ path: String) -> Bool {
        FileAccess.allows(path, .read) && access(path, F_OK) == 0
    }

    public static func isDirectory(_ path: String) -> Bool { FileAccess.allows(path, .read) && directory(path) }

    private static func directory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Bytes of the file.
    public static func size(_ path: String) throws(RhoError) -> Int {
        try FileAccess.check(path, .read)
        var status = stat()
        guard stat(path, &status) == 0 else { throw failure("read", path) }
        return Int(status.st_size)
    }

    /// Names in a directory, without `.` and `..`, in the order of their bytes.
    public static func list(_ path: String) throws(RhoError) -> [String] {
        try FileAccess.check(path, .read)
        guard let directory = opendir(path) else { throw failure("list", path) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Removes a file, or a directory with all it holds; links are removed, not followed. Nothing there is fine.
    public static func remove(tree path: String) throws(RhoError) {
        try FileAccess.check(path, .write)
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return }
            throw failure("remove", path)
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            if unlink(path) != 0 { throw failure("remove", path) }
            return
        }
        for name in try list(path) { try remove(tree: "\(path)/\(name)") }
        if rmdir(path) != 0 { throw failure("remove", path) }
    }

    /// Moves `source` over `destination` in one step (same file system) and makes the move last.
    public static func rename(_ source: String, _ destination: String) throws(RhoError) {
        try FileAccess.check(source, .write)
        try FileAccess.check(destination, .write)
        if Glibc.rename(source, destination) != 0 {
            let reason = String(cString: strerror(errno))
            throw RhoError(.io, "cannot rename \(source) to \(destination): \(reason)")
        }
        synchronizeDirectory(parent(of: destination))
    }

    /// `a/b` of `a/b/c`, `.` of `c`, `/` of `/c`.
    public static func parent(of path: String) -> String {
        let trimmed = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        guard let slash = trimmed.lastIndex(of: "/") else { return "." }
        return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
    }

    /// `c` of `a/b/c`.
    public static func name(of path: String) -> String {
        let trimmed = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        guard let slash = trimmed.lastIndex(of: "/") else { return trimmed }
        return String(trimmed[trimmed.index(after: slash)...])
    }

    /// Opens a file or throws; a missing file's error suggests the nearest name in its directory.
    public static func open(_ path: String, _ flags: Int32, doing: String) throws(RhoError) -> Int32 {
        try FileAccess.check(path, flags & (O_WRONLY | O_RDWR | O_CREAT) == 0 ? .read : .write)
        let descriptor = Glibc.open(path, flags | O_CLOEXEC, 0o666)
        if descriptor < 0 { throw failure(doing, path) }
        return descriptor
    }

    /// The error for the current `errno`: `cannot open data/web.jsonl: No such file or directory`.
    public static func failure(_ doing: String, _ path: String) -> RhoError {
        let number = errno
        var text = "cannot \(doing) \(path): \(String(cString: strerror(number)))"
        if number == ENOENT, let names = try? list(parent(of: path)) {
            text += suggestion(for: name(of: path), in: names)
        }
        return RhoError(.io, text)
    }

    /// Makes a rename in `path` survive a power cut. A file system that cannot is no reason to fail.
    static func synchronizeDirectory(_ path: String) {
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if descriptor >= 0 {
            fsync(descriptor)
            close(descriptor)
        }
    }
}
