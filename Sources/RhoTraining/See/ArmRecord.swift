import Glibc
import RhoCheckpoint
import RhoCore

/// One trained model of a run as its files tell it.
public struct ArmRecord: Sendable {
    public let path: String
    public let name: String
    public let records: [MetricsRecord]
    /// What the training wrote at its end; nil until then.
    public let summary: JSON?
    /// Steps of the whole training, where it is known.
    public let steps: Int?
    /// Seconds since 1970 of the last line.
    public let changed: Double

    public init(path: String) throws(RhoError) {
        self.path = path
        name = Files.name(of: path)
        records = Files.exists("\(path)/metrics.jsonl") ? try MetricsLog.read("\(path)/metrics.jsonl") : []
        summary = Self.document("\(path)/summary.json")
        steps = summary?["steps"]?.intValue ?? Self.document("\(path)/config.json")?["steps"]?.intValue
        changed = Self.modified("\(path)/metrics.jsonl")
    }

    /// The numbers that a run returned, as if an arm `result` had ended with them under tags `value/<name>`.
    init(returned values: JSONObject, run path: String) {
        self.path = path
        name = "result"
        records = []
        summary = ["final": .object(JSONObject(values.pairs.map { ("value/\($0.key)", $0.value) }))]
        steps = nil
        changed = 0
    }

    /// True if the folder holds a training that has begun.
    public static func isArm(_ path: String) -> Bool {
        Files.exists("\(path)/metrics.jsonl") || Files.exists("\(path)/checkpoints/latest")
    }

    public var isFinished: Bool { summary != nil }
    public var step: Int { records.last?.step ?? summary?["steps"]?.intValue ?? 0 }
    public var tokens: Int { records.last?.tokens ?? summary?["tokens"]?.intValue ?? 0 }

    /// The last value logged under a tag. Without such a line, what the summary says.
    public func latest(_ tag: String) -> Double? {
        for record in records.reversed() {
            if let value = record[tag] { return value }
        }
        return summary?["final"]?[tag]?.doubleValue
    }

    /// The points of a curve, as steps or as tokens, in the order of the log.
    public func curve(_ tag: String, overSteps: Bool = false) -> (x: [Double], y: [Double]) {
        var (x, y): ([Double], [Double]) = ([], [])
        for record in records {
            guard let value = record[tag] else { continue }
            x.append(Double(overSteps ? record.step : record.tokens))
            y.append(value)
        }
        return (x, y)
    }

    /// Every tag of the log in sorted order.
    public var tags: [String] {
        var names = Set<String>()
        for record in records { names.formUnion(record.values.keys) }
        for key in summary?["final"]?.objectValue?.keys ?? [] where key.contains("/") { names.insert(key) }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Name of the selection policy, "all" for full training.
    public var policy: String? { summary?["select"]?["name"]?.stringValue }

    /// Operations of training, scoring and the reference together.
    public var totalFLOPs: Double? {
        guard let compute = summary?["compute"]?.objectValue else { return nil }
        return compute.pairs.reduce(0) { $0 + ($1.value.doubleValue ?? 0) }
    }

    /// Directory of the newest checkpoint; nil if there is none.
    public var checkpoint: String? {
        guard let newest = try? TrainState.checkpoints(in: "\(path)/checkpoints").first else { return nil }
        return "\(path)/checkpoints/\(newest)"
    }

    /// A file that is missing or cut short is no reason to show nothing.
    private static func document(_ path: String) -> JSON? {
        guard Files.exists(path), let bytes = try? Files.read(path) else { return nil }
        return try? JSON.parse(bytes)
    }

    static func modified(_ path: String) -> Double {
        var status = stat()
        guard stat(path, &status) == 0 else { return 0 }
        return Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) / 1e9
    }
}
