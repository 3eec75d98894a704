import Glibc
import RhoCore
import RhoTraining
import Testing

extension CommandLineTests {
    /// Sweeps of trainings that are cut off, and trainings that are cut short on purpose.
    @Suite(.serialized) struct SweepResume {
        let program: Program
        private static let sweep = [
            "tiny.lua", "--sweep", "keep={0.4, 0.8}", "--seeds", "2", "-j", "2", "--threads", "1",
        ]

        init() throws {
            program = try Program()
            try program.write("tiny.lua", TinyExperiment.source)
        }

        private func path(_ name: String) -> String { program.directory.file(name) }

        private func sweep(_ runs: String = "runs") throws -> SweepDirectory {
            try SweepDirectory(path: try #require(SweepDirectory.paths(below: path(runs)).first))
        }

        private func content(_ sweep: SweepDirectory) throws -> [[String: String]] {
            try sweep.plan.cells.indices.map { try TinyExperiment.content(sweep.cellPath($0)) }
        }

        /// Cells outlive their sweep by the time it takes to save.
        private func waitForCells(_ sweep: SweepDirectory) {
            let deadline = Clock.monotonicSeconds() + 20
            while sweep.states.contains(.running), Clock.monotonicSeconds() < deadline { usleep(10_000) }
        }

        @Test func killedAtAnyMomentItGoesOn() throws {
            #expect(try program.run(Self.sweep).status == 0)
            let whole = try content(sweep())
            #expect(whole.count == 4 && Set(whole.map { $0["slm metrics"] }).count == 4)
            try Files.remove(tree: path("runs"))
            try Files.remove(tree: path("cache"))
            var random = RandomStream(seed: 7, name: "kill")
            var killed = 0
            for _ in 0..<6 {
                let outcome = try program.run(Self.sweep, signal: SIGKILL, after: 0.1 + 0.5 * random.uniform())
                if outcome.status == 0 { break }
                killed += 1
                if let cut = try? sweep() { waitForCells(cut) }
            }
            #expect(killed > 0)
            let last = try program.run(Self.sweep)
            #expect(last.status == 0, "\(last.err)")
            #expect(try content(sweep()) == whole)
            #expect(try sweep().states.allSatisfy { $0 == .done })
        }

        @Test func controlCSavesEveryCell() throws {
            let slow = [
                "tiny.lua", "tokens=2e6", "--no-cache", "--sweep", "keep={0.4, 0.8, 0.9}", "-j", "2", "--threads", "1",
            ]
            let outcome = try program.run(
                slow + ["--progress", "json"], signal: SIGINT, when: "\"cell\":1", after: 1.0)
            #expect(outcome.status == 130)
            #expect(
                outcome.err.hasSuffix(
                    "rhoscript: the sweep was stopped; what was begun is saved\n  the same command goes on from there\n"
                ),
                "\(outcome.err)")
            let states = try sweep().states
            #expect(states[0] == .partial && states[1] == .partial && states[2] == .new, "\(states)")
        }

        /// A training that pauses at a rung and goes on later is the same training.
        @Test func halvingPromotesByGoingOn() throws {
            try program.write(
                "asha.lua",
                """
                local rho = require "rho"
                local space = rho.sweep.random { count = 6, seed = 3, space = { keep = rho.sweep.uniform(0.3, 0.9) } }
                return require("tiny"):over(rho.sweep.asha {
                  space = space, arm = "slm", metric = "eval/clean/loss", rungs = { 4e3, 8e3 }, eta = 2, parallel = 2 })
                """)
            let outcome = try program.run("asha.lua", "-j", "2", "--threads", "1")
            #expect(outcome.status == 0, "\(outcome.err)")
            let first = try sweep()
            let decisions = try Files.readText(first.path + "/decisions.jsonl")
            let rungs = try decisions.split(separator: "\n").compactMap { try JSON.parse(String($0))["rung"]?.intValue }
            #expect(rungs.count { $0 == 0 } == 6 && rungs.contains(1) && rungs.contains(2))
            let states = first.states
            #expect(states.contains(.done) && states.contains(.partial))
            let winner = try #require(states.firstIndex(of: .done))
            let keep = try #require(first.plan.cells[winner].values["keep"]?.doubleValue)
            #expect(try program.run("tiny.lua", "keep=\(keep)", "--out", "whole", "--no-cache").status == 0)
            let (paused, whole) = (
                try TinyExperiment.content(first.cellPath(winner)), try TinyExperiment.content(path("whole"))
            )
            #expect(paused == whole)
            // Decided again from the files alone, with another number of workers: nothing is left to do.
            let again = try program.run("asha.lua", "-j", "1")
            #expect(again.status == 0 && !again.err.contains("started"), "\(again.err)")
            #expect(try Files.readText(first.path + "/decisions.jsonl") == decisions)
            try Files.remove(tree: path("runs"))
            #expect(try program.run("asha.lua", "-j", "1", "--cache", path("other")).status == 0)
            #expect(try Files.readText(sweep().path + "/decisions.jsonl") == decisions)
        }
    }
}
