import RhoCore
import RhoTraining

/// Whole experiments that take about half a second: tokenizer, reference, scores, two arms.
enum TinyExperiment {
    /// The last arm's policy is a Lua function with a memory of its own that draws from math.random.
    static let stateful = source.replacing(
        "rho.select.excess_loss { scores = scores, keep = p.keep })",
        with: """
            rho.select.policy {
                  name = "moody", scores = scores,
                  weights = function(t)
                    memory.calls = (memory.calls or 0) + 1
                    memory.mean = (memory.mean or 0) * 0.9 + t.loss:mean():item() * 0.1
                    local excess = t.loss - t.reference_loss
                    return (excess * (memory.mean + math.random())):sigmoid():detach()
                  end,
                }, memory)
            """
    ).replacing(
        "local function train(name, data, select)",
        with: "local memory = {}\n    local function train(name, data, select, state)"
    )
    .replacing("select = select,", with: "select = select, state = state,")

    static let source = """
        local rho = require "rho"
        return rho.experiment {
          name = "tiny", params = { seed = 1, keep = 0.6, lr = 1e-2, tokens = 16e3 },
          run = function(p)
            local clean = rho.data.generate { kind = "clean", seed = 11, documents = 200 }
            local web = rho.data.generate { kind = "noisy", seed = 12, documents = 200 }
            local held = rho.data.generate { kind = "clean", seed = 13, documents = 20 }
            local tokenizer = rho.tokenizer.train_bpe { data = { clean, web }, vocab_size = 300 }
            local model = rho.model.llama { tokenizer = tokenizer, dim = 32, layers = 1, heads = 2, context = 32 }
            local function train(name, data, select)
              return rho.train {
                name = name, model = model, data = data, tokens = p.tokens, seed = p.seed, lr = p.lr, batch = 8,
                select = select, eval = { clean = held }, checkpoint_every = 2,
              }
            end
            local reference = train("reference", clean)
            local scores = rho.score { reference = reference, data = web }
            local slm = train("slm", web, rho.select.excess_loss { scores = scores, keep = p.keep })
            return ("%.17g"):format(slm.final["eval/clean/loss"])
          end,
        }
        """

    /// What must be the same bits in two runs: metrics without perf/ and the last checkpoint of every arm.
    static func content(_ run: String) throws -> [String: String] {
        var content: [String: String] = [:]
        for arm in try Files.list(run) where Files.exists("\(run)/\(arm)/metrics.jsonl") {
            content["\(arm) metrics"] = try MetricsLog.read("\(run)/\(arm)/metrics.jsonl").map { record in
                let values = record.values.pairs.filter { !$0.key.hasPrefix("perf/") }
                return
                    "\(record.step) \(record.tokens) \(JSON.object(JSONObject(values.map { ($0.key, $0.value) })).canonical)"
            }.joined(separator: "\n")
            let latest = try Files.readText("\(run)/\(arm)/checkpoints/latest").filter { $0 != "\n" }
            let place = "\(run)/\(arm)/checkpoints/\(latest)"
            // Position in the data, random streams, guard, policy and the script's own state; not what it cost.
            var state = try JSON.parse(try Files.readText("\(place)/trainer_state.json"))
            var values = state["values"]?["state"]?.objectValue ?? JSONObject()
            values["seconds"] = nil
            state["values"] = .object(values)
            content["\(arm) state"] = state.canonical
            for name in ["model.safetensors", "optimizer.safetensors"] {
                content["\(arm) \(name)"] = SHA256Hasher.hex(
                    of: try Files.read("\(run)/\(arm)/checkpoints/\(latest)/\(name)"))
            }
        }
        return content
    }
}
