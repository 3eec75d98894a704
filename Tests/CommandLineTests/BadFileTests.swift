import RhoCore
import RhoData
import Testing

extension CommandLineTests {
    /// Files that were sound once, and artifacts that do not belong together.
    @Suite(.serialized) struct BadFiles {
        let program: Program

        init() throws { program = try Program() }

        private static let parts = """
            local tok = rho.tokenizer.bytes()
            local web = rho.data.generate { documents = 40, seed = 1 }
            local function model(seed) return rho.model.llama { tokenizer = tok, dim = 16, layers = 1, heads = 2, context = 16, seed = seed } end
            """

        /// The complaint of a script; its body begins in line 5.
        private func complaint(_ body: String) throws -> String {
            try program.write("x.lua", "local rho = require \"rho\"\n\(Self.parts)\n\(body)\n")
            let outcome = try program.run("x.lua")
            #expect(outcome.status == 1, "\(outcome.err)")
            #expect(outcome.complaint.split(separator: "\n").count <= 2, "\(outcome.complaint)")
            return outcome.complaint
        }

        @Test func scoresOfAnotherTokenizer() throws {
            let text = try complaint(
                """
                local other = rho.tokenizer.train_bpe { data = web, vocab_size = 300 }
                local scores = rho.score { reference = model(1), data = web }
                local learner = rho.model.llama { tokenizer = other, dim = 16, layers = 1, heads = 2, context = 16 }
                return rho.experiment { name = "x", run = function()
                  rho.train { model = learner, data = web, tokens = 100, select = rho.select.excess_loss { scores = scores, keep = 0.5 } }
                end }
                """)
            #expect(text.hasPrefix("x.lua:9: "), "\(text)")
            #expect(text.contains("the scores were made with tokenizer "), "\(text)")
        }

        /// Scores that came as a file are held to the reference and the tokenizer that they are to stand for.
        @Test func aFileOfScoresOfAnotherReference() throws {
            let text = try complaint(
                """
                local scores = rho.score { reference = model(1), data = web }
                assert(rho.score({ reference = model(1), data = web, file = scores:path() }):path() == scores:path())
                rho.score { reference = model(2), data = web, file = scores:path() }
                """)
            #expect(text.hasPrefix("x.lua:7: rho.score: "), "\(text)")
            #expect(text.contains("the scores were made by reference "), "\(text)")
            #expect(text.contains(", but the reference in use is "), "\(text)")
            #expect(text.hasSuffix("; score the corpus again"), "\(text)")
        }

        @Test func aFileOfScoresOfAnotherTokenizer() throws {
            let text = try complaint(
                """
                local scores = rho.score { reference = model(1), data = web }
                local other = rho.tokenizer.train_bpe { data = web, vocab_size = 300 }
                local second = rho.model.llama { tokenizer = other, dim = 16, layers = 1, heads = 2, context = 16, seed = 1 }
                rho.score { reference = second, data = web, file = scores:path() }
                """)
            #expect(text.hasPrefix("x.lua:8: rho.score: "), "\(text)")
            #expect(text.contains("the scores were made with tokenizer "), "\(text)")
            #expect(text.contains(", but the corpus is tokenised with "), "\(text)")
        }

        @Test func trainingOutsideARun() throws {
            let text = try complaint("rho.train { model = model(1), data = web, tokens = 100 }")
            #expect(
                text
                    == "x.lua:5: rho.train writes into a run directory, and none is open: call it inside the function that rho.experiment gets as run",
                "\(text)")
        }

        @Test func scoresOnOtherRows() throws {
            let text = try complaint(
                """
                local scores = rho.score { reference = model(1), data = web, context = 8 }
                local policy = rho.select.excess_loss { scores = scores, keep = 0.5 }
                local batch = rho.loader { data = web, tokenizer = tok, batch = 2, context = 16 }:batch(1)
                policy:weights(batch, model(1):loss(batch))
                """)
            #expect(text.hasPrefix("x.lua:8: "), "\(text)")
            #expect(text.contains("the scores were made on rows of 8 tokens, but the rows in use have 16"), "\(text)")
        }

        @Test func aLossOfTheWrongShape() throws {
            let text = try complaint(
                """
                local batch = rho.loader { data = web, tokenizer = tok, batch = 2, context = 16 }:batch(1)
                local loss = model(1):loss(batch)
                local mine = (loss * rho.tensor.zeros { 3, 16 }):sum()
                """)
            #expect(text.hasPrefix("x.lua:7: Tensor *: "), "\(text)")
            #expect(text.contains("(2, 16)") && text.contains("(3, 16)"), "\(text)")
        }

        @Test func gzipThatEndsTooSoon() throws {
            let whole = try gzip(String(repeating: "{\"text\": \"some words of a row\"}\n", count: 5000))
            try Files.writeAtomically(program.directory.file("cut.jsonl.gz"), Array(whole.dropLast(whole.count / 2)))
            let text = try complaint("rho.data.jsonl({ \"cut.jsonl.gz\" }):count()")
            #expect(text.hasPrefix("x.lua:5: Corpus:count: cut.jsonl.gz"), "\(text)")
            #expect(text.contains("cut off") || text.contains("ends"), "\(text)")
        }

        private func gzip(_ text: String) throws -> [UInt8] {
            try program.write("plain", text)
            #expect(Shell.run(["gzip", "-kf", program.directory.file("plain")]) == 0)
            return try Files.read(program.directory.file("plain.gz"))
        }

        /// A bad row that far into a packed file is found by its number too.
        @Test func badLineFarIntoAPackedFile() throws {
            var text = ""
            for line in 1...70_010 { text += line == 70_003 ? "{\"text\": 1\n" : "{\"text\": \"\(line)\"}\n" }
            try Files.writeAtomically(program.directory.file("rows.jsonl.gz"), try gzip(text))
            let found = try complaint("rho.data.jsonl({ \"rows.jsonl.gz\" }):count()")
            #expect(found.hasPrefix("x.lua:5: Corpus:count: rows.jsonl.gz:70003: "), "\(found)")
        }

        /// Whatever a file of a checkpoint lost, the one before it is used and the run says so.
        @Test func aTruncatedCheckpointIsPassedOver() throws {
            try program.write("tiny.lua", TinyExperiment.source)
            #expect(try program.run("tiny.lua", "--out", "whole", "--progress", "none").status == 0)
            let whole = try TinyExperiment.content(program.directory.file("whole"))
            for name in ["model.safetensors", "optimizer.safetensors", "trainer_state.json"] {
                let cache = program.directory.file("cache-\(name)")
                let root = program.directory.file("\(name)/slm/checkpoints")
                func checkpoints() -> [String] {
                    ((try? Files.list(root)) ?? []).filter { $0.hasPrefix("step-") && !$0.contains(".") }
                }
                let cut = try program.run(
                    ["tiny.lua", "--out", name, "--cache", cache], signal: 9, moment: { checkpoints().count >= 2 })
                #expect(cut.status == 137)
                let newest = try #require(checkpoints().max())
                let file = "\(root)/\(newest)/\(name)"
                let bytes = try Files.read(file)
                try Files.writeAtomically(file, Array(bytes.prefix(bytes.count / 2)))
                let resumed = try program.run("tiny.lua", "--out", name, "--cache", cache)
                #expect(resumed.status == 0, "\(resumed.err)")
                #expect(resumed.err.contains("\(newest) cannot be used and is passed over: "), "\(resumed.err)")
                #expect(try TinyExperiment.content(program.directory.file(name)) == whole)
            }
        }

        @Test func aCheckpointWithoutItsHalf() throws {
            let text = try complaint(
                """
                model(1):save("m")
                local rest = io.open("m/model.safetensors", "rb"):read("a")
                local file = io.open("m/model.safetensors", "wb") file:write(rest:sub(1, #rest // 2)) file:close()
                rho.model.load("m")
                """)
            #expect(text.hasPrefix("x.lua:8: rho.model.load: m/model.safetensors: truncated: "), "\(text)")
        }

        @Test(arguments: [
            ("{\"model_type\": \"mamba\"}", "m/config.json: "), ("{", "m/config.json: "),
            ("{\"model_type\": \"llama\", \"hidden_size\": 1000000000000}", "m/config.json: "),
            (
                """
                {"model_type":"qwen3","hidden_size":8,"intermediate_size":16,"num_hidden_layers":1,"num_attention_heads":2,
                 "num_key_value_heads":1,"head_dim":268435456,"vocab_size":16}
                """, "m/config.json: head_width must be at most 65536, got 268435456"
            ),
        ])
        func configurationsThatCannotBe(_ config: String, _ place: String) throws {
            try program.write("m/config.json", config)
            let text = try complaint("rho.model.load(\"m\")")
            #expect(text.hasPrefix("x.lua:5: rho.model.load: \(place)"), "\(text)")
        }
    }
}
