-- Hypothesis (Rho-1, section 3.3 and figure 5): on a mixture of web text, code and maths, continued from a base model, selection
-- by excess loss under a reference trained on clean text of the same domains improves a broad set of benchmarks over full
-- training, code and maths most. At laptop size benchmarks stay near chance; losses by domain and the bits per byte of
-- right choices say more there.
local rho = require "rho"
local output = require "parts.output"
local sizes = require "parts.sizes"
local text = require "parts.text"

local TASKS = {
  "arc_easy", "arc_challenge", "piqa", "commonsense_qa", "copa", "boolq", "winogrande", "winograd_wsc", "mmlu_stem", "aqua", "mathqa",
  "bbh", "misconceptions", "strategy_qa", "strange_stories", "understanding_fables", "novel_concepts", "conceptual_combinations",
}

return rho.experiment {
  name = "general_domain",
  doc = "Figure 5: web, code and maths 6:3:1, continued from a base; benchmarks and losses by domain, base beside full, random and excess loss.",
  params = sizes.params({
    seed = { 1, doc = "weights, batch order and random selection" },
    data = { "../shared/data", doc = "folder with gsm8k/, math/, corpus/ and eval/; 'generated' needs none" },
    tasks = { TASKS, doc = "benchmarks of rho.eval.suite" },
    items = { 100, doc = "items of each benchmark" },
    weights = { { 6, 3, 1 }, doc = "web : code : maths in the corpus" },
    keep = { 0.6, doc = "share of tokens that carry loss" },
    base_tokens = { 500e3, doc = "tokens of the corpus in the base model" },
    tokens = { 1e6, doc = "tokens each arm sees after the base" },
    reference_tokens = { 1e6, doc = "clean tokens the reference sees after the base" },
    vocab_size = { 2048, doc = "byte-level BPE vocabulary" },
    dim = { 128, doc = "model width" },
    layers = { 4, doc = "transformer blocks" },
    heads = { 4, doc = "attention heads" },
    context = { 256, doc = "tokens in a row" },
    batch = { 8, doc = "rows per step" },
    lr = { 1e-3, doc = "peak learning rate" },
    eval_tokens = { 20e3, doc = "tokens of each held-out text" },
  }, nil, {
    data = "generated", tasks = { "arc_easy", "copa" }, items = 4, base_tokens = 3e3, tokens = 6e3, reference_tokens = 6e3, vocab_size = 270,
    dim = 16, layers = 1, heads = 2, context = 32, eval_tokens = 2e3,
  }, nil, { base_tokens = 3e12, tokens = 80e9, reference_tokens = 5.7e9, lr = 1e-4, items = 100000, eval_tokens = 1e6 }),
  run = function(p)
    local source = text.source(p.data)
    local enough = (p.base_tokens + p.tokens) * 3
    --- Training text, and a twentieth of the documents held out.
    local function halves(name) return source.documents(name, enough):split { held_out = 0.05 } end
    local web, web_held = halves "web"
    local code, code_held = halves "code"
    local maths, maths_held = source.documents("textbooks", enough):split { held_out = 0.5, salt = "reference" }
    maths_held = maths_held:split { held_out = 0.9, salt = "half" }
    local corpus = rho.data.mix { { web, p.weights[1] }, { code, p.weights[2] }, { maths, p.weights[3] } }
    -- Clean text for the reference: worked problems and textbooks that the corpus does not hold, and code.
    local clean = rho.data.mix {
      { source.solutions "gsm8k_train", 2 }, { source.solutions "math_train", 2 }, { maths_held, 2 }, { code, 1 },
    }
    local held = { code = code_held, gsm8k = source.solutions "gsm8k_test", math = source.solutions "math_test", web = web_held }

    local tokenizer = rho.tokenizer.train_bpe { data = { clean, corpus }, vocab_size = p.vocab_size, bytes = 20e6 }
    local model = rho.model.llama { tokenizer = tokenizer, dim = p.dim, layers = p.layers, heads = p.heads, context = p.context }
    local function train(name, changes)
      local options = {
        name = name, model = model, data = corpus, tokens = p.tokens, seed = p.seed, lr = p.lr, batch = p.batch, eval = held,
        eval_tokens = p.eval_tokens,
      }
      for key, value in pairs(changes or {}) do options[key] = value end
      return rho.train(options)
    end
    local base = train("base", { tokens = p.base_tokens })
    model = base.model
    local reference = train("reference", { data = clean, tokens = p.reference_tokens })
    local scores = rho.score { reference = reference, data = corpus }
    local arms = {
      { "base", base }, { "reference", reference }, { "full", train "full" },
      { "random", train("random", { select = rho.select.random { keep = p.keep } }) },
      { "excess-loss", train("excess-loss", { select = rho.select.excess_loss { scores = scores, keep = p.keep } }) },
    }

    local accuracy, bits, losses = { header = { "task" }, rows = {} }, { header = { "task" }, rows = {} }, { header = { "text" }, rows = {} }
    local rows = {}
    for column, arm in ipairs(arms) do
      local suite = source.suite(arm[2].model, p.tasks, p.items)
      for _, part in ipairs { accuracy, bits, losses } do part.header[column + 1] = arm[1] end
      local bits_sum = 0
      for i, row in ipairs(suite.rows) do
        accuracy.rows[i], bits.rows[i] = accuracy.rows[i] or { row.task }, bits.rows[i] or { row.task }
        accuracy.rows[i][column + 1] = ("%.1f ± %.1f"):format(100 * row.accuracy, 100 * row.stderr)
        bits.rows[i][column + 1] = ("%.3f"):format(row.bits_per_byte)
        bits_sum = bits_sum + row.bits_per_byte
      end
      local last = #p.tasks + 1
      accuracy.rows[last], bits.rows[last] = accuracy.rows[last] or { "mean" }, bits.rows[last] or { "mean" }
      accuracy.rows[last][column + 1] = ("%.1f"):format(100 * suite.mean)
      bits.rows[last][column + 1] = ("%.3f"):format(bits_sum / #p.tasks)
      local texts = {}
      for i, name in ipairs { "code", "gsm8k", "math", "web" } do
        texts[name] = arm[2].final["eval/" .. name .. "/loss"]
        losses.rows[i] = losses.rows[i] or { name }
        losses.rows[i][column + 1] = ("%.4f"):format(texts[name])
      end
      rows[column] = { arm = arm[1], tasks = suite.rows, mean = suite.mean, bits_per_byte = bits_sum / #p.tasks, losses = texts, compute = arm[2].compute }
    end
    return output.result { title = "General domain", rows = rows, sections = {
      { kind = "table", title = "Accuracy (%), ± standard error over items", header = accuracy.header, rows = accuracy.rows },
      { kind = "table", title = "Bits per byte of the right choice", header = bits.header, rows = bits.rows },
      { kind = "table", title = "Held-out loss (nats per token)", header = losses.header, rows = losses.rows,
        notes = { "One seed: differences between arms carry its noise; random against full shows how much of it there is." } },
    } }
  end,
}
