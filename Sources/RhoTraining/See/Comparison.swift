import RhoCore

/// Arms side by side: means over seeds, and differences from a baseline paired by seed.
public struct Comparison: Sendable {
    public let arms: ArmGroups
    /// The first is the one that differences are taken in.
    public let metrics: [Metric]
    /// For each group its baseline's index among the groups; nil for the baseline itself and where there is none.
    public let baselines: [Int?]
    public let baselineName: String?
    /// Whether the metrics were named, rather than found.
    private let isAskedFor: Bool

    /// - Parameters:
    ///   - baseline: name of an arm ("clm"), a cell ("keep=0.6"), or an arm of a cell ("clm keep=0.6"). Without it, the one arm that
    ///     trained on all tokens, if there is exactly one such name.
    ///   - tags: what to compare; without any, every evaluation, and precision, recall, tokens and FLOPs.
    /// - Throws: `.usage` for a baseline or a tag that is not there.
    public init(_ arms: ArmGroups, baseline: String? = nil, tags: [String] = []) throws(RhoError) {
        guard !arms.groups.isEmpty else { throw RhoError(.usage, "there is no trained model to compare yet") }
        self.arms = arms
        metrics = try Self.metrics(arms, tags)
        isAskedFor = !tags.isEmpty
        baselineName = try Self.baselineName(arms, baseline)
        let name = baselineName
        let candidates = arms.groups.indices.filter { index in
            name.map { arms.names(of: arms.groups[index]).contains($0) } ?? false
        }
        baselines = arms.groups.indices.map { index -> Int? in
            if candidates.contains(index) { return nil }
            // In a sweep the baseline has been trained for each cell: each is compared with its own. Where the baseline is
            // a cell, each arm is compared with itself there.
            let own =
                candidates.first { arms.groups[$0].parameters == arms.groups[index].parameters }
                ?? candidates.first { arms.groups[$0].name == arms.groups[index].name }
            return own ?? (candidates.count == 1 ? candidates[0] : nil)
        }
    }

    private static func metrics(_ arms: ArmGroups, _ wanted: [String]) throws(RhoError) -> [Metric] {
        let members = arms.groups.flatMap(\.members)
        let tags = Set(members.flatMap(\.arm.tags)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let extra = Metric.aside
        if !wanted.isEmpty {
            let known = tags + extra
            for tag in wanted where !known.contains(tag) {
                throw RhoError(.usage, "no arm has logged '\(tag)'\(suggestion(for: tag, in: known))")
            }
            return wanted.map(Metric.init)
        }
        let evaluated = tags.filter { $0.hasPrefix("eval/") || $0.hasPrefix("value/") }
        // The loss leads: bits per byte say the same for one tokenizer.
        let losses = evaluated.filter { $0.hasSuffix("/loss") }
        let rest = evaluated.filter { !$0.hasSuffix("/loss") }
        let shown = (evaluated.isEmpty ? tags.filter { $0 == "train/loss" } : losses + rest) + extra
        return shown.map(Metric.init).filter { metric in members.contains { metric.value(of: $0.arm) != nil } }
    }

    private static func baselineName(_ arms: ArmGroups, _ wanted: String?) throws(RhoError) -> String? {
        let names = Set(arms.groups.map(\.name)).sorted()
        if let wanted {
            let known = Set(arms.groups.flatMap { arms.names(of: $0) })
            guard known.contains(wanted) else {
                throw RhoError(
                    .usage,
                    "the baseline '\(wanted)' is not among the arms \(names.joined(separator: ", "))"
                        + suggestion(for: wanted, in: known.sorted()))
            }
            return wanted
        }
        let full = Set(arms.groups.filter { group in group.members.contains { $0.arm.policy == "all" } }.map(\.name))
        return full.count == 1 && names.count > 1 ? full.first : nil
    }

    /// The metrics of the table of people: what is the same for all arms says nothing about them, unless it was asked for.
    var differing: [Metric] {
        guard arms.groups.count > 1, !isAskedFor else { return metrics }
        return metrics.filter { metric in
            !Metric.aside.contains(metric.tag)
                || Set(arms.groups.indices.map { metric.shown(estimate(metric, $0)) }).count > 1
        }
    }

    /// Values of a metric in the finished trainings of a group, by seed.
    func values(_ metric: Metric, _ group: ArmGroups.Group) -> [(seed: String, value: Double)] {
        group.finished.compactMap { member in metric.value(of: member.arm).map { (member.run.seed, $0) } }
    }

    /// Mean and sample standard deviation over seeds.
    public func estimate(_ metric: Metric, _ index: Int) -> (mean: Double, deviation: Double) {
        SeedStatistics.estimate(values(metric, arms.groups[index]).map(\.value))
    }

    /// Group `a` minus group `b`, over the seeds that both have.
    public func difference(_ metric: Metric, _ a: Int, _ b: Int) -> SeedStatistics.Difference? {
        let left = values(metric, arms.groups[a])
        let right = values(metric, arms.groups[b])
        let pairs = left.compactMap { own in right.first { $0.seed == own.seed }.map { own.value - $0.value } }
        if !pairs.isEmpty { return SeedStatistics.paired(pairs) }
        guard !left.isEmpty, !right.isEmpty else { return nil }
        return SeedStatistics.unpaired(left.map(\.value), right.map(\.value))
    }

    /// The group that is best beyond doubt: its interval against the next excludes zero. One seed is never beyond doubt.
    public func best(_ metric: Metric) -> Int? {
        guard metric.direction != .neither else { return nil }
        let sign: Double = metric.direction == .lower ? 1 : -1
        let order = arms.groups.indices.filter { !estimate(metric, $0).mean.isNaN }
            .sorted { sign * estimate(metric, $0).mean < sign * estimate(metric, $1).mean }
        guard order.count > 1, let difference = difference(metric, order[0], order[1]), difference.excludesZero else {
            return nil
        }
        return order[0]
    }
}
