import RhoCore
import RhoTraining
import Testing

/// What a terminal shows of a sweep.
@Suite struct SweepViewTests {
    private func cell(_ label: String, _ state: CellState, seconds: Double = .nan, note: String = "")
        -> SweepSnapshot.Cell
    {
        var cell = SweepSnapshot.Cell(label: label, state: state)
        cell.seconds = seconds
        cell.note = note
        return cell
    }

    private var cells: [SweepSnapshot.Cell] {
        var running = cell("keep=0.6", .running, seconds: 21)
        running.isActive = true
        running.feed = CellFeed(arm: "slm", step: 30, steps: 120, loss: 2.5, tokensPerSecond: 12345, secondsLeft: 63)
        return [
            cell("keep=0.4", .done, seconds: 41, note: "clm 2.3101  slm 2.2874"), running,
            cell("keep=0.8", .failed, seconds: 2, note: "x.lua:3: no"), cell("keep=0.9", .partial),
            cell("keep=1", .new),
        ]
    }

    @Test func oneLineForEachCell() {
        let lines = SweepView.text(
            SweepSnapshot(title: "toy  keep", cells: cells, jobs: 2), ink: Ink(false), columns: 60, rows: 20)
        #expect(lines[0].hasPrefix("toy  keep  ·  1 of 5 done, 1 running, 1 to resume, 1 failed  ·  0:00"))
        #expect(
            Array(lines.dropFirst()) == [
                "✓ keep=0.4    0:41  clm 2.3101  slm 2.2874",
                "▸ keep=0.6    0:21  ━━━╌╌╌╌╌╌╌╌╌╌  25%  slm  loss 2.500  12.3k tok/s  ETA 1:03",
                "✗ keep=0.8    0:02  failed  x.lua:3: no", "‖ keep=0.9          to resume", "· keep=1  ",
            ])
    }

    @Test func whatDoesNotFitIsCounted() {
        var many = cells
        many += (0..<40).map { cell("keep=2.\($0)", $0 < 20 ? .done : .new) }
        let lines = SweepView.text(
            SweepSnapshot(title: "toy", cells: many, jobs: 2), ink: Ink(false), columns: 80, rows: 12)
        #expect(lines.count == 12)
        #expect(lines.contains { $0.hasPrefix("▸ keep=0.6") } && lines.contains { $0.hasPrefix("✗ keep=0.8") })
        let hidden = lines.last ?? ""
        #expect(hidden.hasPrefix("  … ") && hidden.contains(" more done, ") && hidden.hasSuffix(" more waiting"))
        let numbers = hidden.split(separator: " ").compactMap { Int($0) }
        #expect(numbers.reduce(0, +) + lines.count - 2 == many.count)
    }

    @Test func plainLinesSayWhatChanged() {
        var written = ""
        let display = SweepDisplay(mode: .auto, ink: Ink(false), isTerminal: false, write: { written += $0 })
        let snapshot = SweepSnapshot(title: "toy", cells: cells, jobs: 2)
        for index in [0, 1, 2] { display.changed(index, snapshot) }
        display.finish(snapshot)
        #expect(
            written == """
                [2/5] keep=0.4 done after 0:41: clm 2.3101  slm 2.2874
                [2/5] keep=0.6 started
                [2/5] keep=0.8 failed after 0:02: x.lua:3: no

                """)
    }
}
