import RhoCore

/// A directory that appears whole or not at all: files go to `PATH.tmp`, and `commit` renames it.
///
/// A directory that is already at `PATH` is replaced: it steps aside as `PATH.old`, which goes once the new one is in
/// place. After a crash in between, `PATH.old` is still complete.
public final class AtomicDirectory {
    public let path: String
    /// Where files are written until `commit`.
    public let temporaryPath: String
    private var committed = false

    /// Makes an empty `PATH.tmp`; one left by a crash is emptied first.
    public init(path: String) throws(RhoError) {
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        temporaryPath = self.path + ".tmp"
        try Files.remove(tree: temporaryPath)
        try Files.makeDirectory(temporaryPath)
    }

    deinit {
        // What failed half-way is of no use; an error while cleaning up would hide the one that matters.
        if !committed { try? Files.remove(tree: temporaryPath) }
    }

    /// Gives the directory its name. The files in it are on the disk already, as each was written atomically.
    public func commit() throws(RhoError) {
        let old = path + ".old"
        if Files.exists(path) {
            try Files.remove(tree: old)
            try Files.rename(path, old)
        }
        try Files.rename(temporaryPath, path)
        committed = true
        try Files.remove(tree: old)
    }
}
