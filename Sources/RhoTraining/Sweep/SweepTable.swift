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
