import Glibc
import RhoCore
import RhoTraining
import Testing

extension CommandLineTests {
    /// Sweeps: cells by what they are, several processes, failures, and going on after any end.
    @Suite(.serialized) struct Sweeps {
        let program: Program

        init() throws {
            program = try Program()
            try program.write("toy.lua", Self.toy)
        }

        /// An experiment of no time at all; every run leaves a line in `ran`.
        static let toy = """
            local rho = require "rho"
            return rho.experiment {
              name = "toy", params = { seed = 1, keep = 0.5, kind = "a", limit = 0.85 },
              run = function(p)
                if rho.dry.active() then return end
                local file <close> = assert(io.open("ran", "a"))
                file:write(("%s %g %d\\n"):format(p.kind, p.keep, p.seed))
                if p.keep > p.limit then rho.fail("value", ("keep is too large: %g"):format(p.keep)) end
                return { loss = (p.keep - 0.6) ^ 2 + p.seed / 100 + p.keep * p.seed / 1000 }
              end,
            }
            """

        private func ran() -> [String] {
            let text = (try? program.read("ran")) ?? ""
            return text.split(separator: "\n").map(String.init).sorted()
        }

        private func sweeps() -> [String] { SweepDirectory.paths(below: program.directory.file("runs")) }

        @Test func thePlanComesFirst() throws {
            let plan = try program.run("toy.lua", "--sweep", "keep={0.4, 0.6}", "--seeds", "2", "-n")
            #expect(plan.status == 0, "\(plan.err)")
            #expect(
                plan.out.hasPrefix(
                    "toy: keep x seed, 4 cells\nstate  keep  seed  directory\nnew     0.4     1  runs/toy/cells/keep-0.4-seed-1-"
                ))
            #expect(
                plan.out.hasSuffix("cells: 4 new\ncost:  nothing is trained or scored, says a check of 3 cells\n"),
                "\(plan.out)")
            #expect(ran().isEmpty && sweeps().isEmpty)
        }

        /// Without a run to go by, some cells are checked, and the figure says so.
        @Test func whatItWillTakeIsEstimated() throws {
            try program.write("tiny.lua", TinyExperiment.source)
            let plan = try program.run("tiny.lua", "--sweep", "keep={0.4, 0.6}", "-n")
            #expect(plan.status == 0, "\(plan.err)")
            #expect(plan.out.contains("cost:  an estimate, as nothing has run yet: about 0:0"), "\(plan.out)")
            #expect(
                plan.out.contains(" on 1 worker, ") && plan.out.contains(" FLOPs (from a check of 2 cells"),
                "\(plan.out)")
            let json = try JSON.parse(program.run("tiny.lua", "--sweep", "keep={0.4, 0.6}", "-n", "--json").out)
            #expect(json["cost"]?["checked"] == 2 && json["cost"]?["seconds"]?.doubleValue ?? 0 > 0, "\(json)")
            // Two trainings of 16,000 tokens and a scoring, counted as the runs themselves count them.
            #expect(try program.run("tiny.lua", "--out", "runs/tiny/one", "--progress", "none").status == 0)
            let known = try JSON.parse(program.run("tiny.lua", "--sweep", "keep={0.4, 0.6}", "-n", "--json").out)
            #expect(known["cost"]?["runs"] == 1, "\(known)")
            let (before, after) = (json["cost"]?["flops"]?.doubleValue ?? 0, known["cost"]?["flops"]?.doubleValue ?? 0)
            #expect(before > 0 && abs(before / after - 1) < 0.3, "\(before) \(after)")
            // A wrong option shows in the plan, not in the tenth cell.
            try program.write(
                "wrong.lua",
                TinyExperiment.source.replacing("batch = 8", with: "bach = 8").replacing("\"tiny\"", with: "\"wrong\""))
            let wrong = try program.run("wrong.lua", "--sweep", "keep={0.4, 0.6}", "-n")
            #expect(wrong.out.contains("unknown: a check of keep=0.4 fails: "), "\(wrong.out)")
        }

        @Test func addingAValueRunsOnlyNewCells() throws {
            let first = try program.run(
                "toy.lua", "--sweep", "keep={0.4, 0.6}", "--seeds", "2", "-j", "2", "--baseline", "keep=0.4")
            #expect(first.status == 0, "\(first.err)")
            #expect(ran() == ["a 0.4 1", "a 0.4 2", "a 0.6 1", "a 0.6 2"])
            #expect(
                first.out.hasPrefix(
                    """
                    arm     keep  seeds             loss  Δ loss vs keep=0.4
                    result   0.4      2  0.0556 ± 0.0074                   -
                    result   0.6      2  0.0159 ± 0.0075    -0.0397 ± 0.0013

                    """), "\(first.out)")
            // Two at a time end in either order; each ends once, and the count goes up by one.
            let ended = first.err.split(separator: "\n").filter { $0.contains(" done after ") }
            #expect(ended.map { $0.prefix(5) } == ["[1/4]", "[2/4]", "[3/4]", "[4/4]"], "\(first.err)")
            let cells = ["keep=0.4 seed=1", "keep=0.4 seed=2", "keep=0.6 seed=1", "keep=0.6 seed=2"]
            #expect(
                ended.compactMap { line in cells.first { line.dropFirst(6).hasPrefix($0 + " done") } }.sorted() == cells
            )
            let again = try program.run(
                "toy.lua", "--sweep", "keep={0.4, 0.6}", "--seeds", "2", "--baseline", "keep=0.4")
            #expect(again.status == 0 && again.out == first.out)
            #expect(ran().count == 4)
            let more = try program.run("toy.lua", "--sweep", "keep={0.6, 0.4, 0.8}", "--seeds", "2")
            #expect(more.status == 0 && more.err.contains("cells: 2 new, 4 done\n"), "\(more.err)")
            #expect(ran().dropFirst(4) == ["a 0.8 1", "a 0.8 2"])
            #expect(sweeps().count == 2)
            let table = try Files.readText(sweeps()[0] + "/table.csv")
            #expect(table.hasPrefix("arm,keep,seeds,finished,dirty,value/loss,value/loss/std"))
            #expect(try Files.readText(sweeps()[0] + "/cells.jsonl").split(separator: "\n").count >= 4)
            let listed = try program.run("sweep")
            #expect(listed.out.contains("4 of 4 done") && listed.out.contains("6 of 6 done"), "\(listed.out)")
        }

        @Test func theFileMayDeclareTheSweep() throws {
            try program.write(
                "toy.lua",
                Self.toy.replacing(
                    "name = \"toy\"",
                    with: """
                        name = "toy", baseline = "keep=0.4",
                        sweep = rho.sweep.grid { keep = { 0.4, 0.6, 0.8 }, kind = { "a", "b" } }
                          :filter(function(p) return p.kind == "a" or p.keep * p.seed < 0.5 end)
                        """))
            #expect(try program.run("toy.lua", "-j", "4").status == 0)
            #expect(ran() == ["a 0.4 1", "a 0.6 1", "a 0.8 1", "b 0.4 1"])
            #expect(try program.run("toy.lua", "--no-sweep").status == 0)
            #expect(ran().count == 5 && ran().contains("a 0.5 1"))
            try program.write(
                "over.lua",
                "local rho = require 'rho'; return require('toy'):over(rho.sweep.zip { kind = { 'b', 'b' }, keep = { 0.4, 0.1 } })"
            )
            #expect(try program.run("over.lua").status == 0)
            #expect(ran().count == 6 && ran().contains("b 0.1 1"), "the cell that the other sweep has is not run again")
            #expect(
                try program.run("toy.lua", "--help").out.contains(
                    "Runs the sweep keep x kind, filtered; -n shows its plan"))
        }

        @Test func failedCellsAreOneExitCode() throws {
            let outcome = try program.run("toy.lua", "--sweep", "keep={0.4, 0.9, 0.5}")
            #expect(outcome.status == 3)
            #expect(ran() == ["a 0.4 1", "a 0.5 1", "a 0.9 1"], "the others go on")
            #expect(outcome.err.contains("[2/3] keep=0.9 failed after 0:0"), "\(outcome.err)")
            #expect(
                outcome.err.contains("rhoscript: 1 of 3 cells failed\n  keep=0.9: toy.lua:8: keep is too large: 0.9\n"),
                "\(outcome.err)")
            #expect(outcome.out.contains("Of 3 cells 1 failed.\n"))
            // What failed is tried again; what is done is not.
            #expect(try program.run("toy.lua", "--sweep", "keep={0.4, 0.9, 0.5}").status == 3)
            #expect(ran() == ["a 0.4 1", "a 0.5 1", "a 0.9 1", "a 0.9 1"])
            let fast = try program.run("toy.lua", "--sweep", "keep={0.95, 0.3, 0.2}", "--fail-fast")
            #expect(
                fast.status == 3 && fast.err.contains("rhoscript: the sweep ended early: a cell failed (--fail-fast)"))
            #expect(ran().count == 5)
        }

        @Test func aHopelessSweepEndsEarly() throws {
            let outcome = try program.run("toy.lua", "limit=0.1", "--sweep", "keep={0.2, 0.3, 0.4, 0.5, 0.6, 0.7}")
            #expect(outcome.status == 3)
            #expect(
                outcome.err.contains("the sweep ended early: the first 3 cells failed the same way"), "\(outcome.err)")
            #expect(ran().count == 3)
        }

        static let mistakes: [([String], String)] = [
            (
                ["--sweep", "kep={0.4}"],
                "rhoscript: --sweep kep={0.4}: this experiment has no parameter 'kep' (did you mean 'keep'?); it has keep, kind, limit, seed"
            ),
            (["--sweep", "keep=0.4"], "rhoscript: --sweep keep=0.4: the values are a list such as {0.4, 0.6}"),
            (["--sweep", "keep={'a'}"], "rhoscript: --sweep keep={'a'}: keep is a number (default 0.5), got \"a\""),
            (
                ["--sweep", "keep={0.4}", "--set", "keep=0.5"],
                "rhoscript: --set keep=0.5: the sweep gives values for 'keep' already"
            ),
            (
                ["--sweep", "seed={1,2}", "--seeds", "2"],
                "rhoscript: --seeds: the sweep gives values for 'seed' already"
            ),
            (["--seeds", "0"], "rhoscript: --seeds must be at least 1, got 0\nSee 'rhoscript --help'."),
            (
                ["-n"],
                "rhoscript: toy.lua declares no sweep, and the command line gives none\n  give --sweep 'name={...}' or --seeds N, or declare one with sweep = rho.sweep.grid {...}"
            ),
        ]

        @Test(arguments: mistakes)
        func mistakesAreSaidAtOnce(_ flags: [String], _ message: String) throws {
            let outcome = try program.run(["toy.lua"] + flags)
            #expect(outcome.status == 2)
            #expect(outcome.err == message + "\n")
            #expect(ran().isEmpty)
        }
    }
}
