import Glibc
import RhoCore
import RhoTraining
import Testing

extension CommandLineTests {
    /// Processes that die at any moment lose nothing but work since the last checkpoint.
    @Suite(.serialized) struct Crashes {
        let program: Program

        init() throws {
            program = try Program()
            try program.write("tiny.lua", TinyExperiment.source)
        }

        static var isLong: Bool { getenv("RHO_LONG_TESTS") != nil }
        private var kills: Int { Self.isLong ? 200 : 12 }

        private func path(_ name: String) -> String { program.directory.file(name) }

        /// Starts the same command again and again, killing it at random moments, until it gets through.
        private func runThrough(_ arguments: [String], kills: Int, _ random: inout RandomStream) throws -> Int {
            for attempt in 0...kills {
                let delay = 0.3 * random.uniform()
                let outcome = try program.run(arguments, signal: attempt < kills ? SIGKILL : nil, after: delay)
                if outcome.status == 0 { return attempt }
                #expect(outcome.status == 128 + SIGKILL, "\(outcome.err)")
            }
            return kills
        }

        @Test func killedAtRandomMoments() throws {
            try program.write("tiny.lua", TinyExperiment.stateful)
            let first = try program.run("tiny.lua", "--out", "whole", "--cache", path("other"), "--progress", "none")
            #expect(first.status == 0, "\(first.err)")
            let whole = try TinyExperiment.content(path("whole"))
            #expect(whole.count == 8)
            var random = RandomStream(seed: 1, name: "kill")
            var (left, round) = (kills, 0)
            while left > 0 {
                round += 1
                let cache = path("cache\(round)")
                let arguments =
                    ["tiny.lua", "--cache", cache, "--progress", "none"] + (round % 3 == 0 ? ["--no-cache"] : [])
                let killed = try runThrough(arguments, kills: min(left, 6), &random)
                left -= max(killed, 1)
                let runs = RunIdentity.runs(of: "tiny", root: path("runs"))
                #expect(try TinyExperiment.content(try #require(runs.first)) == whole)
                let store = ObjectStore(root: cache)
                #expect(try store.verify(repairing: false).damaged.isEmpty)
                #expect(try Files.list("\(cache)/objects").allSatisfy { !$0.hasPrefix(".") })
                for run in runs { try Files.remove(tree: run) }
            }
        }

        @Test func theSameCommandGoesOnWhereItWasCutOff() throws {
            let cut = try program.run(["tiny.lua"], signal: SIGKILL, when: "slm: step ")
            #expect(cut.status == 128 + SIGKILL)
            let run = try #require(RunIdentity.runs(of: "tiny", root: path("runs")).first)
            #expect(RunStatus.of(directory: run) == .interrupted)
            let outcome = try program.run("tiny.lua")
            #expect(outcome.status == 0)
            #expect(outcome.err.hasPrefix("going on with runs/tiny/"), "\(outcome.err)")
            #expect(RunIdentity.runs(of: "tiny", root: path("runs")) == [run])
            #expect(RunStatus.of(directory: run) == .done)
            let why = try program.run("why", "tiny.lua")
            #expect(why.out.contains("kept     rho.train 'reference': finished in this run directory before\n"))
            #expect(
                why.out.contains("resumed  rho.train 'slm': went on from the last checkpoint in this run directory\n"))
            // A finished run is not gone on with.
            #expect(try program.run("tiny.lua").status == 0)
            #expect(RunIdentity.runs(of: "tiny", root: path("runs")).count == 2)
        }

        @Test func anotherRunIsNotOverwritten() throws {
            #expect(try program.run("tiny.lua", "--out", "run").status == 0)
            let other = try program.run("tiny.lua", "--out", "run", "keep=0.4")
            #expect(other.status == 2)
            #expect(
                other.err == """
                    rhoscript: run holds another run: keep: 0.6 -> 0.4
                      choose another directory with --out, or start this one anew with --force

                    """)
            #expect(try program.run("tiny.lua", "--out", "run", "keep=0.4", "--force").status == 0)
            #expect(RunIdentity.of(directory: path("run"))?.params["keep"] == 0.4)
            // Comments and the file's name do not make another run; code does.
            try program.write("moved.lua", "-- a comment\n" + TinyExperiment.source)
            #expect(try program.run("moved.lua", "--out", "run", "keep=0.4").status == 0)
            try program.write("changed.lua", TinyExperiment.source.replacing("%.17g", with: "%.3g"))
            let changed = try program.run("changed.lua", "--out", "run", "keep=0.4")
            #expect(changed.status == 2)
            #expect(changed.err.contains("run holds another run: the code of the experiment's function has changed\n"))
        }

        /// Of several processes that want one directory at once, one works and the others say who does; also where a dead
        /// one's lock is in the way.
        @Test(arguments: [false, true]) func aDirectoryHasOneWriter(_ stale: Bool) throws {
            if stale {
                try program.run(["tiny.lua", "--out", "run"], signal: SIGKILL, when: "slm: step ")
                #expect(Files.exists(path("run/lock.json")))
            }
            let outcome = try program.run(
                ["tiny.lua", "--out", "run", "--progress", "none"],
                through: "for i in 1 2 3 4 5; do (\"$@\" --cache c$i; echo status $?) & done; wait")
            let ends = outcome.out.split(separator: "\n").filter { $0.hasPrefix("status ") }
            #expect(ends.count == 5 && ends.contains("status 0"), "\(outcome.out)")
            #expect(ends.allSatisfy { $0 == "status 0" || $0 == "status 1" })
            let refusals = outcome.err.split(separator: "\n").filter { $0.contains(": run is in use by process ") }
            #expect(refusals.count == ends.filter { $0 == "status 1" }.count, "\(outcome.err)")
            #expect(RunStatus.of(directory: path("run")) == .done)
            #expect(try program.run("tiny.lua", "--out", "alone", "--no-cache").status == 0)
            #expect(try TinyExperiment.content(path("run")) == TinyExperiment.content(path("alone")))
        }

        @Test func savingMoreOftenChangesNoNumber() throws {
            try program.write(
                "often.lua", TinyExperiment.source.replacing("checkpoint_every = 2", with: "checkpoint_seconds = 0"))
            #expect(try program.run("tiny.lua", "--out", "seldom", "--no-cache").status == 0)
            #expect(try program.run("often.lua", "--out", "often", "--no-cache").status == 0)
            #expect(try TinyExperiment.content(path("often")) == TinyExperiment.content(path("seldom")))
        }
    }
}
