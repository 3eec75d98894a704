import RhoCore
import RhoTraining
import Testing

extension CommandLineTests {
    /// Whole experiments: run directories, streams, parameters, and the same bits whatever the number of threads.
    @Suite(.serialized) struct Runs {
        let program: Program

        init() throws {
            program = try Program()
            try program.write("x.lua", Self.script)
        }

        static let script = """
            local rho = require "rho"
            return rho.experiment {
              name = "tiny", params = { seed = 1, keep = 0.5, tokens = 4096, tied = true },
              run = function(p)
                local tok = rho.tokenizer.bytes()
                local model = rho.model.llama { tokenizer = tok, dim = 32, layers = 1, heads = 2, context = 32, tied = p.tied }
                local clean = rho.data.generate { kind = "clean", documents = 60 }
                local web = rho.data.generate { kind = "noisy", seed = 2, documents = 80 }
                local held = rho.data.generate { kind = "clean", seed = 3, documents = 20 }
                local function train(name, data, select)
                  return rho.train { name = name, model = model, data = data, tokens = p.tokens, seed = p.seed, batch = 8,
                    select = select, eval = { clean = held } }
                end
                local reference = train("reference", clean)
                local scores = rho.score { reference = reference, data = web }
                return rho.compare {
                  clm = train("clm", web), slm = train("slm", web, rho.select.excess_loss { scores = scores, keep = p.keep }),
                  baseline = "clm", reference = reference, texts = { "3+4=7." },
                }
              end,
            }
            """

        /// Arms of equal cost: what reference and scoring took is not there to be trained with.
        @Test func aBudgetOfOperations() throws {
            try program.write(
                "budget.lua",
                """
                local rho = require "rho"
                return rho.experiment { name = "budget", params = { seed = 1 }, run = function()
                  local web = rho.data.generate { documents = 60, seed = 1 }
                  local model = rho.model.llama { tokenizer = rho.tokenizer.bytes(), dim = 16, layers = 1, heads = 2, context = 16 }
                  local function train(name, options)
                    options.name, options.model, options.data, options.batch = name, model, web, 4
                    return rho.train(options)
                  end
                  local reference = train("reference", { tokens = 200 })
                  local scores = rho.score { reference = reference, data = web }
                  local policy = rho.select.excess_loss { scores = scores, keep = 0.5 }
                  local step = model:flops_per_token(16) * 4 * 16
                  local before = reference.compute.training + scores:flops()
                  local clm = train("clm", { flops = before + 10.5 * step })
                  local slm = train("slm", { flops = before + 10.5 * step, select = policy })
                  assert(clm.steps == math.floor(before / step + 10.5) and slm.steps == 10, clm.steps .. " " .. slm.steps)
                  print(select(2, pcall(train, "poor", { flops = before, select = policy })))
                  print(select(2, pcall(train, "both", { flops = 1e9, tokens = 100 })))
                end }
                """)
            let outcome = try program.run("budget.lua", "--progress", "none")
            #expect(outcome.status == 0, "\(outcome.err)")
            let lines = outcome.out.split(separator: "\n")
            #expect(lines.count == 3, "\(outcome.out)")
            #expect(
                lines[0].contains(" operations do not pay for a step of 64 tokens: reference and scoring took "),
                "\(lines)")
            #expect(
                lines[1].hasSuffix("rho.train: give tokens, how many to see, or flops, how many operations to spend"),
                "\(lines)")
        }

        @Test func anExperimentLeavesARunDirectory() throws {
            let outcome = try program.run(
                "x.lua", "keep=0.25", "--set", "tokens=2048", "--out", "run", "--progress", "none")
            #expect(outcome.status == 0, "\(outcome.err)")
            #expect(outcome.out.contains("slm") && outcome.out.contains("run directory: run\n"))
            for name in [
                "run.json", "config.json", "summary.json", "report.html", "source/x.lua", "slm/metrics.jsonl",
                "clm/summary.json",
            ] {
                #expect(Files.exists(program.directory.file("run/\(name)")), "\(name)")
            }
            let manifest = try JSON.parse(try program.read("run/run.json"))
            #expect(manifest["config"]?["keep"]?.doubleValue == 0.25)
            #expect(manifest["ended"]?.stringValue == "done")
            #expect((manifest["tokens_seen"]?.intValue ?? 0) >= 3 * 2000)
            // What the results cost, apart: two arms, the reference they were chosen with, its pass over the corpus.
            let compute = Compute(json: manifest["compute"] ?? .null)
            #expect(compute[.referenceTraining].tokens > 2000 && compute[.training].tokens > 4000)
            #expect(compute[.referenceTraining].flops > 0 && compute[.scoring].flops > 0)
            #expect(compute[.training].flops == 2 * compute[.referenceTraining].flops)
            #expect(try JSON.parse(try program.read("run/overrides.json"))["keep"]?.stringValue == "--set")
        }

        @Test func jsonIsTheOnlyOutput() throws {
            let outcome = try program.run("x.lua", "--set", "tokens=1024", "--json", "--progress=json")
            #expect(outcome.status == 0, "\(outcome.err)")
            let document = try JSON.parse(outcome.out)
            #expect(document["experiment"]?.stringValue == "tiny")
            #expect(document["table"]?.arrayValue?.count == 2)
            for line in outcome.err.split(separator: "\n") where line.hasPrefix("{") {
                _ = try JSON.parse(String(line))
            }
        }

        @Test func theNumberOfThreadsChangesNoBit() throws {
            var seen: [[String]] = []
            for threads in ["1", "2", "3"] {
                let out = "threads-\(threads)"
                let outcome = try program.run(
                    "x.lua", "--out", out, "--threads", threads, "--cache", program.directory.file("cache-\(threads)"))
                #expect(outcome.status == 0, "\(outcome.err)")
                var files: [String] = []
                for arm in ["reference", "clm", "slm"] {
                    files.append(try Self.reproducible(try program.read("\(out)/\(arm)/metrics.jsonl")))
                    let weights = try Files.read(
                        program.directory.file("\(out)/\(arm)/checkpoints/step-000016/model.safetensors"))
                    files.append(SHA256Hasher.hex(of: weights))
                }
                seen.append(files)
            }
            #expect(seen[0] == seen[1])
            #expect(seen[0] == seen[2])
        }

        /// Metrics without what depends on the clock or the machine.
        private static func reproducible(_ text: String) throws -> String {
            try text.split(separator: "\n").map { line in
                guard let object = try JSON.parse(String(line)).objectValue else { return String(line) }
                let kept = object.pairs.filter { !$0.key.hasPrefix("perf/") }
                return JSON.object(JSONObject(kept.map { ($0.key, $0.value) })).serialized()
            }.joined(separator: "\n")
        }

        /// The loop written out in a script gives the same bits as rho.train with the same parts.
        @Test func theLoopWrittenOutGivesTheSameBits() throws {
            try program.write(
                "loop.lua",
                """
                local rho = require "rho"
                return rho.experiment {
                  name = "loop", params = { seed = 1 },
                  run = function(p)
                    local tok = rho.tokenizer.bytes()
                    local model = rho.model.llama { tokenizer = tok, dim = 32, layers = 1, heads = 2, context = 32 }
                    local data = rho.data.generate { kind = "noisy", documents = 60 }
                    local policy = rho.select.high_loss { keep = 0.5 }
                    local schedule = rho.optim.constant { peak = 1e-3 }
                    local run = rho.train {
                      name = "a", model = model, data = data, tokens = 20 * 8 * 32, batch = 8, seed = p.seed, select = policy, schedule = schedule,
                    }
                    local own = model:start(p.seed)
                    local loader = rho.loader { data = data, tokenizer = tok, batch = 8, context = 32, seed = p.seed }
                    local optimiser = rho.optim.adamw { model = own }
                    for batch in loader:steps(20) do
                      local loss = own:loss(batch)
                      local w, total = policy:weights(batch, loss);
                      ((loss * w):sum() / total):backward()
                      optimiser:step { lr = schedule(batch.step), clip = 1.0 }
                    end
                    print(run.model:fingerprint() == own:fingerprint())
                  end,
                }
                """)
            let outcome = try program.run("loop.lua", "--out", "loop", "--progress", "none")
            #expect(outcome.status == 0, "\(outcome.err)")
            #expect(outcome.out.hasPrefix("true\n"), "\(outcome.out)")
        }

        @Test(arguments: [
            (
                ["--set", "kep=0.3"],
                "rhoscript: --set kep=0.3: this experiment has no parameter 'kep' (did you mean 'keep'?)"
            ),
            (["--set", "keep=lots"], "rhoscript: --set keep=lots: keep is a number (default 0.5)"),
            (["--set", "tied=maybe"], "rhoscript: --set tied=maybe: tied is true or false"),
        ])
        func parametersAreChecked(_ arguments: [String], _ sentence: String) throws {
            let outcome = try program.run(["x.lua"] + arguments)
            #expect(outcome.status == 2)
            #expect(outcome.err.hasPrefix(sentence), "\(outcome.err)")
        }

        @Test func anotherRunsDirectoryIsRefused() throws {
            #expect(try program.run("x.lua", "--set", "tokens=1024", "--out", "run").status == 0)
            let other = try program.run("x.lua", "--set", "tokens=2048", "--out", "run")
            #expect(other.status == 2)
            #expect(other.err.contains("holds another run: tokens: 1024 -> 2048"), "\(other.err)")
            try program.write("full/file.txt", "x")
            let full = try program.run("x.lua", "--out", "full")
            #expect(full.err.contains("is not empty and holds no run"), "\(full.err)")
        }

        @Test func specsRun() throws {
            try program.write(
                "tests/a_spec.lua",
                """
                describe("sums", function()
                  it("add", function() expect.equal(1 + 1, 2) end)
                  it("fail", function() expect.equal({ 1 }, { 2 }) end)
                end)
                """)
            let outcome = try program.run("test")
            #expect(outcome.status == 1)
            #expect(
                outcome.out == """
                    TAP version 13
                    ok 1 - sums add
                    not ok 2 - sums fail
                    # tests/a_spec.lua:3: expected { 2 }, got { 1 }
                    1..2
                    # 1 passed, 1 failed

                    """, "\(outcome.out)")
            #expect(try program.run("test", "nowhere").status == 2)
        }
    }
}
