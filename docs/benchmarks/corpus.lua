-- A corpus far larger than memory, all the way: tokenised, read in order and shuffled, scored in part, trained on.
-- After each part the most memory it had resident and how much of that is pages of files go into params.result.
-- `rhobench corpus --gigabytes N` makes the corpus and runs this.
local rho = require "rho"

return rho.experiment {
  name = "corpus",
  params = { corpus = "", result = "", vocab = 8192, batch = 16, context = 128, steps = 10, seed = 1 },
  run = function(p)
    local parts, began = {}, rho.time()

    local function kib(name)
      local file <close> = assert(io.open("/proc/self/status"))
      return tonumber(file:read("a"):match(name .. ":%s+(%d+)"))
    end

    local function mark(part, amount, unit)
      local seconds = rho.time() - began
      parts[#parts + 1] = {
        part = part, seconds = seconds, rate = amount and amount / seconds, unit = unit,
        peak_mib = kib("VmHWM") / 1024, file_mib = kib("RssFile") / 1024,
      }
      -- The kernel starts its count of the most memory anew.
      local file = io.open("/proc/self/clear_refs", "w")
      if file then file:write("5") file:close() end
      -- Written after every part, so that a run cut short still has its figures.
      local result <close> = assert(io.open(p.result, "w"))
      result:write(rho.json.encode(parts))
      began = rho.time()
    end

    local web = rho.data.jsonl { p.corpus }
    local tok = rho.tokenizer.train_bpe { data = web, vocab_size = p.vocab, bytes = 32000000 }
    mark("learn a tokenizer from 32 MB", 32, "MB/s")

    local tokens = rho.data.prepare { data = web, tokenizer = tok }
    mark("tokenise and store", tokens:bytes() / 1e6, "MB/s")

    local wide = 64
    local ordered = rho.loader { data = tokens, batch = wide, context = p.context, order = "sequential" }
    for batch in ordered:steps(ordered:steps_per_pass()) do assert(batch.tokens > 0) end
    mark("read every batch in order", tokens:count() / 1e6, "million tokens/s")

    local shuffled = rho.loader { data = tokens, batch = wide, context = p.context, seed = p.seed }
    local n = math.min(20000, ordered:steps_per_pass())
    for batch in shuffled:steps(n) do assert(batch.tokens > 0) end
    mark("read shuffled batches", n * wide * p.context / 1e6, "million tokens/s")

    local model = rho.model.llama { tokenizer = tok, dim = 64, layers = 2, heads = 2, context = p.context, seed = p.seed }
    local some = web:take { bytes = 500000 }
    local scores = rho.score { reference = model, data = some }
    mark("score 0.5 MB", 0.5, "MB/s")

    local budget = p.steps * p.batch * p.context
    rho.train {
      model = model, data = some, tokens = budget, batch = p.batch, seed = p.seed, name = "scored",
      select = rho.select.excess_loss { scores = scores, keep = 0.6 },
    }
    mark("train on what was scored", budget, "tokens/s")

    rho.train {
      model = model, data = web, tokens = budget, batch = p.batch, seed = p.seed, name = "whole",
      select = rho.select.high_loss { keep = 0.6 },
    }
    mark("train on all of it", budget, "tokens/s")
  end,
}
