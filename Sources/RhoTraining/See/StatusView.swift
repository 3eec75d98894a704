import Glibc
import RhoCore

/// What `status` and `watch` show of runs.
public enum StatusView {
    /// One row per run: how it stands, and the arm that was written to last.
    public static func table(_ runs: [RunRecord], below root: String) -> TextTable {
        let rows = runs.map { run -> [TextTable.Cell] in
            let arm = run.lastArm
            return [
                TextTable.Cell(shortened(run.path, below: root) + (run.isDirty ? "*" : "")),
                TextTable.Cell(run.status.rawValue, colour: run.status.colour),
                TextTable.Cell(run.experiment), TextTable.Cell(minute(run.started)),
                TextTable.Cell(arm?.name ?? "-"), TextTable.Cell(arm.map(steps) ?? "-"),
                TextTable.Cell(arm?.latest("train/loss").map { Text.fixed($0, 4) } ?? "-"),
                TextTable.Cell(Text.scaled(Double(run.tokens))), TextTable.Cell(Text.duration(run.wallSeconds)),
            ]
        }
        let notes = runs.contains(where: \.isDirty) ? ["* ran from sources with uncommitted changes."] : []
        return TextTable(
            columns: ["run", "status", "experiment", "started (UTC)", "arm", "step", "loss", "tokens", "time"],
            rows: rows,
            notes: notes)
    }

    public static func json(_ runs: [RunRecord]) -> JSON {
        .array(
            runs.map { run in
                [
                    "path": .string(run.path), "status": .string(run.status.rawValue),
                    "experiment": .string(run.experiment), "seed": .string(run.seed), "started": .string(run.started),
                    "dirty": .bool(run.isDirty), "wall_seconds": .number(run.wallSeconds), "tokens": JSON(run.tokens),
                    "arms": .array(
                        run.arms.map { arm in
                            [
                                "name": .string(arm.name), "finished": .bool(arm.isFinished), "step": JSON(arm.step),
                                "steps": arm.steps.map { JSON($0) } ?? .null, "tokens": JSON(arm.tokens),
                                "loss": arm.latest("train/loss").map { .number($0) } ?? .null,
                            ]
                        }),
                ]
            })
    }

    /// 40/150, or 40 where the length of the training is not known.
    static func steps(_ arm: ArmRecord) -> String { arm.steps.map { "\(arm.step)/\($0)" } ?? "\(arm.step)" }

    /// 2026-03-01 14:05
    private static func minute(_ time: String) -> String {
        time.count >= 16 ? String(time.prefix(16)).replacing("T", with: " ") : time
    }

    static func shortened(_ path: String, below root: String) -> String {
        let prefix = root.hasSuffix("/") ? root : root + "/"
        return path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : path
    }

    // MARK: watch

    /// One block per run, one line per arm with a small drawing of its loss.
    public static func watch(_ runs: [RunRecord], below root: String, ink: Ink, columns: Int) -> String {
        let arms = runs.flatMap(\.arms)
        let nameWidth = arms.reduce(4) { max($0, $1.name.count) }
        let stepWidth = arms.reduce(4) { max($0, steps($1).count) }
        // What is left of the line after the other columns, in bounds that stay readable.
        let sparkWidth = max(8, min(40, columns - nameWidth - stepWidth - 52))
        var lines: [String] = []
        for run in runs {
            let status = ink.paint(run.status.rawValue, run.status.colour, bold: run.status == .running)
            let title = run.path == root ? Files.name(of: run.path) : shortened(run.path, below: root)
            lines.append("\(ink.paint(title, nil, bold: true))  \(status)  \(ink.paint(minute(run.started), .grey))")
            if run.arms.isEmpty { lines.append("  " + ink.paint("nothing logged yet", .grey)) }
            for arm in run.arms {
                lines.append(line(arm, of: run, ink, (nameWidth, stepWidth, sparkWidth)))
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func line(
        _ arm: ArmRecord, of run: RunRecord, _ ink: Ink, _ widths: (name: Int, steps: Int, spark: Int)
    ) -> String {
        let isActive = run.status == .running && !arm.isFinished
        let mark = isActive ? ink.paint("▸", .cyan) : arm.isFinished ? ink.paint("✓", .green) : ink.paint("·", .yellow)
        let name = arm.name + String(repeating: " ", count: widths.name - arm.name.count)
        let count = steps(arm)
        let stepText = String(repeating: " ", count: widths.steps - count.count) + count
        // Logarithms: a loss falls fast at first, and the slow part is what one watches for.
        let spark = Sparkline.text(arm.curve("train/loss").y.map { $0 > 0 ? log($0) : $0 }, width: widths.spark)
        let padded = spark + String(repeating: " ", count: widths.spark - spark.count)
        let loss = arm.latest("train/loss").map { "loss \(Text.fixed($0, 3))" } ?? ""
        let evaluated = arm.tags.first { $0.hasPrefix("eval/") && $0.hasSuffix("/loss") }
        let held =
            evaluated.flatMap { tag in arm.latest(tag).map { "\(Metric(tag).title) \(Text.fixed($0, 3))" } } ?? ""
        let speed = isActive ? arm.latest("perf/tokens_per_second").map { "\(Text.scaled($0)) tok/s" } ?? "" : ""
        let parts = [loss, held, speed].filter { !$0.isEmpty }.joined(separator: "  ")
        return "  \(mark) \(name)  \(stepText)  \(ink.paint(padded, isActive ? .cyan : .blue))  \(parts)"
    }
}

/// A curve drawn with block characters.
public enum Sparkline {
    private static let blocks: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

    /// At most `width` characters; each is the mean of its share of the values, between the lowest and the highest.
    public static func text(_ values: [Double], width: Int) -> String {
        let finite = values.filter(\.isFinite)
        guard !finite.isEmpty, width > 0 else { return "" }
        let count = min(width, finite.count)
        let means = (0..<count).map { bin -> Double in
            let part = finite[bin * finite.count / count..<(bin + 1) * finite.count / count]
            return part.reduce(0, +) / Double(part.count)
        }
        guard let low = means.min(), let high = means.max(), high > low else {
            return String(repeating: blocks[0], count: count)
        }
        return String(means.map { blocks[min(7, Int(($0 - low) / (high - low) * 8))] })
    }
}
