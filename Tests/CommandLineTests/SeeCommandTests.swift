import RhoCore
import Testing

extension CommandLineTests {
    /// The commands that look at runs, and the one that makes a repository.
    @Suite(.serialized) struct SeeCommands {
        let program: Program

        init() throws { program = try Program() }

        private func writeRuns() throws {
            for (seed, clm, slm) in [(1, 3.0, 2.5), (2, 3.2, 2.8)] {
                let run = "runs/demo/s\(seed)"
                try program.write(
                    "\(run)/run.json",
                    """
                    {"experiment": "demo", "seed": \(seed), "started": "2026-03-01T14:05:09Z", "ended": "done",
                     "config": {"lr": 0.1, "seed": \(seed)}, "wall_seconds": 5}
                    """)
                for (arm, loss) in [("clm", clm), ("slm", slm)] {
                    try program.write(
                        "\(run)/\(arm)/metrics.jsonl",
                        """
                        {"step":0,"tokens":0,"eval/clean/loss":6}
                        {"step":9,"tokens":9000,"eval/clean/loss":\(loss),"train/loss":4}

                        """)
                    try program.write(
                        "\(run)/\(arm)/summary.json",
                        "{\"steps\": 9, \"select\": {\"name\": \"\(arm == "clm" ? "all" : "x")\"}}")
                }
            }
        }

        @Test func statusListsRuns() throws {
            try writeRuns()
            let status = try program.run("status", "runs/demo")
            #expect(
                status.out.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") } == [
                    "run status experiment started (UTC) arm step loss tokens time",
                    "s1 done demo 2026-03-01 14:05 \(lastArm(status.out, 1)) 9/9 4.0000 18.0k 0:05",
                    "s2 done demo 2026-03-01 14:05 \(lastArm(status.out, 2)) 9/9 4.0000 18.0k 0:05",
                ])
            let json = try JSON.parse(try program.run("status", "--json").out)
            #expect(json[0]?["path"] == "runs/demo/s1" && json[0]?["status"] == "done")
            let missing = try program.run("status", "nowhere")
            #expect(missing.status == 2)
            #expect(missing.err.hasPrefix("rhoscript: there is no directory 'nowhere'\n"))
        }

        /// Which file was written last is up to the clock.
        private func lastArm(_ text: String, _ line: Int) -> String {
            text.split(separator: "\n")[line].contains("slm") ? "slm" : "clm"
        }

        @Test func compareWritesEveryFormat() throws {
            try writeRuns()
            let table = try program.run("compare", "runs")
            #expect(table.status == 0)
            #expect(table.out.contains("slm      2  2.6500 ± 0.2121     -0.4500 ± 0.6353"))
            let csv = try program.run("compare", "runs/demo/s1", "--tag", "eval/clean/loss", "--format", "csv")
            #expect(
                csv.out == """
                    arm,seeds,finished,dirty,eval/clean/loss,eval/clean/loss/std,difference/eval/clean/loss,difference/low,difference/high
                    clm,1,1,false,3,,,,
                    slm,1,1,false,2.5,,-0.5,,

                    """)
            #expect(try program.run("compare", "runs", "--format", "latex").out.contains("$\\pm$"))
            let wrong = try program.run("compare", "runs", "--baseline", "cml")
            #expect(wrong.status == 2)
            #expect(wrong.err == "rhoscript: the baseline 'cml' is not among the arms clm, slm (did you mean 'clm'?)\n")
        }

        @Test func watchPrintsOnceWhereThereIsNoTerminal() throws {
            try writeRuns()
            let watch = try program.run("watch", "runs/demo/s1", seconds: 20)
            #expect(watch.status == 0)
            #expect(watch.out.hasPrefix("s1  done  2026-03-01 14:05\n  ✓ clm    9/9  ▁"))
        }

        @Test func plotKeepsDataAndScript() throws {
            try writeRuns()
            let plot = try program.run("plot", "runs", "--x", "step", "-o", "out/loss")
            #expect(try program.read("out/loss.dat").hasPrefix("# clm (2 seeds)\n0\t6\t6\t6\n9\t3.1\t"))
            #expect(try program.read("out/loss.gnuplot").contains("set xlabel 'step'"))
            #expect(plot.status == 0 || plot.err.contains("gnuplot is not installed"))
            let events = try program.run("plot", "runs", "--tensorboard")
            #expect(events.out.split(separator: "\n").count == 4)
            let odd = try program.run("plot", "runs", "--format", "svq")
            #expect(odd.status == 2)
            #expect(odd.err == "rhoscript: --format takes svg, png, pdf, got 'svq' (did you mean 'svg'?)\n")
        }

        @Test func reportIsRebuilt() throws {
            try writeRuns()
            let report = try program.run("report", "runs/demo/s1")
            #expect(report.out == "runs/demo/s1/report.html\n")
            #expect(try program.read("runs/demo/s1/report.html").contains("<h1>demo</h1>"))
        }

        @Test func tokensNeedATextAndACheckpoint() throws {
            try writeRuns()
            #expect(
                try program.run("tokens", "runs/demo/s1", "slm").err
                    == "rhoscript: no text to show: give one with --text, or pipe one in\n")
            #expect(
                try program.run("tokens", "runs/demo/s1", "slm", "--text", "a").err
                    == "rhoscript: runs/demo/s1/slm has no checkpoint\n")
            let arm = try program.run("tokens", "runs/demo/s1", "sln", "--text", "a")
            #expect(arm.err == "rhoscript: runs/demo/s1 has no arm 'sln' (did you mean 'slm'?)\n  it has clm, slm\n")
            #expect(arm.status == 2)
        }

        @Test func initMakesARepositoryWhoseSpecsPass() throws {
            let made = try program.run("init", "lab")
            #expect(made.status == 0)
            #expect(
                made.out == """
                    wrote lab/.gitignore
                    wrote lab/.luarc.json
                    wrote lab/.luacheckrc
                    wrote lab/stylua.toml
                    wrote lab/.github/workflows/experiments.yml
                    wrote lab/README.md
                    wrote lab/experiments/example.lua
                    wrote lab/tests/example_spec.lua
                    wrote lab/types/rho.d.lua

                    next:
                      cd lab
                      rhoscript experiments/example.lua

                    """)
            #expect(try program.read("lab/types/rho.d.lua").hasPrefix("---@meta"))
            _ = try JSON.parse(try program.read("lab/.luarc.json"))
            let again = try program.run("init", "lab")
            #expect(again.status == 2)
            #expect(
                again.err == """
                    rhoscript: 'lab' is not empty: it holds .github, .gitignore, .luacheckrc and 6 more
                      name a new directory, or renew the stubs of an old one with rhoscript stubs lab

                    """)
            #expect(try program.run("stubs", "lab").out == "wrote lab/types/rho.d.lua\n")
            #expect(try program.run("check", "lab/experiments/example.lua").out.contains("4 trainings, 1 scoring"))
            let help = try program.run("lab/experiments/example.lua", "--help")
            #expect(help.status == 0 && help.out.contains("share of tokens that carry loss"))
        }

        @Test func printConfigSaysWhereValuesComeFrom() throws {
            try program.write(
                "a.lua",
                """
                local rho = require "rho"
                return rho.experiment {
                  name = "a",
                  params = {
                    seed = 1,
                    keep = { 0.6, doc = "share" },
                    lr = 3e-3,
                  },
                  run = function(p) error("must not run") end,
                }
                """)
            let shown = try program.run("a.lua", "keep=0.4", "--seed", "7", "--print-config")
            #expect(shown.status == 0)
            #expect(
                shown.out == """
                    keep = 0.4    -- --set
                    lr   = 0.003  -- a.lua:7
                    seed = 7      -- --seed

                    """)
            let json = try JSON.parse(try program.run("a.lua", "--print-config", "--json").out)
            #expect(json["lr"]?["origin"] == "a.lua:7" && json["lr"]?["value"] == .number(0.003))
        }

        /// Values inside a group have their own places, columns and names.
        @Test func groupsAreShownValueByValue() throws {
            try program.write(
                "a.lua",
                """
                local rho = require "rho"
                local base = rho.config { seed = 1, model = { dim = 8, layers = 1 } }
                return rho.experiment {
                  name = "a", params = base, run = function(p) return { loss = p.model.layers + 1 } end,
                }
                """)
            let shown = try program.run("a.lua", "model.layers=3", "--print-config")
            #expect(
                shown.out == """
                    model.dim    = 8  -- a.lua:2
                    model.layers = 3  -- --set
                    seed         = 1  -- a.lua:2

                    """, "\(shown.out)\(shown.err)")
            #expect(try program.run("a.lua", "model.layers=3").status == 0)
            #expect(try program.run("a.lua").status == 0)
            let runs = try Files.list(program.directory.file("runs/a"))
            #expect(runs.contains { $0.contains("-model.layers-3-") }, "\(runs)")
            let table = try program.run("compare", "runs/a").out
            #expect(table.hasPrefix("arm     model.layers    loss\nresult             1  2.0000\n"), "\(table)")
            let last = try #require(runs.first { $0.contains("-model.layers-3-") })
            #expect(
                try program.run("a.lua", "--print-config", "--against", "runs/a/\(last)").out
                    == "model.layers = 1  -- a.lua:2; there 3\n")
            #expect(try program.run("repeat", "runs/a/\(last)").status == 0)
        }

        @Test(arguments: ["bash", "zsh", "fish"])
        func completionsNameTheCommands(shell: String) throws {
            let script = try program.run("completions", shell)
            #expect(script.status == 0)
            for command in ["compare", "tokens", "--print-config"] {
                #expect(script.out.contains(command.drop { $0 == "-" }))
            }
        }
    }
}
