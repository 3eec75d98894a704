import RhoCore
import RhoTraining
import Testing

/// Successive halving as a pure function of results.
@Suite struct HalvingTests {
    /// A result that has nothing to do with the order of the cells.
    private func result(_ job: HalvingJob) -> Double {
        if job.cell % 7 == 3 { return .nan }
        var stream = RandomStream(seed: 5, name: "result", step: UInt64(job.cell))
        return stream.uniform() - 0.1 * Double(job.rung)
    }

    /// Runs the whole thing with so many workers, whose jobs end in an order drawn from `seed`.
    private func run(_ rule: HalvingRule, cells: Int, workers: Int, seed: Int) -> [HalvingJob] {
        let halving = Halving(rule, cellCount: cells)
        var random = RandomStream(seed: UInt64(seed), name: "order")
        var jobs: [HalvingJob] = []
        var ended: Set<Int> = []
        while true {
            let open = jobs.indices.filter { !ended.contains($0) }
            let step = halving.next(after: jobs) { job in
                jobs.firstIndex(of: job).flatMap { ended.contains($0) ? result(job) : nil }
            }
            switch step {
            case .job(let job) where open.count < workers: jobs.append(job)
            case .finished where open.isEmpty: return jobs
            case .wait(let blocking):
                #expect(!blocking.isEmpty && blocking.allSatisfy { open.contains($0) })
                fallthrough
            default: ended.insert(open[random.below(open.count)])
            }
        }
    }

    @Test(arguments: [1, 2, 4], [1, 2, 3, 8])
    func decisionsDoNotDependOnWorkersOrSpeed(parallel: Int, workers: Int) {
        let rule = HalvingRule(arm: "slm", metric: "loss", rungs: [1, 3, 9], eta: 3, parallel: parallel)
        let expected = run(rule, cells: 27, workers: 1, seed: 1)
        for seed in 1...5 { #expect(run(rule, cells: 27, workers: workers, seed: seed) == expected) }
    }

    @Test func oneInEtaIsPromotedAndTheBestGetsToTheEnd() {
        let rule = HalvingRule(arm: "slm", metric: "loss", rungs: [1, 3], eta: 3)
        let jobs = run(rule, cells: 27, workers: 1, seed: 1)
        let counts = (0...2).map { rung in jobs.count { $0.rung == rung } }
        #expect(counts[0] == 27)
        // ASHA promotes what is among the best so far, so a few more than in the synchronous scheme may go on.
        #expect((9...14).contains(counts[1]) && (3...5).contains(counts[2]))
        let best = (0..<27).filter { $0 % 7 != 3 }
            .min { result(HalvingJob(cell: $0, rung: 0, seen: 0)) < result(HalvingJob(cell: $1, rung: 0, seen: 0)) }
        #expect(jobs.contains { $0.cell == best && $0.rung == 2 })
        for job in jobs where job.rung > 0 {
            #expect(jobs.contains { $0.cell == job.cell && $0.rung == job.rung - 1 })
            #expect(job.cell % 7 != 3, "a failed cell was promoted")
        }
        #expect(Set(jobs.map { [$0.cell, $0.rung] }).count == jobs.count)
    }

    @Test func largerIsBetterWhereTheRuleSaysSo() {
        let rule = HalvingRule(arm: "slm", metric: "accuracy", rungs: [1], eta: 2, maximise: true)
        let jobs = [HalvingJob(cell: 0, rung: 0, seen: 0), HalvingJob(cell: 1, rung: 0, seen: 1)]
        let step = Halving(rule, cellCount: 2).next(after: jobs) { Double($0.cell) }
        #expect(step == .job(HalvingJob(cell: 1, rung: 1, seen: 2)))
    }
}
