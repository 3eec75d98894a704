import Glibc
import RhoCore

/// SHA-256 of files.
public enum FileHash {
    private static let pieceSize = 1 << 24

    /// Reads the whole file, in memory that does not grow with it.
    public static func compute(_ path: String) throws(RhoError) -> String {
        let file = try MappedFile(path: path)
        var hasher = SHA256Hasher()
        for start in stride(from: 0, to: file.bytes.count, by: pieceSize) {
            let end = min(start + pieceSize, file.bytes.count)
            hasher.update(UnsafeRawBufferPointer(rebasing: file.bytes[start..<end]))
            file.releasePages()
        }
        return hasher.finalizeHex()
    }

    /// The hash of a file that is the same file as when the memo was written: same path, size, modification time to the
    /// nanosecond, and inode. A file changed in the last two seconds is read, as clocks of file systems are coarse.
    public static func memoised(_ path: String, in memos: ContentMemo) throws(RhoError) -> String {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw RhoError(.io, "cannot open \(path): \(String(cString: strerror(errno)))")
        }
        let absolute = realpath(path, nil).map { pointer in
            defer { free(pointer) }
            return String(cString: pointer)
        }
        let recipe: JSON = [
            "file": JSON(absolute ?? path), "size": JSON(Int(status.st_size)), "inode": JSON(String(status.st_ino)),
            "modified": .array([JSON(Int(status.st_mtim.tv_sec)), JSON(Int(status.st_mtim.tv_nsec))]),
        ]
        if let known = memos.find(recipe)?["sha256"]?.stringValue { return known }
        let hash = try compute(path)
        if Clock.wallSeconds() - Double(status.st_mtim.tv_sec) > 2 { memos.keep(recipe, ["sha256": JSON(hash)]) }
        return hash
    }
}

/// Small facts under the store's root that are dear to find again. A memo that cannot be kept is only a loss of time, so
/// nothing here throws.
public struct ContentMemo: Sendable {
    private let directory: String

    public init(root: String) { directory = "\(root)/memos" }

    public func find(_ recipe: JSON) -> JSON? {
        guard let text = try? Files.readText(path(recipe)), let json = try? JSON.parse(text),
            json["recipe"].map(Fingerprint.of) == Fingerprint.of(recipe)
        else { return nil }
        return json["fact"]
    }

    public func keep(_ recipe: JSON, _ fact: JSON) {
        try? Files.makeDirectory(directory)
        try? Files.writeAtomically(path(recipe), (["recipe": recipe, "fact": fact] as JSON).serialized() + "\n")
    }

    private func path(_ recipe: JSON) -> String { "\(directory)/\(Fingerprint.of(recipe)).json" }
}
