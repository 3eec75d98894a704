import Testing

extension CommandLineTests {
    /// Flags, usage errors and help: what needs no experiment to run.
    @Suite(.serialized) struct Flags {
        let program: Program

        init() throws { program = try Program() }

        @Test func versionIsOneLine() throws {
            let flag = try program.run("--version")
            #expect(flag.status == 0)
            #expect(flag.out.hasPrefix("rhoscript ") && flag.out.hasSuffix(")\n"))
            #expect(try program.run("version").out == flag.out)
        }

        @Test func startsQuickly() throws {
            // Processor time, which other work on the machine hardly touches; the best of a few.
            let best = try (0..<8).map { _ in try program.run("--version").processorSeconds }.min() ?? 1
            #expect(best < 0.03, "start-up took \(best) s of processor time")
        }

        @Test func helpNamesCommandsAndExitCodes() throws {
            let help = try program.run("--help")
            #expect(help.status == 0)
            #expect(help.err.isEmpty)
            for word in ["run", "test", "help", "docs", "version", "Exit codes", "130", "75"] {
                #expect(help.out.contains(word))
            }
        }

        @Test(arguments: [
            (["--bogus"], "rhoscript: Unknown option '--bogus'"),
            ([], "rhoscript: no experiment file given (rhoscript FILE.lua; rhoscript --help lists what else there is)"),
            (["tset"], "rhoscript: cannot open 'tset': No such file or directory (did you mean 'test'?)"),
            (["chek", "x.lua"], "rhoscript: cannot open 'chek': No such file or directory (did you mean 'check'?)"),
            (["nothing.lua"], "rhoscript: cannot open 'nothing.lua': No such file or directory"),
            (["."], "rhoscript: '.' is a directory, expected a Lua file"),
            (
                ["a.lua", "extra"],
                "rhoscript: unexpected argument 'extra': parameters are key=value, and arguments of the script come after --"
            ),
            (["a.lua", "--set", "n"], "rhoscript: --set n: expected key=value"),
            (["a.lua", "--threads", "0"], "rhoscript: --threads must be in 1 ... 256, got 0"),
            (["a.lua", "--progress", "fancy"], "rhoscript: The value 'fancy' is invalid for '--progress <style>'"),
            (["a.lua", "--sead", "3"], "rhoscript: Unknown option '--sead'. Did you mean '--seed'?"),
            (["help", "rho.trian"], "rhoscript: nothing is called 'rho.trian' (did you mean 'rho.train'?)"),
        ])
        func wrongUsageIsTwo(_ arguments: [String], _ sentence: String) throws {
            try program.write("a.lua", "return 1")
            let outcome = try program.run(arguments)
            #expect(outcome.status == 2)
            #expect(outcome.out.isEmpty)
            #expect(outcome.err.hasPrefix(sentence), "\(outcome.err)")
        }

        @Test func scriptsListTheirParameters() throws {
            try program.write(
                "x.lua",
                """
                local rho = require "rho"
                return rho.experiment {
                  name = "x", doc = "What it does.",
                  params = { seed = { 1, doc = "of everything" }, keep = { 0.6, doc = "share", unit = "tokens" }, name = "web" },
                  run = function(p) return p.keep end,
                }
                """)
            for flag in ["--help", "-h"] {
                let help = try program.run("x.lua", flag)
                #expect(help.status == 0)
                #expect(
                    help.out == """
                        x: What it does.

                        Usage: rhoscript x.lua [--set name=value ...] [--seed N] [--out DIR] [--json] [--progress MODE] [--threads N]

                        Parameters (change one with --set name=value):
                          keep  number  0.6    share [tokens]
                          name  string  "web"
                          seed  number  1      of everything

                        """, "\(help.out)")
            }
        }

        @Test func helpShowsManualPages() throws {
            let page = try program.run("help", "rho.data.jsonl")
            #expect(page.status == 0)
            for word in ["rho.data.jsonl", "on_bad_row", "example"] { #expect(page.out.contains(word), "\(page.out)") }
            #expect(try program.run("help", "run").out.contains("--set"))
            #expect(try program.run("help", "rho.select.random").out.contains("A uniform random share"))
            #expect(try program.run("help", "rho.select").out.contains("rho.select.excess_loss"))
        }
    }
}
