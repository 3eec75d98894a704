import RhoCore

/// What a sweep runs next.
enum SweepWork {
    /// A cell to its end, or up to the rung of a job.
    case cell(Int, HalvingJob?)
    /// Nothing before something else has ended.
    case wait
    case finished
}

/// Decides what a sweep runs next.
protocol SweepSchedule {
    /// - Parameters:
    ///   - active: cells that a process of this sweep is at work on.
    ///   - failed: cells whose process failed without leaving a run that says so.
    mutating func next(active: Set<Int>, failed: Set<Int>) throws(RhoError) -> SweepWork
}

/// One cell after the other; those that another process is at work on are waited for.
struct QueueSchedule: SweepSchedule {
    private let directory: SweepDirectory
    private var waiting: [Int]
    /// All that is left is in other processes' hands; once a second is often enough to see that they have ended.
    private var restsUntil = 0.0

    init(_ directory: SweepDirectory) {
        self.directory = directory
        waiting = directory.plan.cells.indices.filter { !directory.state($0).isFinal }
    }

    mutating func next(active: Set<Int>, failed: Set<Int>) -> SweepWork {
        guard !waiting.isEmpty else { return .finished }
        let now = Clock.monotonicSeconds()
        if now < restsUntil { return .wait }
        for (place, cell) in waiting.enumerated() {
            let state = directory.state(cell)
            if state == .running { continue }
            waiting.remove(at: place)
            // Another process finished it meanwhile.
            if state.isFinal { return next(active: active, failed: failed) }
            return .cell(cell, nil)
        }
        restsUntil = now + 1
        return .wait
    }
}

/// Successive halving over the files of the runs; what was decided is kept in decisions.jsonl.
struct HalvingSchedule: SweepSchedule {
    private let directory: SweepDirectory
    private let halving: Halving
    private var jobs: [HalvingJob] = []
    /// Values of jobs that have ended.
    private var values: [Int: Double] = [:]
    /// Decisions of an earlier process; the same files must lead to them again.
    private let earlier: [String]
    private var log: [String] = []

    init(_ directory: SweepDirectory, _ rule: HalvingRule) {
        self.directory = directory
        halving = Halving(rule, cellCount: directory.plan.cells.count)
        let text = (try? Files.readText(Self.path(directory))) ?? ""
        earlier = text.split(separator: "\n").map(String.init)
    }

    private static func path(_ directory: SweepDirectory) -> String { "\(directory.path)/decisions.jsonl" }

    mutating func next(active: Set<Int>, failed: Set<Int>) throws(RhoError) -> SweepWork {
        try learn(active: active, failed: failed)
        while true {
            // What was decided and is in nobody's hands comes first: after a restart, or a signal that a cell got.
            if let open = jobs.indices.first(where: { isOpen($0, active) }) {
                return .cell(jobs[open].cell, jobs[open])
            }
            let (decided, known) = (jobs, values)
            let step = halving.next(after: decided) { job in
                decided.firstIndex { $0.cell == job.cell && $0.rung == job.rung }.flatMap { known[$0] }
            }
            switch step {
            case .wait: return .wait
            case .finished: return .finished
            case .job(let job):
                try note(job)
                try learn(active: active, failed: failed)
            }
        }
    }

    private func isOpen(_ index: Int, _ active: Set<Int>) -> Bool {
        values[index] == nil && !active.contains(jobs[index].cell) && directory.state(jobs[index].cell) != .running
    }

    /// Takes in the results of jobs that have ended.
    private mutating func learn(active: Set<Int>, failed: Set<Int>) throws(RhoError) {
        for (index, job) in jobs.enumerated() where values[index] == nil && !active.contains(job.cell) {
            values[index] = try value(of: job, failed: failed.contains(job.cell))
        }
    }

    /// What the cell's own files say it reached at the rung; NaN if it failed before, nil if it is not there yet.
    private func value(of job: HalvingJob, failed: Bool) throws(RhoError) -> Double? {
        let rule = halving.rule
        let state = directory.state(job.cell)
        let path = directory.cellPath(job.cell)
        let isWhole = state == .done
        if ArmRecord.isArm("\(path)/\(rule.arm)") {
            let arm = try ArmRecord(path: "\(path)/\(rule.arm)")
            let points = arm.records.filter { $0[rule.metric] != nil }
            if job.rung < rule.rungs.count {
                if let point = points.first(where: { Double($0.tokens) >= rule.rungs[job.rung] }) {
                    return point[rule.metric]
                }
            }
            if isWhole, let last = points.last?[rule.metric] { return last }
            let isThere = job.rung < rule.rungs.count && Double(arm.tokens) >= rule.rungs[job.rung]
            if isWhole || isThere && points.isEmpty && !failed {
                throw RhoError(
                    .usage,
                    "asha: the training '\(rule.arm)' of \(path) has no metric '\(rule.metric)'"
                        + suggestion(for: rule.metric, in: arm.tags))
            }
        } else if isWhole {
            let names = try RunRecord(path: path).arms.map(\.name)
            throw RhoError(
                .usage, "asha: \(path) has no training '\(rule.arm)'\(suggestion(for: rule.arm, in: names))",
                hint: names.isEmpty ? nil : "it has \(names.joined(separator: ", "))")
        }
        return failed || state == .diverged ? .nan : nil
    }

    /// Keeps a decision, which must be the one an earlier process made.
    private mutating func note(_ job: HalvingJob) throws(RhoError) {
        let rule = halving.rule
        var seen: [Double] = []
        for index in 0..<job.seen { seen.append(values[index] ?? .nan) }
        var line: JSONObject = [
            "decision": JSON(jobs.count), "cell": JSON(directory.plan.cells[job.cell].label),
            "digest": JSON(directory.plan.cells[job.cell].digest), "rung": JSON(job.rung), "seen": JSON(job.seen),
        ]
        if job.rung < rule.rungs.count { line["tokens"] = .number(rule.rungs[job.rung]) }
        if job.rung > 0 {
            let reached = halving.best(of: job.rung - 1, jobs, seen)
            line["because"] = .array(
                reached.map { ["cell": JSON(directory.plan.cells[$0.cell].label), rule.metric: .number($0.value)] })
        }
        let text = JSON.object(line).serialized()
        if jobs.count < earlier.count, earlier[jobs.count] != text {
            throw RhoError(
                .mismatch,
                "\(Self.path(directory)):\(jobs.count + 1): this decision was another before; the runs it looked at have changed",
                hint: "remove \(directory.path) to decide anew")
        }
        jobs.append(job)
        log.append(text)
        if log.count > earlier.count {
            try Files.writeAtomically(Self.path(directory), log.map { $0 + "\n" }.joined())
        }
    }
}
