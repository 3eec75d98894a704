import RhoCore

/// A number that arms are compared by.
public struct Metric: Sendable, Equatable {
    public enum Direction: Sendable { case lower, higher, neither }

    /// A tag of metrics.jsonl, or `tokens`, `selected`, `flops`, `precision`, `recall` of the summary.
    public var tag: String

    public init(_ tag: String) { self.tag = tag }

    /// Short name for a column: `clean/loss` for eval/clean/loss.
    public var title: String {
        for prefix in ["eval/", "train/", "select/", "value/"] where tag.hasPrefix(prefix) {
            let name = String(tag.dropFirst(prefix.count))
            return prefix == "train/" ? "train \(name)" : name.replacing("_", with: " ")
        }
        return tag == "flops" ? "FLOPs" : tag
    }

    /// Name for titles and axes: "held-out loss (clean)".
    public var longName: String {
        let parts = tag.split(separator: "/").map(String.init)
        if parts.count == 3, parts[0] == "eval" {
            return "held-out \(parts[2] == "bpb" ? "bits per byte" : parts[2].replacing("_", with: " ")) (\(parts[1]))"
        }
        switch tag {
        case "train/loss": return "training loss"
        case "train/grad_norm": return "gradient norm"
        case "select/precision", "select/recall": return "\(parts[1]) of the selection"
        default: return title
        }
    }

    public var unit: String {
        let name = tag.split(separator: "/").last.map(String.init) ?? tag
        if name.hasPrefix("loss") { return "nats per token" }
        if name == "bpb" { return "bits per byte" }
        return ""
    }

    /// Which way is better.
    public var direction: Direction {
        let name = tag.split(separator: "/").last.map(String.init) ?? tag
        if name.hasPrefix("loss") || name == "bpb" || name == "perplexity" { return .lower }
        if ["exact_match", "accuracy", "precision", "recall"].contains(name) { return .higher }
        return .neither
    }

    var isShare: Bool { ["exact_match", "accuracy"].contains(tag.split(separator: "/").last.map(String.init) ?? tag) }
    /// Figures beside the evaluations: worth a column where they differ.
    static let aside = ["precision", "recall", "tokens", "selected", "flops"]

    var isCount: Bool { ["tokens", "selected", "flops"].contains(tag) }

    /// The value at the end of a training; nil if it has none.
    func value(of arm: ArmRecord) -> Double? {
        switch tag {
        case "flops": arm.totalFLOPs
        case "tokens": arm.summary?["tokens"]?.doubleValue ?? (arm.records.isEmpty ? nil : Double(arm.tokens))
        case "selected", "precision", "recall": arm.summary?[tag]?.doubleValue
        default: arm.latest(tag)
        }
    }

    /// 3.2307, 12.5%, 61.4k.
    func shown(_ value: Double) -> String {
        if isCount { return Text.scaled(value) }
        if isShare { return Text.percent(value) }
        return Text.fixed(value, ["precision", "recall"].contains(tag) ? 3 : 4)
    }

    /// A mean with its deviation over seeds; one value stands alone.
    func shown(_ estimate: (mean: Double, deviation: Double)) -> String {
        if estimate.mean.isNaN { return "-" }
        // What is the same for every seed but for where documents end needs no deviation: tokens and operations.
        if estimate.deviation.isNaN || isCount && estimate.deviation < 0.005 * estimate.mean {
            return shown(estimate.mean)
        }
        if isShare {
            return "\(Text.fixed(estimate.mean * 100, 1)) ± \(Text.percent(estimate.deviation))"
        }
        return "\(shown(estimate.mean)) ± \(shown(estimate.deviation))"
    }
}
