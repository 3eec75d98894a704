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

    /// Why no commit says what is run, in words; nil if one does.
    ///
    /// - Parameters:
    ///   - directory: a directory of the repository.
    ///   - sources: Lua files that were loaded; each must be part of the commit.
    public static func uncommitted(directory: String, sources: [String]) throws(RhoError) -> String? {
        let place = directory.isEmpty ? "." : directory
        func git(_ arguments: [String]) throws(RhoError) -> ChildProcess.Result? {
            try ChildProcess.run(["git", "--no-optional-locks", "-C", place] + arguments)
        }
        guard let head = try git(["rev-parse", "--verify", "HEAD"]), head.status == 0 else {
            return "\(place) is in no git repository with a commit"
        }
        var changed = (try git(["status", "--porcelain", "--untracked-files=no"])?.text ?? "").split(separator: "\n")
            .map { String($0.dropFirst(3)) }
        for source in sources {
            let path = source.hasPrefix("/") ? source : "\(Machine.workingDirectory)/\(source)"
            guard let known = try git(["ls-files", "--error-unmatch", path]), known.status != 0 else { continue }
            changed.append("\(source) (not tracked)")
        }
        guard !changed.isEmpty else { return nil }
        let rest = changed.count > 4 ? " and \(changed.count - 4) more" : ""
        return "the working tree is not what is committed: " + changed.prefix(4).joined(separator: ", ") + rest
    }

    public var json: JSON {
        [
            "commit": .string(commit), "branch": .string(branch), "dirty": .bool(dirty),
            "patch_truncated": .bool(patchTruncated),
        ]
    }
}
