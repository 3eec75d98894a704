import RhoCore

/// What a run is, kept as identity.json in its directory: two runs of the same identity do the same thing, so one can go
/// on where the other was cut off. Comments and file names do not count.
public struct RunIdentity: Sendable, Equatable {
    public var experiment: String
    /// Every parameter, resolved.
    public var params: JSON
    /// Fingerprint of the experiment's function.
    public var code: JSON
    /// See `EngineIdentity`.
    public var engine: String
    /// The experiment file as the command line named it, and the directory it was named in; do not count.
    public var script: String
    public var workingDirectory: String

    public init(
        experiment: String, params: JSON, code: JSON, engine: String, script: String = "",
        workingDirectory: String = Machine.workingDirectory
    ) {
        self.experiment = experiment
        self.params = params
        self.code = code
        self.engine = engine
        self.script = script
        self.workingDirectory = workingDirectory
    }

    private var counting: JSON {
        ["experiment": JSON(experiment), "params": params, "code": code, "engine": JSON(engine)]
    }

    public var digest: String { Fingerprint.of(counting) }

    public var json: JSON {
        var json = counting
        json["digest"] = JSON(digest)
        json["script"] = JSON(script)
        json["working_directory"] = JSON(workingDirectory)
        return json
    }

    /// Removes what a process that was killed left half-written below a run directory. Call it with the run's lock held.
    public static func sweep(_ directory: String, depth: Int = 3) {
        for name in (try? Files.list(directory)) ?? [] {
            let path = "\(directory)/\(name)"
            let end = name.firstRange(of: ".tmp-").map { name[$0.upperBound...] }
            if let end, !end.isEmpty, end.allSatisfy({ $0.isNumber || $0 == "-" }) {
                try? Files.remove(tree: path)
            } else if name != "source", depth > 0, Files.isDirectory(path) {
                sweep(path, depth: depth - 1)
            }
        }
    }

    static func path(_ directory: String) -> String { "\(directory)/identity.json" }

    public func write(to directory: String) throws(RhoError) {
        try Files.writeAtomically(Self.path(directory), json.serialized(sortedKeys: true, pretty: true) + "\n")
    }

    /// The identity of a run directory; nil if it has none, or none that can be read.
    public static func of(directory: String) -> RunIdentity? {
        guard let text = try? Files.readText(path(directory)), let json = try? JSON.parse(text) else { return nil }
        return RunIdentity(json: json)
    }

    /// Reads what `json` wrote; nil if it is something else.
    public init?(json: JSON) {
        guard let experiment = json["experiment"]?.stringValue, let params = json["params"], let code = json["code"],
            let engine = json["engine"]?.stringValue
        else { return nil }
        self.init(
            experiment: experiment, params: params, code: code, engine: engine,
            script: json["script"]?.stringValue ?? "", workingDirectory: json["working_directory"]?.stringValue ?? "")
    }

    /// Run directories of an experiment, newest first.
    public static func runs(of experiment: String, root: String) -> [String] {
        let folder = "\(root)/\(RunDirectory.slug(experiment))"
        let names = ((try? Files.list(folder)) ?? []).filter { Files.exists("\(folder)/\($0)/run.json") }
        return names.reversed().map { "\(folder)/\($0)" }
    }

    /// The newest run of this identity that did not end by itself and that no live process holds.
    public static func unfinished(_ identity: RunIdentity, root: String) -> String? {
        runs(of: identity.experiment, root: root).first { directory in
            guard let known = of(directory: directory), known.digest == identity.digest else { return false }
            switch RunStatus.of(directory: directory) {
            // A failed run failed outside itself (a full disk, say), or its code would have been changed by now.
            case .interrupted, .stopped, .failed: return true
            case .running, .done, .diverged: return false
            }
        }
    }

    /// Makes sure that `directory` holds nothing or this run. Returns true if it holds this run.
    /// - Parameter force: removes another run, unless a live process is at work there.
    /// - Throws: `.mismatch` naming what differs.
    public func claim(_ directory: String, force: Bool) throws(RhoError) -> Bool {
        guard let known = Self.of(directory: directory) else {
            if force, Files.exists("\(directory)/run.json") { try Self.clear(directory) }
            return Files.exists("\(directory)/run.json")
        }
        if known.digest == digest, !force { return true }
        if force {
            try Self.clear(directory)
            return false
        }
        throw RhoError(
            .mismatch, "\(directory) holds another run: \(differences(from: known))",
            hint: "choose another directory with --out, or start this one anew with --force")
    }

    /// What differs, in words: `keep: 0.6 -> 0.4`.
    public func differences(from known: RunIdentity) -> String {
        var found: [KeyDifference] = []
        if experiment != known.experiment {
            found.append(KeyDifference(path: "experiment", before: JSON(known.experiment), after: JSON(experiment)))
        }
        KeyDifference.collect(known.params, params, at: "", into: &found)
        var words = found.map(\.text)
        if code.canonical != known.code.canonical { words.append("the code of the experiment's function has changed") }
        if engine != known.engine {
            words.append("it was made by another build of rhoscript, or on another kind of processor")
        }
        return words.joined(separator: "; ")
    }

    private static func clear(_ directory: String) throws(RhoError) {
        if let owner = RunLock.owner(of: directory), owner.isAlive() {
            throw RhoError(.io, "\(directory) is in use by process \(owner.process) on \(owner.host)")
        }
        for name in try Files.list(directory) { try Files.remove(tree: "\(directory)/\(name)") }
    }
}
