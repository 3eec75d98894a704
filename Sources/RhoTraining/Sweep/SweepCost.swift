import RhoCore

/// What is left of a sweep will take, going by finished runs of its experiment, or else by a check of some cells.
public struct SweepCost: Sendable {
    /// What the figures come from.
    public enum Source: Sendable, Equatable {
        /// So many finished runs.
        case runs(Int)
        /// So many cells were checked, and speeds measured, without training.
        case checks(Int)
        /// There are none, for this reason.
        case nothing(String)
    }

    /// Cells that are not finished.
    public private(set) var cells: Int
    public private(set) var source: Source
    /// Seconds of all cells to go, on one worker; nil where nobody knows.
    public private(set) var seconds: Double?
    /// Floating-point operations of them all.
    public private(set) var flops: Double?

    /// Goes by the runs below the experiment's directory. Where the experiment has a parameter `tokens`, costs are taken
    /// to grow with it.
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
        source = .runs(known.count)
        guard !known.isEmpty else {
            source = .nothing("no finished run of this experiment to go by")
            return
        }
        let tokens = known.compactMap(\.tokens).reduce(0, +)
        let scales = tokens > 0 && known.allSatisfy { $0.tokens != nil }
        let units = scales ? tokens : Double(known.count)
        let wanted = left.reduce(0) { $0 + (scales ? directory.plan.cells[$1].tokens ?? 0 : 1) }
        seconds = known.reduce(0) { $0 + $1.seconds } / units * wanted
        flops = known.reduce(0) { $0 + $1.flops } / units * wanted
    }

    /// Most cells that are checked: the first, one in the middle and the last.
    private static let most = 3

    /// Where no run tells, checks some of the cells, each by `rhoscript check` in a process of its own.
    /// - Parameter threads: those that a cell will have.
    /// - Throws: `.io` where no process can be started.
    public mutating func estimate(
        _ directory: SweepDirectory, states: [CellState], executable: String, threads: Int
    ) throws(RhoError) {
        guard case .nothing = source else { return }
        let left = directory.plan.cells.indices.filter { !states[$0].isFinal }
        let chosen = left.count <= Self.most ? left : [left[0], left[left.count / 2], left[left.count - 1]]
        var (operations, time) = ([Double](), [Double]())
        for cell in chosen {
            let result = try ChildProcess.run(
                directory.checkCommand(cell, executable: executable, flags: ["--threads", "\(threads)"]))
            guard let result, let report = try? JSON.parse(result.output), report["ok"]?.boolValue == true else {
                let said = result.flatMap { try? JSON.parse($0.output) }?["error"]?.stringValue
                source = .nothing(
                    "a check of \(directory.plan.cells[cell].label) fails\(said.map { ": \($0)" } ?? "")")
                return
            }
            operations.append(report["total"]?["flops"]?.doubleValue ?? 0)
            if let seconds = report["total"]?["seconds"]?.doubleValue { time.append(seconds) }
        }
        guard !chosen.isEmpty else { return }
        source = .checks(chosen.count)
        flops = operations.reduce(0, +) / Double(chosen.count) * Double(cells)
        if time.count == chosen.count { seconds = time.reduce(0, +) / Double(time.count) * Double(cells) }
    }

    /// One sentence: `about 12:40 on 2 workers, 3.2 PFLOPs (from 4 finished runs)`
    public func text(jobs: Int) -> String {
        if cells == 0 { return "nothing to run" }
        var parts: [String] = []
        if let seconds {
            parts.append(
                "about \(Text.duration(seconds / Double(min(jobs, cells)))) on \(jobs) worker\(jobs == 1 ? "" : "s")")
        }
        if let flops, flops > 0 { parts.append("\(Text.scaled(flops)) FLOPs") }
        switch source {
        case .runs(let count):
            return parts.joined(separator: ", ") + " (from \(count) finished run\(count == 1 ? "" : "s"))"
        case .checks(let count):
            let basis = "a check of \(count) cell\(count == 1 ? "" : "s")"
            guard let flops, flops > 0 else { return "nothing is trained or scored, says \(basis)" }
            return "an estimate, as nothing has run yet: " + parts.joined(separator: ", ")
                + " (from \(basis) and speeds measured here; what cells share costs once)"
        case .nothing(let reason): return "unknown: \(reason)"
        }
    }

    public var json: JSON {
        var object: JSONObject = ["cells": JSON(cells)]
        switch source {
        case .runs(let count): object["runs"] = JSON(count)
        case .checks(let count): object["checked"] = JSON(count)
        case .nothing(let reason): object["unknown"] = JSON(reason)
        }
        if let seconds { object["seconds"] = .number((seconds * 10).rounded() / 10) }
        if let flops { object["flops"] = .number(flops) }
        return .object(object)
    }
}
