import RhoCore

/// How successive halving is done: see `Halving`.
public struct HalvingRule: Sendable, Equatable {
    /// The training that is cut short.
    public var arm: String
    /// Tag of its metrics that is compared.
    public var metric: String
    /// Tokens at which trainings pause, rising; after the last of them a training goes to its end.
    public var rungs: [Double]
    /// One in so many of a rung is promoted.
    public var eta: Double
    /// Decisions that may be under way together.
    public var parallel: Int
    public var maximise: Bool

    public init(
        arm: String, metric: String, rungs: [Double], eta: Double = 3, parallel: Int = 1, maximise: Bool = false
    ) {
        self.arm = arm
        self.metric = metric
        self.rungs = rungs
        self.eta = eta
        self.parallel = parallel
        self.maximise = maximise
    }

    init(json: JSON) throws(RhoError) {
        guard let arm = json["arm"]?.stringValue, let metric = json["metric"]?.stringValue,
            let eta = json["eta"]?.doubleValue, eta > 1, let parallel = json["parallel"]?.intValue, parallel > 0
        else { throw RhoError(.format, "asha needs arm, metric, eta above 1 and parallel above 0") }
        let rungs = (json["rungs"]?.arrayValue ?? []).compactMap(\.doubleValue)
        self.init(
            arm: arm, metric: metric, rungs: rungs, eta: eta, parallel: parallel,
            maximise: json["maximise"]?.boolValue ?? false)
    }

    var json: JSON {
        [
            "arm": JSON(arm), "metric": JSON(metric), "rungs": .array(rungs.map { .number($0) }), "eta": .number(eta),
            "parallel": JSON(parallel), "maximise": JSON(maximise),
        ]
    }
}

/// One piece of work: a cell trains up to a rung, or to its end where `rung` is the number of rungs.
public struct HalvingJob: Sendable, Equatable {
    public var cell: Int
    public var rung: Int
    /// How many of the jobs before it the decision looked at.
    public var seen: Int

    public init(cell: Int, rung: Int, seen: Int) {
        self.cell = cell
        self.rung = rung
        self.seen = seen
    }
}

/// Asynchronous successive halving (ASHA; Li, Jamieson, Rostamizadeh et al. 2018, arXiv 1810.05934, algorithm 2): promote
/// a cell that is among the best 1/eta of those that reached its rung, from the highest rung down; else start a new one.
///
/// In the paper a decision looks at whatever is finished when a worker is free, so it depends on the clock. Here decision
/// number n looks at the first n - parallel + 1 jobs, in the order they were decided, and at more only when those allow
/// none. The list of jobs is then a pure function of the results, whatever the number of workers and their speed, and is
/// rebuilt from the files of the runs after a crash.
public struct Halving: Sendable {
    public let rule: HalvingRule
    public let cellCount: Int

    public init(_ rule: HalvingRule, cellCount: Int) {
        self.rule = rule
        self.cellCount = cellCount
    }

    public enum Step: Sendable, Equatable {
        case job(HalvingJob)
        /// Nothing can be decided before one of these jobs has ended.
        case wait([Int])
        case finished
    }

    /// What to do next.
    /// - Parameters:
    ///   - jobs: everything decided so far, in order.
    ///   - value: the metric a job ended with; NaN if it failed, nil while it has not ended.
    public func next(after jobs: [HalvingJob], value: (HalvingJob) -> Double?) -> Step {
        var values: [Double] = []
        var seen = max(0, jobs.last?.seen ?? 0, jobs.count - rule.parallel + 1)
        while true {
            while values.count < seen {
                guard let known = value(jobs[values.count]) else {
                    let open = (values.count..<seen).filter { value(jobs[$0]) == nil }
                    return .wait(open)
                }
                values.append(known)
            }
            if let job = decide(jobs, values) { return .job(job) }
            if seen == jobs.count { return .finished }
            seen += 1
        }
    }

    /// The decision on the values of the first jobs; nil if they allow none.
    private func decide(_ jobs: [HalvingJob], _ values: [Double]) -> HalvingJob? {
        for rung in rule.rungs.indices.reversed() {
            let reached = best(of: rung, jobs, values)
            let room = Int(Double(reached.count) / rule.eta)
            for (cell, value) in reached.prefix(room) where !value.isNaN {
                if !jobs.contains(where: { $0.cell == cell && $0.rung == rung + 1 }) {
                    return HalvingJob(cell: cell, rung: rung + 1, seen: values.count)
                }
            }
        }
        let begun = jobs.count { $0.rung == 0 }
        return begun < cellCount ? HalvingJob(cell: begun, rung: 0, seen: values.count) : nil
    }

    /// Cells that ended a rung, best first; failed ones last, equal ones in the order they were started.
    func best(of rung: Int, _ jobs: [HalvingJob], _ values: [Double]) -> [(cell: Int, value: Double)] {
        let sign: Double = rule.maximise ? -1 : 1
        let found = zip(jobs, values).filter { $0.0.rung == rung }.map { (cell: $0.0.cell, value: $0.1) }
        return found.sorted { left, right in
            if left.value.isNaN != right.value.isNaN { return right.value.isNaN }
            if left.value != right.value, !left.value.isNaN { return sign * left.value < sign * right.value }
            return left.cell < right.cell
        }
    }
}
