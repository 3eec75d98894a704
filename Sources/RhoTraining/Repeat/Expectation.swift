import RhoCore

/// What a run has to be: the identity and the verbs of one that was there before. A run that is held to it ends as soon as
/// it asks for something else, before that costs anything.
public struct Expectation: Sendable {
    /// Where it comes from, for messages: a run directory or a lock file.
    public var source: String
    public var identity: RunIdentity
    public var verbs: [VerbRecord]

    public init(source: String, identity: RunIdentity, verbs: [VerbRecord]) {
        self.source = source
        self.identity = identity
        self.verbs = verbs
    }

    /// Reads a run directory or a lock file.
    public init(path: String) throws(RhoError) {
        guard Files.isDirectory(path) else {
            let lock = try LockFile(path: path)
            self.init(source: path, identity: lock.identity, verbs: lock.verbs)
            return
        }
        guard let identity = RunIdentity.of(directory: path) else {
            throw RhoError(.usage, "\(path) does not say what it ran (it has no identity.json)")
        }
        let verbs = Files.exists("\(path)/verbs.jsonl") ? try VerbRecord.read(from: path) : []
        self.init(source: path, identity: identity, verbs: verbs)
    }

    /// Makes sure that a run is the expected one; the build that runs it is not looked at here.
    /// - Throws: `.mismatch` naming what differs.
    public func check(_ other: RunIdentity) throws(RhoError) {
        var same = other
        same.engine = identity.engine
        guard same.digest != identity.digest else { return }
        throw RhoError(
            .mismatch, "this is not what \(source) ran: \(same.differences(from: identity))",
            hint: "repeat it from the sources it was made with")
    }
}
