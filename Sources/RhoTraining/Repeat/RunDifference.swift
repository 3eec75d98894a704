import RhoCheckpoint
import RhoCore

/// What two runs of the same thing do not share: the first step and tag of each training, and weights.
public struct RunDifference: Sendable {
    /// One sentence for each training that differs, in the order in which the trainings were done.
    public private(set) var differences: [String] = []
    public private(set) var trainings = 0
    /// Values of metrics.jsonl that were compared; what is under perf/ depends on the clock and is left out.
    public private(set) var values = 0
    /// Weights that were compared.
    public private(set) var weights = 0
    /// |a - b| <= tolerance · max(1, |a|, |b|) counts as equal; with 0, only the same bits do.
    public let tolerance: Double

    /// Compares a run with one that was there before.
    /// - Throws: `.io`, `.format` where a file of either cannot be read.
    public init(before: RunRecord, after: RunRecord, tolerance: Double = 0) throws(RhoError) {
        self.tolerance = tolerance
        for arm in before.arms.sorted(by: { ($0.changed, $0.name) < ($1.changed, $1.name) }) {
            trainings += 1
            guard let other = after.arms.first(where: { $0.name == arm.name }) else {
                differences.append("\(arm.name): this training is not there")
                continue
            }
            if let found = compareMetrics(arm, other) {
                differences.append("\(arm.name): \(found)")
            } else if let found = try compareWeights(arm, other) {
                differences.append("\(arm.name): \(found)")
            }
        }
        for arm in after.arms where !before.arms.contains(where: { $0.name == arm.name }) {
            differences.append("\(arm.name): this training was not there before")
        }
        if let found = compareReturned(before.returned, after.returned) { differences.append(found) }
    }

    public var isEmpty: Bool { differences.isEmpty }

    /// `bit for bit the same (3 trainings: 1240 values of metrics, 120k weights)`
    public var agreement: String {
        let how = tolerance == 0 ? "bit for bit the same" : "the same within \(Text.short(tolerance))"
        var parts: [String] = []
        if trainings > 0 {
            parts.append("\(trainings) training\(trainings == 1 ? "" : "s")")
            parts.append("\(values) values of metrics")
            parts.append("\(Text.scaled(Double(weights))) weights")
        } else {
            parts.append("\(values) value\(values == 1 ? "" : "s")")
        }
        return "\(how) (\(parts.joined(separator: ", ")))"
    }

    /// True for values that count as the same.
    func agree(_ a: Double, _ b: Double) -> Bool {
        if a.bitPattern == b.bitPattern || a.isNaN && b.isNaN { return true }
        return tolerance > 0 && abs(a - b) <= tolerance * max(1, abs(a), abs(b))
    }

    private static func sentence(_ what: String, _ before: Double, _ after: Double) -> String {
        "\(what) was \(Text.short(before)) and is \(Text.short(after))"
    }

    private mutating func compareMetrics(_ before: ArmRecord, _ after: ArmRecord) -> String? {
        for (index, old) in before.records.enumerated() {
            guard index < after.records.count else { return "step \(old.step): the metrics end before this step" }
            let new = after.records[index]
            guard old.step == new.step else {
                return "step \(old.step): the next line of the metrics is of step \(new.step)"
            }
            guard old.tokens == new.tokens else {
                return "step \(old.step): tokens was \(old.tokens) and is \(new.tokens)"
            }
            for (tag, value) in old.values.pairs where !tag.hasPrefix("perf/") {
                values += 1
                guard let a = value.doubleValue else { continue }
                guard let b = new[tag] else { return "step \(old.step): \(tag) is not there" }
                if !agree(a, b) { return "step \(old.step): " + Self.sentence(tag, a, b) }
            }
        }
        if after.records.count > before.records.count {
            return "step \(after.records[before.records.count].step): the metrics ended before this step"
        }
        return nil
    }

    private mutating func compareWeights(_ before: ArmRecord, _ after: ArmRecord) throws(RhoError) -> String? {
        guard let old = before.checkpoint else { return nil }
        guard let new = after.checkpoint else { return "there is no checkpoint" }
        let step = Files.name(of: old)
        guard Files.name(of: new) == step else {
            return "the last checkpoint was \(step) and is \(Files.name(of: new))"
        }
        let file = try Safetensors(path: "\(old)/\(WeightFiles.singleName)")
        let other = try Safetensors(path: "\(new)/\(WeightFiles.singleName)")
        for entry in file.entries {
            guard other.entry(entry.name)?.shape == entry.shape else {
                return "\(step): the tensor \(entry.name) is not there in this shape"
            }
            let left = try file.floats(entry.name, shape: entry.shape)
            let right = try other.floats(entry.name, shape: entry.shape)
            weights += left.count
            for index in left.indices where !agree(Double(left[index]), Double(right[index])) {
                let what = "\(step): weight \(index) of \(entry.name)"
                return Self.sentence(what, Double(left[index]), Double(right[index]))
            }
        }
        return nil
    }

    private mutating func compareReturned(_ before: ArmRecord?, _ after: ArmRecord?) -> String? {
        for (tag, value) in before?.summary?["final"]?.objectValue?.pairs ?? [] {
            let name = String(tag.dropFirst("value/".count))
            guard let a = value.doubleValue else { continue }
            values += 1
            guard let b = after?.summary?["final"]?[tag]?.doubleValue else {
                return "the experiment no longer returns \(name)"
            }
            if !agree(a, b) { return Self.sentence("what the experiment returns as \(name)", a, b) }
        }
        return nil
    }
}
