import RhoCore

/// A sweep at one moment, for those who watch it.
public struct SweepSnapshot: Sendable {
    public struct Cell: Sendable {
        public var label: String
        public var state: CellState
        /// True while a process of this sweep is at work; a cell that is `running` without it is somebody else's.
        public var isActive = false
        /// Where its training stands.
        public var feed: CellFeed?
        /// Seconds of its last process; NaN if it had none in this sweep.
        public var seconds = Double.nan
        /// What it ended with, or why it failed.
        public var note = ""

        public init(label: String, state: CellState) {
            self.label = label
            self.state = state
        }
    }

    public var title: String
    public var cells: [Cell]
    public var jobs: Int
    /// True once the sweep was told to stop.
    public var isStopping = false
    /// True where not every cell is trained to its end.
    public var isHalving: Bool
    private let began = Clock.monotonicSeconds()
    private var sessionSeconds: [Double] = []

    public init(_ directory: SweepDirectory, jobs: Int) {
        let plan = directory.plan
        title = "\(plan.experiment)  \(plan.text.replacing(" x ", with: " × "))"
        self.jobs = jobs
        isHalving = plan.halving != nil
        cells = plan.cells.indices.map { index in
            var cell = Cell(label: plan.cells[index].label, state: directory.state(index))
            if cell.state == .done {
                cell.note = directory.result(index)
                cell.seconds = directory.seconds(index) ?? .nan
            }
            if cell.state.isFailure { cell.note = directory.reason(index) }
            return cell
        }
    }

    public init(title: String, cells: [Cell], jobs: Int = 1, isHalving: Bool = false) {
        self.title = title
        self.cells = cells
        self.jobs = jobs
        self.isHalving = isHalving
    }

    mutating func start(_ cell: Int) {
        cells[cell].state = .running
        cells[cell].isActive = true
        cells[cell].feed = nil
        cells[cell].seconds = 0
        cells[cell].note = ""
    }

    mutating func feed(_ cell: Int, _ feed: CellFeed?, _ seconds: Double) {
        cells[cell].feed = feed
        cells[cell].seconds = seconds
    }

    mutating func end(_ cell: Int, _ state: CellState, _ seconds: Double, complaint: String, result: String) {
        cells[cell].state = state
        cells[cell].isActive = false
        cells[cell].seconds = seconds
        cells[cell].note = state.isFailure ? complaint : result
        if state == .done { sessionSeconds.append(seconds) }
    }

    public func count(_ state: CellState) -> Int { cells.count { $0.state == state } }

    public var elapsed: Double { Clock.monotonicSeconds() - began }

    /// Seconds until the last cell ends, from what the cells of this session took; nil before one has ended.
    public var secondsLeft: Double? {
        guard !isHalving, !sessionSeconds.isEmpty else { return nil }
        let mean = sessionSeconds.reduce(0, +) / Double(sessionSeconds.count)
        let waiting = Double(cells.count { [.new, .partial, .failed].contains($0.state) && $0.seconds.isNaN }) * mean
        let running = cells.filter(\.isActive).reduce(0) { $0 + max(0, mean - $1.seconds) }
        return (waiting + running) / Double(max(1, jobs))
    }

    /// `3 of 12 done, 2 running, 1 failed`
    public var summary: String {
        var parts = ["\(count(.done)) of \(cells.count) done"]
        for (state, word) in [
            (CellState.running, "running"), (.partial, isHalving ? "paused" : "to resume"), (.failed, "failed"),
            (.diverged, "diverged"),
        ] where count(state) > 0 { parts.append("\(count(state)) \(word)") }
        return parts.joined(separator: ", ")
    }
}
