import RhoCore

/// What a sweep found: means over seeds, and differences paired by seed from the baseline.
public struct SweepTable: Sendable {
    public let comparison: Comparison?
    /// What the reader should know besides.
    public let notes: [String]

    /// Reads the cells that have begun.
    public init(_ directory: SweepDirectory, states: [CellState]) throws(RhoError) {
        let plan = directory.plan
        var notes: [String] = []
        let count = { (state: CellState) in states.count { $0 == state } }
        let left = [
            (CellState.new, "not begun"), (.partial, "not finished"), (.running, "running"), (.failed, "failed"),
        ]
        let open = left.filter { count($0.0) > 0 }.map { "\(count($0.0)) \($0.1)" }
        if !open.isEmpty { notes.append("Of \(states.count) cells \(open.joined(separator: ", ")).") }
        let paths = plan.cells.indices.filter { states[$0] != .new }.map { directory.cellPath($0) }
        let arms = try ArmGroups(paths.filter { RunRecord.isRun($0) }, shown: plan.names.filter { !$0.contains(".") })
        guard !arms.groups.isEmpty else {
            comparison = nil
            self.notes = notes
            return
        }
        do {
            comparison = try Comparison(arms, baseline: plan.baseline)
        } catch {
            // A misspelt baseline is no reason to show nothing after hours of training.
            guard plan.baseline != nil, error.code == .usage else { throw error }
            notes.append("No differences: \(error.message).")
            comparison = try Comparison(arms)
        }
        self.notes = notes
    }

    private var table: TextTable? {
        guard let comparison else { return nil }
        var table = comparison.table
        table.notes += notes
        return table
    }

    public func text(ink: Ink) -> String {
        table?.text(ink: ink) ?? notes.map { ink.paint($0, .grey) + "\n" }.joined()
    }

    public var json: JSON { comparison?.json ?? .null }

    /// Writes table.csv and table.md beside the plan.
    public func write(to directory: SweepDirectory) throws(RhoError) {
        guard let comparison, let table else { return }
        try Files.writeAtomically("\(directory.path)/table.csv", comparison.rendered(.csv))
        try Files.writeAtomically("\(directory.path)/table.md", table.markdown)
    }
}

/// What a sweep will take, from what runs of the same experiment took.
public struct SweepCost: Sendable {
    /// Cells that are not finished.
    public var cells: Int
    /// Finished runs behind the estimate.
    public var runs: Int
    /// Seconds and operations of all cells to go, on one worker; nil without such runs.
    public var seconds: Double?
    public var flops: Double?

    /// Where the experiment has a parameter `tokens`, costs are taken to grow with it.
    public init(_ directory: SweepDirectory, states: [CellState]) {
        let experiment = Files.parent(of: Files.parent(of: directory.path))
        let left = directory.plan.cells.indices.filter { !states[$0].isFinal }
        cells = left.count
        var known: [(seconds: Double, flops: Double, tokens: Double?)] = []
        // The newest say enough, and reading hundreds would keep the user waiting.
        for path in ((try? RunRecord.paths(below: experiment)) ?? []).suffix(24) {
            guard let run = try? RunRecord(path: path), run.status == .done else { continue }
            let flops = run.arms.reduce(0) { $0 + ($1.totalFLOPs ?? 0) }
            known.append((run.wallSeconds, flops, run.config["tokens"]?.doubleValue))
        }
        runs = known.count
        guard !known.isEmpty else { return }
        let tokens = known.compactMap(\.tokens).reduce(0, +)
        let scales = tokens > 0 && known.allSatisfy { $0.tokens != nil }
        let units = scales ? tokens : Double(known.count)
        let wanted = left.reduce(0) { $0 + (scales ? directory.plan.cells[$1].tokens ?? 0 : 1) }
        seconds = known.reduce(0) { $0 + $1.seconds } / units * wanted
        flops = known.reduce(0) { $0 + $1.flops } / units * wanted
    }

    /// One sentence: `about 12:40 on 2 workers, 3.2 PFLOPs (from 4 finished runs)`
    public func text(jobs: Int) -> String {
        if cells == 0 { return "nothing to run" }
        guard let seconds else { return "unknown: no finished run of this experiment to go by" }
        var parts = [
            "about \(Text.duration(seconds / Double(min(jobs, cells)))) on \(jobs) worker\(jobs == 1 ? "" : "s")"
        ]
        if let flops, flops > 0 { parts.append("\(Text.scaled(flops)) FLOPs") }
        return parts.joined(separator: ", ") + " (from \(runs) finished run\(runs == 1 ? "" : "s"))"
    }
}
