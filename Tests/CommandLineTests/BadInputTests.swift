import Glibc
import RhoCore
import Testing

extension CommandLineTests {
    /// Wrong scripts and wrong data: one clear sentence, the right exit code, never a crash.
    @Suite(.serialized) struct BadInput {
        let program: Program

        init() throws { program = try Program() }

        /// Runs a script whose body is `body`, with `rho` at hand.
        private func complain(_ body: String) throws -> Outcome {
            try program.write("x.lua", "local rho = require \"rho\"\n" + body)
            return try program.run("x.lua")
        }

        private func expect(_ body: String, _ sentence: String, status: Int32 = 1) throws {
            let outcome = try complain(body)
            #expect(outcome.status == status, "\(outcome.err)")
            #expect(outcome.complaint.hasPrefix(sentence), "\(outcome.err)")
        }

        @Test func syntaxError() throws {
            try program.write("x.lua", "local x = = 3")
            let outcome = try program.run("x.lua")
            #expect(outcome.status == 1)
            #expect(outcome.err == "x.lua:1: unexpected symbol near '='\n")
        }

        @Test func undefinedGlobal() throws {
            try expect("local y = 1\nprint(yy)", "x.lua:3: ")
        }

        @Test func notAnExperiment() throws {
            try program.write("x.lua", "return 3")
            let outcome = try program.run("x.lua")
            #expect(outcome.status == 2)
            #expect(outcome.err.contains("must return an experiment"))
        }

        @Test func misspelledOption() throws {
            try expect(
                "rho.model.llama { tokenizer = rho.tokenizer.bytes(), layrs = 2 }",
                "x.lua:2: rho.model.llama: unknown option 'layrs' (did you mean 'layers'?)")
        }

        @Test func misspelledFunction() throws { try expect("rho.data.jsnol { \"a\" }", "x.lua:2: ") }

        @Test func wrongType() throws {
            try expect(
                "rho.loader { data = \"web\", tokenizer = rho.tokenizer.bytes() }",
                "x.lua:2: rho.loader: data must be a Corpus or a Tokens, got \"web\"")
        }

        @Test func keepOutOfRange() throws {
            try expect(
                "rho.select.high_loss { keep = 60 }",
                "x.lua:2: rho.select.high_loss: keep must be in [0, 1], got 60 (did you mean 0.6?)")
        }

        @Test func missingFile() throws {
            try program.write("data/train.jsonl", "{}\n")
            let outcome = try complain("rho.data.jsonl { \"data/trian.jsonl\" }")
            #expect(outcome.status == 1)
            #expect(
                outcome.err.hasPrefix(
                    "x.lua:2: rho.data.jsonl: cannot open data/trian.jsonl: No such file or directory"),
                "\(outcome.err)")
            #expect(outcome.err.contains("did you mean 'train.jsonl'?"))
        }

        @Test func brokenGzip() throws {
            let path = program.directory.file("bad.jsonl.gz")
            try Files.writeAtomically(
                path, [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] + [UInt8](repeating: 0xA5, count: 200))
            let outcome = try complain("rho.data.jsonl({ \"bad.jsonl.gz\" }):count()")
            #expect(outcome.status == 1)
            #expect(outcome.err.hasPrefix("x.lua:2: Corpus:count: bad.jsonl.gz"), "\(outcome.err)")
        }

        @Test func badLineFarIntoAFile() throws {
            var text = ""
            for line in 1...70_010 {
                text += line == 70_003 ? "{\"text\": \"broken\n" : "{\"text\": \"row \(line)\"}\n"
            }
            try program.write("rows.jsonl", text)
            let outcome = try complain("rho.data.jsonl({ \"rows.jsonl\" }):count()")
            #expect(outcome.status == 1)
            #expect(outcome.err.hasPrefix("x.lua:2: Corpus:count: rows.jsonl:70003: bad JSON"), "\(outcome.err)")
            let skipping = try complain(
                """
                local c = rho.data.jsonl { "rows.jsonl", on_bad_row = "skip" }
                local tokens = rho.data.prepare { data = c, tokenizer = rho.tokenizer.bytes() }
                print(tokens:documents())
                return rho.experiment { name = "x", run = function() return 1 end }
                """)
            #expect(skipping.status == 0, "\(skipping.err)")
            #expect(skipping.out.hasPrefix("70009\n"))
            #expect(skipping.err.contains("rows.jsonl: 1 bad row skipped"))
        }

        @Test func wrongField() throws {
            try program.write("rows.jsonl", "{\"question\": \"a\", \"answer\": \"b\"}\n")
            try expect(
                "rho.data.jsonl({ \"rows.jsonl\", text = \"{question}\\n{anser}\" }):count()",
                "x.lua:2: Corpus:count: rows.jsonl:1: the template asks for field 'anser' (did you mean 'answer'?), the row has 'question', 'answer'"
            )
        }

        @Test func emptyCorpus() throws {
            try program.write("rows.jsonl", "\n")
            try expect(
                "rho.data.prepare { data = rho.data.jsonl { \"rows.jsonl\" }, tokenizer = rho.tokenizer.bytes() }",
                "x.lua:2: rho.data.prepare: corpus rows.jsonl is empty: 0 rows read")
        }

        @Test func wrongShapeFromAPolicy() throws {
            let body = """
                local tok = rho.tokenizer.bytes()
                local data = rho.data.generate { documents = 40 }
                local model = rho.model.llama { tokenizer = tok, dim = 16, layers = 1, heads = 2, context = 16, seed = 1 }
                local policy = rho.select.policy { weights = function(t) return t.loss:sum(2) end }
                local batch = rho.loader { data = data, tokenizer = tok, batch = 4, context = 16 }:batch(1)
                policy:weights(batch, model:loss(batch))
                """
            try expect(
                body, "x.lua:7: Policy:weights: policy 'policy': weights must return a tensor of shape (4, 16), got (4)"
            )
        }

        @Test func scoresOfAnotherCorpus() throws {
            let body = """
                local tok = rho.tokenizer.bytes()
                local a, b = rho.data.generate { documents = 40, seed = 1 }, rho.data.generate { documents = 40, seed = 2 }
                local model = rho.model.llama { tokenizer = tok, dim = 16, layers = 1, heads = 2, context = 16, seed = 1 }
                local policy = rho.select.excess_loss { scores = rho.score { reference = model, data = a }, keep = 0.5 }
                local batch = rho.loader { data = b, tokenizer = tok, batch = 4, context = 16 }:batch(1)
                policy:weights(batch, model:loss(batch))
                """
            let outcome = try complain(body)
            #expect(outcome.status == 1)
            #expect(outcome.complaint.hasPrefix("x.lua:7: "), "\(outcome.err)")
            #expect(outcome.err.contains("score the corpus again"))
        }

        @Test func truncatedModel() throws {
            let body = """
                local model = rho.model.llama { tokenizer = rho.tokenizer.bytes(), dim = 16, layers = 1, heads = 2, seed = 1 }
                model:save("m")
                local file <close> = io.open("m/model.safetensors", "r+")
                file:seek("set", 0); file:write("\\255\\255\\255\\255\\255\\255\\255\\127"); file:flush()
                rho.model.load("m")
                """
            let outcome = try complain(body)
            #expect(outcome.status == 1)
            #expect(outcome.err.hasPrefix("x.lua:6: rho.model.load: m/model.safetensors: "), "\(outcome.err)")
        }

        @Test func errorsInsideLibrariesPointAtTheUsersLine() throws {
            try program.write("lib/helper.lua", "local M = {}\nfunction M.go(rho) rho.select.top(7) end\nreturn M\n")
            let outcome = try complain("require(\"lib.helper\").go(rho)")
            #expect(outcome.status == 1)
            #expect(
                outcome.err.hasPrefix("lib/helper.lua:2: rho.select.top: keep must be in [0, 1], got 7"),
                "\(outcome.err)")
        }

        @Test func nativeErrorsAreValues() throws {
            let outcome = try complain(
                """
                local ok, problem = pcall(rho.select.top, 60)
                print(ok, problem.code, problem.line, problem.message)
                return rho.experiment { name = "x", run = function() end }
                """)
            #expect(outcome.status == 0)
            #expect(
                outcome.out.hasPrefix("false\tvalue\t2\trho.select.top: keep must be in [0, 1], got 60"),
                "\(outcome.out)")
        }
    }
}
