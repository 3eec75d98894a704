import RhoCore

/// How much of something a second, from repeated timings: the median and how far the runs lie apart.
struct Rates {
    let median: Double
    let low: Double
    let high: Double

    /// - Parameter amount: what one run does, such as its megabytes.
    init(_ timings: Timings, amount: Double) {
        median = amount / timings.median
        low = amount / timings.maximum
        high = amount / timings.minimum
    }

    /// - Parameter json: `{ <name>:, "min":, "max": }`, as the peer scripts print it.
    init?(_ json: JSON?, _ name: String) {
        guard let median = json?[name]?.doubleValue else { return nil }
        self.median = median
        low = json?["min"]?.doubleValue ?? median
        high = json?["max"]?.doubleValue ?? median
    }

    func json(_ name: String) -> JSON { [name: .number(median), "min": .number(low), "max": .number(high)] as JSON }

    /// `12.3 (12.1-12.4)`.
    var text: String { "\(Self.short(median)) (\(Self.short(low))-\(Self.short(high)))" }

    static func short(_ value: Double) -> String {
        if abs(value) >= 100 { return String(Int(value.rounded())) }
        return String((value * (abs(value) >= 10 ? 10 : 100)).rounded() / (abs(value) >= 10 ? 10 : 100))
    }
}

/// Rows of cells as a Markdown table.
func markdown(_ header: [String], _ rows: [[String]]) -> String {
    ([header, header.map { _ in "---" }] + rows).map { "| " + $0.joined(separator: " | ") + " |" }.joined(
        separator: "\n")
}
