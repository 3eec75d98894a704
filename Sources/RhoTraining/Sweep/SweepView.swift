import RhoCore

/// A sweep as a terminal shows it: a line for the whole, and one for each cell.
public enum SweepView {
    /// At most `rows` lines, each of which may be longer than the terminal is wide.
    public static func text(_ sweep: SweepSnapshot, ink: Ink, columns: Int, rows: Int) -> [String] {
        let labels = sweep.cells.reduce(4) { max($0, $1.label.count) }
        // A quarter of the line for the bar, in bounds that stay readable.
        let bar = max(8, min(24, (columns - labels) / 4))
        let shown = visible(sweep, rows: max(3, rows - 1))
        var lines = [header(sweep, ink)]
        lines += shown.cells.map {
            line(sweep.cells[$0], ink, labels: min(labels, columns / 2), bar: bar, sweep.isHalving)
        }
        if let rest = shown.rest { lines.append(ink.paint("  … \(rest)", .grey)) }
        return lines
    }

    private static func header(_ sweep: SweepSnapshot, _ ink: Ink) -> String {
        var parts = [ink.paint(sweep.title, nil, bold: true), sweep.summary, Text.duration(sweep.elapsed)]
        if sweep.isStopping {
            parts.append(ink.paint("saving, then stopping", .yellow))
        } else if let left = sweep.secondsLeft {
            parts.append("ETA \(Text.duration(left))")
        }
        return parts.joined(separator: ink.paint("  ·  ", .grey))
    }

    /// The cells that fit: those at work, then failed ones, then the last that ended and the next that come.
    private static func visible(_ sweep: SweepSnapshot, rows: Int) -> (cells: [Int], rest: String?) {
        let all = Array(sweep.cells.indices)
        guard all.count > rows else { return (all, nil) }
        let room = rows - 1
        let first = all.filter { sweep.cells[$0].isActive } + all.filter { sweep.cells[$0].state.isFailure }
        var kept = Set(first.prefix(room))
        let ended = all.filter { sweep.cells[$0].state == .done }.suffix(max(1, (room - kept.count) / 2))
        let next = all.filter { [.new, .partial].contains(sweep.cells[$0].state) }
        for index in ended.reversed() + next + all.reversed() where kept.count < room { kept.insert(index) }
        let hidden = all.filter { !kept.contains($0) }
        func hiddenCount(_ states: [CellState], _ word: String) -> String? {
            let count = hidden.count { states.contains(sweep.cells[$0].state) }
            return count > 0 ? "\(count) more \(word)" : nil
        }
        let parts = [
            hiddenCount([.done], "done"), hiddenCount([.failed, .diverged], "failed"),
            hiddenCount([.running], "running"),
            hiddenCount([.new, .partial], "waiting"),
        ]
        return (kept.sorted(), parts.compactMap { $0 }.joined(separator: ", "))
    }

    private static func line(_ cell: SweepSnapshot.Cell, _ ink: Ink, labels: Int, bar: Int, _ isHalving: Bool) -> String
    {
        let label = String(cell.label.prefix(labels))
        let name = label + String(repeating: " ", count: labels - label.count)
        let time = cell.seconds.isNaN ? "" : Text.duration(cell.seconds)
        let clock = ink.paint(String(repeating: " ", count: max(0, 7 - time.count)) + time, .grey)
        switch cell.state {
        case .running where cell.isActive:
            return "\(ink.paint("▸", .cyan)) \(name) \(clock)  " + progress(cell.feed, ink, bar)
        case .running:
            return "\(ink.paint("▹", .cyan)) \(name) \(clock)  \(ink.paint("another process is at work on it", .grey))"
        case .done: return "\(ink.paint("✓", .green)) \(name) \(clock)  \(cell.note)"
        case .failed, .diverged:
            return "\(ink.paint("✗", .red)) \(name) \(clock)  " + ink.paint(cell.state.rawValue, .red)
                + (cell.note.isEmpty ? "" : "  \(cell.note)")
        case .partial:
            return
                "\(ink.paint("‖", .yellow)) \(name) \(clock)  \(ink.paint(isHalving ? "paused" : "to resume", .yellow))"
        case .new: return "\(ink.paint("·", .grey)) \(ink.paint(name, .grey))"
        }
    }

    private static func progress(_ feed: CellFeed?, _ ink: Ink, _ width: Int) -> String {
        guard let feed else { return ink.paint("preparing", .grey) }
        let share = feed.steps > 0 ? min(1, Double(feed.step) / Double(feed.steps)) : 0
        let filled = Int(share * Double(width))
        let bar =
            ink.paint(String(repeating: "━", count: filled), .cyan)
            + ink.paint(String(repeating: "╌", count: width - filled), .grey)
        let percent = "\(Int(share * 100))%"
        var parts = ["\(bar) \(String(repeating: " ", count: 4 - percent.count))\(percent)", feed.arm]
        if !feed.loss.isNaN { parts.append("loss \(Text.fixed(feed.loss, 3))") }
        if !feed.tokensPerSecond.isNaN { parts.append("\(Text.scaled(feed.tokensPerSecond)) tok/s") }
        if !feed.secondsLeft.isNaN, feed.step < feed.steps { parts.append("ETA \(Text.duration(feed.secondsLeft))") }
        return parts.joined(separator: "  ")
    }
}

/// Writes what a sweep does to stderr, in the style of `--progress`.
public final class SweepDisplay: SweepObserver {
    private let mode: ProgressMode
    private let ink: Ink
    private let write: (String) -> Void
    private let size: () -> (columns: Int, rows: Int)
    private var shown = 0
    private var lastDrawn = -Double.infinity
    private var lastLine = Clock.monotonicSeconds()

    public init(
        mode: ProgressMode, ink: Ink, isTerminal: Bool,
        size: @escaping () -> (columns: Int, rows: Int) = { Ink.terminalSize(2) },
        write: @escaping (String) -> Void = ProgressLine.writeToStandardError
    ) {
        self.mode = mode == .auto ? (isTerminal ? .bar : .plain) : mode
        self.ink = ink
        self.size = size
        self.write = write
    }

    public func update(_ snapshot: SweepSnapshot) {
        let now = Clock.monotonicSeconds()
        if mode == .bar, now - lastDrawn >= 0.1 { draw(snapshot, now) }
        // What is at work, so that a log does not stay silent for an hour.
        if mode == .plain, now - lastLine >= 30 {
            lastLine = now
            for cell in snapshot.cells where cell.isActive {
                guard let feed = cell.feed else { continue }
                write("\(cell.label): \(feed.arm), step \(feed.step)/\(feed.steps), loss \(Text.fixed(feed.loss, 4))\n")
            }
        }
    }

    public func changed(_ index: Int, _ snapshot: SweepSnapshot) {
        let cell = snapshot.cells[index]
        let ended = snapshot.cells.count { $0.state.isFinal || $0.state == .failed }
        lastLine = Clock.monotonicSeconds()
        switch mode {
        case .bar: draw(snapshot, Clock.monotonicSeconds())
        case .plain:
            let took = cell.isActive ? "" : " after \(Text.duration(cell.seconds))"
            let what = cell.isActive ? "started" : cell.state == .partial ? "paused" : cell.state.rawValue
            let note = cell.note.isEmpty ? "" : ": \(cell.note)"
            write("[\(ended)/\(snapshot.cells.count)] \(cell.label) \(what)\(took)\(note)\n")
        case .json, .feed:
            var line: JSONObject = ["cell": JSON(index), "label": JSON(cell.label), "state": JSON(cell.state.rawValue)]
            if !cell.isActive { line["seconds"] = .number((cell.seconds * 10).rounded() / 10) }
            if !cell.note.isEmpty { line["note"] = JSON(cell.note) }
            write(JSON.object(line).serialized() + "\n")
        case .none, .auto: break
        }
    }

    public func finish(_ snapshot: SweepSnapshot) {
        if mode == .bar { draw(snapshot, Clock.monotonicSeconds(), whole: true) }
    }

    /// Up over the last view, then each line anew with its rest cleared, then what is below. Lines too long for the
    /// screen are cut by it: wrapped ones would spoil the way back up.
    private func draw(_ snapshot: SweepSnapshot, _ now: Double, whole: Bool = false) {
        lastDrawn = now
        let (columns, rows) = size()
        let lines = SweepView.text(snapshot, ink: ink, columns: columns, rows: whole ? .max : rows - 1)
        let up = shown > 0 ? "\u{1B}[\(shown)A\r" : ""
        write("\u{1B}[?7l\(up)\(lines.map { $0 + "\u{1B}[K\n" }.joined())\u{1B}[J\u{1B}[?7h")
        shown = lines.count
    }
}
