import RhoCore

/// What became of one verb of a run, for `rhoscript why` and `rhoscript repeat`. A run keeps them in verbs.jsonl.
public struct VerbRecord: Sendable, Equatable {
    public enum Outcome: String, Sendable {
        /// Found in the store.
        case hit
        /// Computed, because the store had no such key.
        case miss
        /// Computed, because the store was not to be read.
        case unread
        /// Found in the run directory itself, finished or in part.
        case kept, resumed
    }

    public var key: ObjectKey
    public var label: String
    public var outcome: Outcome
    /// The stored object that was nearest when this one had to be computed, and what differs from it.
    public var nearest: String?
    public var nearestLabel: String?
    public var differences: [KeyDifference]

    public init(
        key: ObjectKey, label: String, outcome: Outcome, nearest: String? = nil, nearestLabel: String? = nil,
        differences: [KeyDifference] = []
    ) {
        self.key = key
        self.label = label
        self.outcome = outcome
        self.nearest = nearest
        self.nearestLabel = nearestLabel
        self.differences = differences
    }

    public var json: JSON {
        var object: JSONObject = ["label": JSON(label), "outcome": JSON(outcome.rawValue), "key": key.json]
        if let nearest { object["nearest"] = JSON(nearest) }
        if let nearestLabel { object["nearest_label"] = JSON(nearestLabel) }
        if !differences.isEmpty { object["differences"] = .array(differences.map(\.json)) }
        return .object(object)
    }

    init?(json: JSON) {
        guard let key = json["key"].flatMap({ ObjectKey(json: $0) }),
            let outcome = json["outcome"]?.stringValue.flatMap({ Outcome(rawValue: $0) })
        else { return nil }
        self.init(
            key: key, label: json["label"]?.stringValue ?? "", outcome: outcome, nearest: json["nearest"]?.stringValue,
            nearestLabel: json["nearest_label"]?.stringValue,
            differences: (json["differences"]?.arrayValue ?? []).compactMap { KeyDifference(json: $0) })
    }

    private static func path(_ directory: String) -> String { "\(directory)/verbs.jsonl" }

    public static func write(_ records: [VerbRecord], to directory: String) throws(RhoError) {
        let lines = records.map { $0.json.serialized() + "\n" }
        try Files.writeAtomically(path(directory), lines.joined())
    }

    /// The records of a run in the order of its calls.
    /// - Throws: `.io` if there are none, `.format` for a broken line.
    public static func read(from directory: String) throws(RhoError) -> [VerbRecord] {
        let text = try Files.readText(path(directory))
        var records: [VerbRecord] = []
        for (index, line) in text.split(separator: "\n").enumerated() {
            guard let json = try? JSON.parse(String(line)), let record = VerbRecord(json: json) else {
                throw RhoError(.format, "\(path(directory)):\(index + 1): this line is no record of a verb")
            }
            records.append(record)
        }
        return records
    }
}
