import RhoCheckpoint
import RhoCore

/// X.lock.json beside an experiment X.lua: what it is made of and what it gave, to be committed with it.
///
///     format, experiment, script, set         the file and what it is started with
///     versions, git                           what made it
///     identity, verbs                         parameters, code without comments, data and options of every verb by hash
///     data                                    content hash and size of every corpus
///     tolerance                               how near results have to be where another build repeats them
///     results                                 the last metrics of every training, and a hash of its weights
public struct LockFile: Sendable {
    public var path: String
    /// Relative to the lock file.
    public var script: String
    public var assignments: [String]
    public var identity: RunIdentity
    public var verbs: [VerbRecord]
    /// Nearness of results that counts as equal; 0 for the same bits.
    public var tolerance: Double
    private var document: JSONObject

    public static let suffix = ".lock.json"

    /// Freezes a finished run.
    /// - Throws: `.usage` if the run is not finished or does not say what it ran.
    public init(run: RunRecord, path: String, script: String, tolerance: Double) throws(RhoError) {
        guard run.status == .done else {
            throw RhoError(.usage, "\(run.path) is \(run.status.rawValue); only a finished run can be locked")
        }
        let expectation = try Expectation(path: run.path)
        self.path = path
        self.script = script
        self.tolerance = tolerance
        assignments = try Self.assignments(of: run.path)
        identity = expectation.identity
        // Where the script was and where it was started is nobody else's business.
        identity.script = script
        identity.workingDirectory = ""
        // Whether a result was found or computed says nothing about the experiment.
        verbs = expectation.verbs.map { VerbRecord(key: $0.key, label: $0.label, outcome: .kept) }
        document = [
            "format": 1, "experiment": JSON(run.experiment), "script": JSON(script),
            "set": .array(assignments.map { JSON($0) }), "versions": run.manifest["versions"] ?? .null,
            "git": run.manifest["git"] ?? .null, "data": run.manifest["data"] ?? .null, "tolerance": .number(tolerance),
            "identity": identity.json, "verbs": .array(verbs.map(\.json)), "results": try Self.results(run),
        ]
    }

    /// Reads a lock file.
    /// - Throws: `.io`, `.format`.
    public init(path: String) throws(RhoError) {
        self.path = path
        let json: JSON
        do { json = try JSON.parse(try Files.read(path)) } catch { throw error.at(path) }
        guard let object = json.objectValue, let script = json["script"]?.stringValue,
            let identity = json["identity"].flatMap({ RunIdentity(json: $0) }), json["results"]?.objectValue != nil
        else { throw RhoError(.format, "\(path) is no lock file of an experiment") }
        document = object
        self.script = script
        self.identity = identity
        assignments = (json["set"]?.arrayValue ?? []).compactMap(\.stringValue)
        verbs = (json["verbs"]?.arrayValue ?? []).compactMap { VerbRecord(json: $0) }
        tolerance = json["tolerance"]?.doubleValue ?? 0
    }

    public func write() throws(RhoError) {
        try Files.writeAtomically(path, JSON.object(document).serialized(pretty: true) + "\n")
    }

    /// The `name=value` that a run was started with: what did not come from the file itself.
    public static func assignments(of run: String) throws(RhoError) -> [String] {
        guard Files.exists("\(run)/overrides.json") else { return [] }
        let origins = try JSON.parse(try Files.readText("\(run)/overrides.json"))
        let config = try JSON.parse(try Files.readText("\(run)/config.json"))
        return (origins.objectValue?.pairs ?? []).compactMap { name, origin in
            guard ["--set", "--seed"].contains(origin.stringValue), let value = config[name] else { return nil }
            return "\(name)=\(literal(value, nested: false))"
        }.sorted()
    }

    /// A value as `--set` reads it.
    private static func literal(_ value: JSON, nested: Bool) -> String {
        switch value {
        case .string(let text): return nested ? value.serialized() : text
        case .array(let items): return "{" + items.map { literal($0, nested: true) }.joined(separator: ",") + "}"
        case .object(let object):
            return "{"
                + object.pairs.map { "[\(JSON($0.key).serialized())]=\(literal($0.value, nested: true))" }
                .joined(separator: ",") + "}"
        default: return value.serialized()
        }
    }

    /// Results by training: the last value of each tag, and the weights by hash; and what the experiment returned.
    static func results(_ run: RunRecord) throws(RhoError) -> JSON {
        var results = JSONObject()
        for arm in run.arms {
            var entry: JSONObject = ["step": JSON(arm.step), "tokens": JSON(arm.tokens)]
            for tag in arm.tags where !tag.hasPrefix("perf/") {
                if let value = arm.latest(tag) { entry[tag] = .number(value) }
            }
            if let checkpoint = arm.checkpoint {
                entry["weights"] = JSON(try FileHash.compute("\(checkpoint)/\(WeightFiles.singleName)"))
            }
            results[arm.name] = .object(entry)
        }
        if let values = run.returned?.summary?["final"] { results["(returned)"] = values }
        return .object(results)
    }

    /// What a run gave that is not what was frozen, a sentence each, in the order of the file.
    /// - Parameter sameEngine: then nothing but the same bits will do.
    public func differences(from run: RunRecord, sameEngine: Bool) throws(RhoError) -> [String] {
        let now = try Self.results(run)
        let near = sameEngine ? 0 : tolerance
        var found: [String] = []
        for (arm, entry) in document["results"]?.objectValue?.pairs ?? [] {
            for (tag, before) in entry.objectValue?.pairs ?? [] {
                let after = now[arm]?[tag]
                if tag == "weights", near > 0 { continue }
                if let a = before.doubleValue, let b = after?.doubleValue {
                    if a.bitPattern == b.bitPattern || a.isNaN && b.isNaN { continue }
                    if near > 0, abs(a - b) <= near * max(1, abs(a), abs(b)) { continue }
                    found.append("\(arm): \(tag) was \(Text.short(a)) and is \(Text.short(b))")
                } else if after?.stringValue != before.stringValue || after == nil {
                    found.append(
                        tag == "weights" ? "\(arm): the weights are not the same bits" : "\(arm): \(tag) is not there")
                }
            }
        }
        return found
    }
}
