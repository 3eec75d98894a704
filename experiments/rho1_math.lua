-- Hypothesis (Rho-1, section 3.2): on a noisy corpus, a model that learns only from tokens with high excess loss under a
-- reference trained on GSM8K and MATH reaches full training's loss on GSM8K and MATH test text in fewer tokens than full
-- training, and than the same share of tokens drawn at random.
local rho = require "rho"
local output = require "parts.output"
local sizes = require "parts.sizes"
local text = require "parts.text"

return rho.experiment {
  name = "rho1_math",
  doc = "The paper's three steps on real text: reference on GSM8K + MATH, corpus = corrupted maths + web + textbooks.",
  params = sizes.params({
    seeds = { 3, doc = "paired seeds: weights, batch order and random selection" },
    data = { "../shared/data", doc = "folder with gsm8k/, math/ and corpus/; 'generated' needs none" },
    keep = { 0.6, doc = "share of tokens that carry loss" },
    tokens = { 600e3, doc = "tokens each arm sees" },
    reference_tokens = { 800e3, doc = "tokens the reference model sees" },
    base_tokens = { 0, doc = "tokens of the corpus in a base model that reference and arms continue; 0: all start from scratch" },
    noise = { 0.3, doc = "chance of another piece of noise after each sentence of GSM8K and MATH text" },
    vocab_size = { 1024, doc = "byte-level BPE vocabulary" },
    dim = { 96, doc = "model width" },
    layers = { 3, doc = "transformer blocks" },
    heads = { 4, doc = "attention heads" },
    context = { 128, doc = "tokens in a row" },
    batch = { 16, doc = "rows per step" },
    lr = { 2e-3, doc = "peak learning rate" },
    eval_tokens = { 30e3, doc = "tokens of each test text" },
    problems = { 50, doc = "GSM8K test problems answered greedily" },
    look = { 60e3, doc = "tokens of the corpus at which selection is looked at" },
  }, nil, {
    seeds = 1, data = "generated", tokens = 6e3, reference_tokens = 6e3, vocab_size = 270, dim = 16, layers = 1, heads = 2, context = 32,
    eval_tokens = 2e3, problems = 4, look = 2e3,
  }, nil, { seeds = 1, base_tokens = 3e12, eval_tokens = 1e6, problems = 1319, look = 320e3 }),
  run = function(p)
    local source = text.source(p.data)
    -- One half of the training questions for the reference, the other half, corrupted, for the corpus: a reference that
    -- had seen the corpus itself would know it by heart.
    local gsm8k, gsm8k_web = source.solutions("gsm8k_train"):split { held_out = 0.5 }
    local maths, maths_web = source.solutions("math_train"):split { held_out = 0.5 }
    local clean = rho.data.mix { { gsm8k, 1 }, { maths, 1 } }
    local enough = math.tointeger(p.tokens * 1.5 // 1) -- bytes the arms can see, so that scoring costs no more than it must
    local parts = {
      { "GSM8K, corrupted", rho.data.corrupt { data = gsm8k_web:take { bytes = enough }, seed = 5, noise = p.noise } },
      { "MATH, corrupted", rho.data.corrupt { data = maths_web:take { bytes = enough }, seed = 6, noise = p.noise } },
      { "web", source.documents("web", enough) },
      { "textbooks", source.documents("textbooks", enough) },
    }
    local equal = {}
    for i, part in ipairs(parts) do equal[i] = { part[2], 1 } end
    local web = rho.data.mix(equal)
    local held = { gsm8k = source.solutions "gsm8k_test", math = source.solutions "math_test" }
    local tests = source.answers("gsm8k_test", p.problems)

    local tokenizer = rho.tokenizer.train_bpe { data = { clean, web }, vocab_size = p.vocab_size, bytes = 20e6 }
    local model = rho.model.llama { tokenizer = tokenizer, dim = p.dim, layers = p.layers, heads = p.heads, context = p.context }
    local function train(select, seed, name, changes)
      local options = {
        name = name, model = model, data = web, tokens = p.tokens, seed = seed, lr = p.lr, batch = p.batch, select = select,
        eval = held, eval_tokens = p.eval_tokens, answers = tests,
      }
      for key, value in pairs(changes or {}) do options[key] = value end
      return rho.train(options)
    end
    if p.base_tokens > 0 then model = train(nil, 1, "base", { tokens = p.base_tokens }).model end

    -- 1. a reference model on clean text; 2. its loss of every token of the noisy text; 3. selective training
    local reference = train(nil, 1, "reference", { data = clean, tokens = p.reference_tokens })
    local scores = rho.score { reference = reference, data = web }
    local excess = rho.select.excess_loss { scores = scores, keep = p.keep }
    local runs = {}
    local result = rho.ablation {
      seeds = p.seeds, keep = p.keep, title = "Rho-1 on GSM8K and MATH text", arms = { ["excess-loss"] = excess },
      train = function(select, seed, name)
        runs[name] = train(select, seed, name)
        return runs[name]
      end,
    }

    -- Where selection looks: kept share and losses by source, as the trained models see the corpus.
    local limit = math.tointeger(p.look // #parts)
    local function losses(of)
      local list = {}
      for i, part in ipairs(parts) do list[i] = rho.analysis.observe { model = of, data = part[2], limit_tokens = limit }.loss end
      return list
    end
    local slm, full, ref = losses(runs["excess-loss-seed1"].model), losses(runs["full-seed1"].model), losses(reference.model)
    local kept = excess:apply { loss = rho.tensor.concat(slm, 1), reference_loss = rho.tensor.concat(ref, 1) }
    local cells, rows, from = {}, {}, 1
    for i, part in ipairs(parts) do
      local count = slm[i]:size(1)
      local row = {
        source = part[1], tokens = count, kept = kept:slice(from, from + count - 1):mean():item(),
        reference_loss = ref[i]:mean():item(), full_loss = full[i]:mean():item(), loss = slm[i]:mean():item(),
      }
      from, rows[i] = from + count, row
      cells[i] = { row.source, ("%d"):format(count), ("%.3f"):format(row.kept) }
      for _, key in ipairs { "reference_loss", "full_loss", "loss" } do table.insert(cells[i], ("%.3f"):format(row[key])) end
    end

    local sections = output.ablation(result)
    local second = output.paired { runs = runs, seeds = p.seeds, tag = "eval/math/loss", arms = { "full", ("random-%.4g"):format(p.keep), "excess-loss" } }
    sections[#sections + 1] = { kind = "table", title = "Loss on MATH text", header = second.header, rows = second.cells }
    sections[#sections + 1] = {
      kind = "table", title = "Selection by source at the end, first seed", rows = cells,
      header = { "source", "tokens", "kept", "reference loss", "loss of full", "loss of excess-loss" },
    }
    return output.result { title = "Rho-1 on GSM8K and MATH text", sections = sections,
      rows = { arms = result.rows, math = second.rows, sources = rows } }
  end,
}
