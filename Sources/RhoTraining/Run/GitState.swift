import RhoCore

/// What git knows about the directory a script lives in.
public struct GitState: Sendable, Equatable {
    public var commit: String
    public var branch: String
    /// True if tracked files differ from the commit.
    public var dirty: Bool
    /// The difference, cut at the cap.
    public var patch: [UInt8]
    public var patchTruncated: Bool

    /// Bytes of patch that are kept: enough for real edits, too little for a file that should not be tracked.
    public static let patchCap = 1 << 20

    /// Asks git; nil if there is no git, no repository or no commit.
    public static func read(directory: String) -> GitState? {
        func git(_ arguments: String..., cap: Int = 1 << 16) -> ChildProcess.Result? {
            // The call is a question: `--no-optional-locks` keeps it from touching the index.
            let result = try? ChildProcess.run(["git", "--no-optional-locks", "-C", directory] + arguments, cap: cap)
            return result?.status == 0 ? result : nil
        }
        guard let commit = git("rev-parse", "HEAD")?.text else { return nil }
        let branch = git("rev-parse", "--abbrev-ref", "HEAD")?.text ?? ""
        let patch = git("diff", "--no-ext-diff", "--no-color", "HEAD", cap: patchCap)
        func trimmed(_ text: String) -> String { String(text.prefix { $0 != "\n" }) }
        return GitState(
            commit: trimmed(commit), branch: trimmed(branch), dirty: patch.map { !$0.output.isEmpty } ?? false,
            patch: patch?.output ?? [], patchTruncated: patch?.truncated ?? false)
    }

    public var json: JSON {
        [
            "commit": .string(commit), "branch": .string(branch), "dirty": .bool(dirty),
            "patch_truncated": .bool(patchTruncated),
        ]
    }
}
