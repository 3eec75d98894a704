import RhoCore

/// Curves of arms as a chart: one line per arm, a band of one standard deviation where it stands for several seeds.
public enum CurvePlot {
    /// - Throws: `.usage` if no arm has logged the tag.
    public static func chart(_ arms: ArmGroups, tag: String, overSteps: Bool, title: String? = nil) throws(RhoError)
        -> Chart
    {
        let metric = Metric(tag)
        var series: [Chart.Series] = []
        for group in arms.groups {
            let curves = group.members.map { member in
                Curve(
                    steps: member.arm.curve(tag, overSteps: true).x, tokens: member.arm.curve(tag).x,
                    values: member.arm.curve(tag).y)
            }.filter { !$0.steps.isEmpty }
            guard !curves.isEmpty else { continue }
            series += lines(curves, overSteps: overSteps, name: arms.label(group))
        }
        guard !series.isEmpty else {
            let known = Set(arms.groups.flatMap(\.members).flatMap(\.arm.tags)).sorted()
            throw RhoError(
                .usage, "no arm has logged '\(tag)'\(suggestion(for: tag, in: known))",
                hint: known.isEmpty ? nil : "there are " + known.joined(separator: ", "))
        }
        let experiment = Set(arms.groups.flatMap(\.members).map(\.run.experiment)).sorted().joined(separator: ", ")
        return Chart(
            title: title ?? "\(experiment): \(metric.longName)", xLabel: overSteps ? "step" : "tokens seen",
            yLabel: [metric.longName, metric.unit].filter { !$0.isEmpty }.joined(separator: ", "), series: series)
    }

    /// What one training logged under a tag.
    private struct Curve {
        var steps: [Double]
        var tokens: [Double]
        var values: [Double]

        func x(_ overSteps: Bool) -> [Double] { overSteps ? steps : tokens }
    }

    /// Seeds that were looked at after the same steps are averaged; others are drawn one by one.
    private static func lines(_ curves: [Curve], overSteps: Bool, name: String) -> [Chart.Series] {
        guard curves.count > 1 else {
            return [Chart.Series(name: name, x: curves[0].x(overSteps), y: curves[0].values)]
        }
        // A seed that is still running is behind: the average ends where the shortest does.
        let length = curves.reduce(Int.max) { min($0, $1.steps.count) }
        let steps = curves[0].steps.prefix(length)
        guard curves.allSatisfy({ $0.steps.prefix(length) == steps }) else {
            return curves.enumerated().map {
                Chart.Series(name: "\(name) #\($0 + 1)", x: $1.x(overSteps), y: $1.values)
            }
        }
        var (x, means, deviations): ([Double], [Double], [Double]) = ([], [], [])
        for place in 0..<length {
            let estimate = SeedStatistics.estimate(curves.map { $0.values[place] })
            // Seeds see a few tokens more or less in the same step: documents end in other places.
            x.append(SeedStatistics.estimate(curves.map { $0.x(overSteps)[place] }).mean)
            means.append(estimate.mean)
            deviations.append(estimate.deviation)
        }
        return [Chart.Series(name: "\(name) (\(curves.count) seeds)", x: x, y: means, spread: deviations)]
    }

    /// The tag to draw where none is named: the first held-out loss, else the training loss.
    public static func mainTag(_ arms: ArmGroups) -> String {
        let tags = Set(arms.groups.flatMap(\.members).flatMap(\.arm.tags)).sorted()
        return tags.first { $0.hasPrefix("eval/") && $0.hasSuffix("/loss") } ?? "train/loss"
    }
}
