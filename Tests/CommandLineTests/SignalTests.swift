import Glibc
import RhoCore
import Testing

extension CommandLineTests {
    /// Signals and exits.
    @Suite(.serialized) struct Signals {
        let program: Program

        init() throws { program = try Program() }

        @Test(arguments: [
            "while true do end",
            "while true do pcall(function() while true do end end) end",
            "coroutine.wrap(function() while true do pcall(error) end end)()",
        ])
        func endlessLoopsStopAtCtrlC(_ loop: String) throws {
            try program.write("x.lua", "io.stderr:write(\"ready\\n\")\n\(loop)\n")
            let outcome = try program.run("x.lua", signal: SIGINT, when: "ready", seconds: 20)
            #expect(outcome.status == 130)
            #expect(outcome.err.contains("x.lua:2: interrupted (Ctrl-C)"), "\(outcome.err)")
        }

        /// A loop that promised to notice a request and does not: the second signal needs nobody's help.
        @Test(arguments: [SIGINT, SIGTERM])
        func theSecondSignalKills(_ signal: Int32) throws {
            try program.write(
                "x.lua",
                """
                local section <close> = require("rho.native").run.graceful()
                io.stderr:write("ready\\n")
                while true do pcall(function() while true do end end) end
                """)
            let outcome = try program.run(["x.lua"], signal: signal, when: "ready", again: true, seconds: 20)
            #expect(outcome.status == 128 + signal)
            #expect(outcome.err == "ready\n")
        }

        /// Native loops over files look up too.
        @Test(arguments: ["c:count()", "c:hash()", "rho.data.prepare { data = c, tokenizer = rho.tokenizer.bytes() }"])
        func readingAFileStopsAtCtrlC(_ call: String) throws {
            let row = "{\"text\": \"\(String(repeating: "words ", count: 20))\"}\n"
            try program.write("rows.jsonl", String(repeating: row, count: 40_000))
            let files = Array(repeating: "\"rows.jsonl\"", count: 40).joined(separator: ", ")
            try program.write(
                "x.lua",
                "local rho = require \"rho\"\nlocal c = rho.data.jsonl { path = { \(files) } }\nio.stderr:write(\"ready\\n\")\n\(call)\nprint(\"done\")\n"
            )
            let outcome = try program.run(["x.lua"], signal: SIGINT, when: "ready", seconds: 60)
            #expect(outcome.status == 130 && !outcome.out.contains("done"), "\(outcome.err)")
        }

        @Test func terminationBeforeACheckpointIs143() throws {
            try program.write("x.lua", "io.stderr:write(\"ready\\n\")\nwhile true do end\n")
            #expect(try program.run("x.lua", signal: SIGTERM, when: "ready", seconds: 20).status == 143)
        }

        @Test func scriptsChooseTheirExitStatus() throws {
            try program.write("x.lua", "os.exit(7)")
            let outcome = try program.run("x.lua")
            #expect(outcome.status == 7)
            #expect(outcome.err.isEmpty)
        }

        /// Signal and exit status.
        static let stops: [(Int32, Int32)] = [(SIGINT, 130), (SIGTERM, 75), (SIGUSR1, 75)]

        /// Ctrl-C while training: the step ends, a checkpoint is written, and the same command goes on from it.
        @Test(arguments: stops)
        func trainingStopsAfterACheckpoint(_ signal: Int32, _ status: Int32) throws {
            try program.write("x.lua", Self.training)
            let stopped = try program.run("x.lua", "--out", "run", signal: signal, when: "step ", seconds: 60)
            #expect(stopped.status == status, "\(stopped.err)")
            #expect(stopped.err.contains("checkpoint in run/clm/checkpoints/step-"), "\(stopped.err)")
            let resumed = try program.run("x.lua", "--out", "run", seconds: 100)
            #expect(resumed.status == 0, "\(resumed.err)")
            let whole = try program.run("x.lua", "--out", "whole", "--no-cache", seconds: 100)
            #expect(whole.status == 0)
            #expect(
                try Files.read(program.directory.file("run/clm/checkpoints/step-000150/model.safetensors"))
                    == Files.read(program.directory.file("whole/clm/checkpoints/step-000150/model.safetensors")))
        }

        private static let training = """
            local rho = require "rho"
            return rho.experiment {
              name = "x", params = { seed = 1 },
              run = function(p)
                local tok = rho.tokenizer.bytes()
                local model = rho.model.llama { tokenizer = tok, dim = 32, layers = 2, heads = 2, context = 64 }
                local data = rho.data.generate { documents = 300 }
                return rho.train { name = "clm", model = model, data = data, tokens = 150 * 8 * 64, batch = 8, seed = p.seed }
              end,
            }
            """
    }
}
