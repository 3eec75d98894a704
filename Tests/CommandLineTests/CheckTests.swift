import RhoCore
import Testing

extension CommandLineTests {
    /// `rhoscript check`: what it finds, and that it does nothing else.
    @Suite(.serialized) struct Check {
        let program: Program

        init() throws { program = try Program() }

        @Test func saysWhatARunWouldTake() throws {
            try program.write("tiny.lua", TinyExperiment.source)
            let check = try program.run("check", "tiny.lua")
            #expect(check.status == 0, "\(check.err)")
            let lines = check.out.split(separator: "\n").map(String.init)
            try #require(lines.count == 5)
            #expect(lines[0].hasPrefix("tiny.lua:8: tokenizer: 300 tokens learnt from clean problems (seed 11)"))
            #expect(
                lines[1].hasPrefix(
                    "tiny.lua:11: train 'reference': llama of 22.2k parameters, 63 steps of 8 x 32 = 16.1k tokens"
                ),
                "\(lines[1])")
            #expect(lines[1].contains("FLOP; ") && lines[1].contains("; about 0:"), "\(lines[1])")
            #expect(lines[2].hasPrefix("tiny.lua:17: score 'noisy problems (seed 12)': about "), "\(lines[2])")
            // Another text, so another number of passes: a line of its own.
            #expect(lines[3].hasPrefix("tiny.lua:11: train 'slm': llama of 22.2k parameters"), "\(lines[3])")
            #expect(lines[4].hasPrefix("tiny.lua: 2 trainings, 1 scoring: "), "\(lines[4])")
            #expect(!Files.exists(program.directory.file("runs")))
        }

        @Test func jsonHasEveryVerb() throws {
            try program.write("tiny.lua", TinyExperiment.source)
            let document = try JSON.parse(try program.run("check", "tiny.lua", "tokens=64e3", "--json").out)
            #expect(document["ok"] == true)
            let verbs = document["verbs"]?.arrayValue ?? []
            #expect(verbs.map { $0["verb"]?.stringValue } == ["tokenizer", "training", "scoring", "training"])
            #expect(verbs[1]["steps"]?.intValue == 250 && verbs[1]["tokens"]?.intValue == 64000)
            let cost = verbs[1]["cost"]
            #expect((cost?["flops"]?.doubleValue ?? 0) > 64000 * 6 * 20000 && (cost?["seconds"]?.doubleValue ?? 0) > 0)
        }

        private static let frame = """
            local rho = require "rho"
            local web = rho.data.generate { kind = "noisy", documents = 20 }
            local clean = rho.data.generate { kind = "clean", documents = 20 }
            local model = rho.model.llama { tokenizer = rho.tokenizer.bytes(), dim = 16, layers = 1, heads = 2, context = 32 }
            return rho.experiment { name = "a", params = { seed = 1 }, run = function(p)
              BODY
            end }
            """

        @Test(arguments: [
            (
                "rho.train { model = model, data = web, tokens = 1e3, bacth = 4 }",
                "a.lua:6: rho.train: unknown option 'bacth' (did you mean 'batch'?)"
            ),
            (
                "rho.train { model = model, data = web, tokens = 1e3, context = 64 }",
                "a.lua:6: rho.train: context must not exceed the model's 32 tokens, got 64"
            ),
            (
                "rho.train { model = model, data = web, tokens = 1e3, batch = 2, accumulate = 4 }",
                "a.lua:6: rho.train: a batch of 2 rows cannot be cut into 4 pieces (accumulate)"
            ),
            ("rho.data.jsonl { \"nowhere.jsonl\" }", "a.lua:6: rho.data.jsonl: cannot open nowhere.jsonl"),
            (
                "rho.train { model = model, data = rho.data.jsonl { \"rows.jsonl\" }, tokens = 1e3 }",
                "a.lua:6: rho.train: rows.jsonl:1"
            ),
            ("return p.sead", "a.lua:6: the experiment has no parameter 'sead' (did you mean 'seed'?)"),
            (
                "local r = rho.train { model = model, data = clean, tokens = 1e3 }\n local s = rho.score { reference = r, data = clean }\n rho.train { model = model, data = web, tokens = 1e3, select = rho.select.excess_loss { scores = s } }",
                "a.lua:8: rho.train: the scores of policy 'excess_loss-0.6' are of the corpus 'clean problems (seed 1)', the training reads 'noisy problems (seed 1)'"
            ),
            (
                "local f = rho.select.policy { weights = function(t) return t.loss:sum() end }\n rho.train { model = model, data = web, tokens = 1e3, select = f }",
                "a.lua:7: rho.train: policy 'policy': weights must return a tensor of shape"
            ),
            ("rho.score { reference = model, data = web }", "a.lua:6: rho.score: the reference has no weights"),
        ])
        func findsMistakes(_ body: String, _ sentence: String) throws {
            try program.write("rows.jsonl", "{\"txet\": \"a\"}\n")
            try program.write("a.lua", Self.frame.replacing("BODY", with: body))
            let check = try program.run("check", "a.lua")
            #expect(check.status == 1, "\(check.out)")
            #expect(check.err.hasPrefix(sentence), "\(check.err)")
        }

        @Test func endsWhereARunIsNeeded() throws {
            let body = """
                local run = rho.train { model = model, data = web, tokens = 1e3, eval = clean }
                  assert(run.final["eval/heldout/loss"] > 5)
                  print(run.model:generate { prompts = "The farm" })
                """
            try program.write("a.lua", Self.frame.replacing("BODY", with: body))
            let check = try program.run("check", "a.lua")
            #expect(check.status == 0, "\(check.err)")
            #expect(
                check.out.contains(
                    "a.lua:8: note: Model:generate: check ends here: the script uses the weights of a model, which only a run has\n"
                ), "\(check.out)")
        }

        @Test func changedParametersEndARun() throws {
            try program.write("a.lua", Self.frame.replacing("BODY", with: "p.seed = 2"))
            let run = try program.run("a.lua")
            #expect(run.status == 1)
            #expect(run.err.contains("the parameter 'seed' was changed while the experiment ran"), "\(run.err)")
        }

        @Test func configurationsAgainstARun() throws {
            try program.write("a.lua", Self.frame.replacing("BODY", with: "return p.seed"))
            _ = try program.run("a.lua", "-o", "run")
            #expect(try program.run("a.lua", "--against", "run").out == "the same as run\n")
            #expect(try program.run("a.lua", "--seed", "3", "--against", "run").out == "seed = 3  -- --seed; there 1\n")
            let missing = try program.run("a.lua", "--against", "none")
            #expect(
                missing.status == 2 && missing.err.hasPrefix("rhoscript: --against none: there is no none/config.json"))
        }
    }
}
