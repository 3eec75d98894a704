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
