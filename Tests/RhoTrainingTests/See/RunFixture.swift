import RhoCore
import RhoTestSupport

/// Small run directories, written by hand.
struct RunFixture {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    /// Writes a run with one metrics line per loss for each arm, at 1000 tokens a step.
    /// - Parameter ended: nil for a run without an end.
    @discardableResult
    func run(
        _ name: String, seed: Int = 1, config: String = "\"lr\": 0.1", ended: String? = "done", dirty: Bool = false,
        started: String = "2026-03-01T14:05:09Z", arms: [(name: String, losses: [Double])]
    ) throws -> String {
        let end = ended.map { ", \"ended\": \"\($0)\"" } ?? ""
        _ = try directory.write(
            "\(name)/run.json",
            """
            {"experiment": "demo", "seed": \(seed), "started": "\(started)", "config": {\(config), "seed": \(seed)},
             "fingerprint": "0123456789abcdef", "git": {"commit": "abcdef0123456789", "dirty": \(dirty)}, "wall_seconds": 61\(end)}
            """)
        for arm in arms {
            let lines = arm.losses.enumerated().map { step, loss in
                "{\"step\":\(step),\"tokens\":\(step * 1000),\"eval/clean/loss\":\(loss),\"train/loss\":\(loss + 1)}\n"
            }
            _ = try directory.write("\(name)/\(arm.name)/metrics.jsonl", lines.joined())
            guard ended == "done" else { continue }
            let policy = arm.name == "clm" ? "all" : "excess_loss"
            let steps = arm.losses.count - 1
            _ = try directory.write(
                "\(name)/\(arm.name)/summary.json",
                """
                {"steps": \(steps), "tokens": \(steps * 1000), "selected": \(steps * 600), "select": {"name": "\(policy)"},
                 "compute": {"training": 2e9, "reference": 1e9, "scoring": 0}}
                """)
        }
        return directory.file(name)
    }

    func path(_ name: String) -> String { directory.file(name) }
}
