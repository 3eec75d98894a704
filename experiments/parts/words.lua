--- The setting that the laptop experiments share: arithmetic word problems, clean and as the web would carry them.
--
-- Every byte of the noisy text has a label, so that what selection keeps can be scored against the truth. The reference is
-- of the student's shape unless an experiment says otherwise, trained on other clean problems than those evaluated.
local rho = require "rho"
local sizes = require "parts.sizes"

local M = {}

local DEFAULTS = {
  seeds = { 3, doc = "paired seeds: weights, batch order and random selection" },
  keep = { 0.3, doc = "share of tokens that carry loss" },
  tokens = { 400e3, doc = "tokens each arm sees" },
  reference_tokens = { 400e3, doc = "tokens the reference sees" },
  noise = { 0.45, doc = "chance of another piece of noise at each gap" },
  wrong = { 0.3, doc = "share of problems with a wrong total" },
  largest = { 6, doc = "largest number in a problem" },
  documents = { 8000, doc = "noisy problems; two thirds more are clean" },
  problems = { 200, doc = "problems answered greedily at the end" },
  vocab_size = { 512, doc = "byte-level BPE vocabulary" },
  dim = { 64, doc = "model width" },
  layers = { 2, doc = "transformer blocks" },
  heads = { 4, doc = "attention heads" },
  context = { 128, doc = "tokens in a row" },
  batch = { 8, doc = "rows per step" },
  lr = { 4e-3, doc = "peak learning rate" },
}

local SMOKE = {
  seeds = 1, tokens = 6e3, reference_tokens = 6e3, documents = 120, problems = 4, vocab_size = 270, dim = 16, layers = 1,
  heads = 2, context = 32, batch = 16,
}

--- Parameters of an experiment: the shared ones, `own` beside or instead of them, and the presets with their changes.
function M.params(own, smoke, paper)
  return sizes.params(DEFAULTS, own, SMOKE, smoke, paper)
end

--- The corpora, the tokenizer and the untrained model of `p`, with train and reference on them.
function M.setting(p)
  local s = {}
  s.clean = rho.data.generate { kind = "clean", seed = 11, documents = p.documents * 5 // 3, largest = p.largest }
  s.web = rho.data.generate {
    kind = "noisy", seed = 12, documents = p.documents, largest = p.largest, noise = p.noise, wrong = p.wrong,
  }
  s.held = rho.data.generate { kind = "clean", seed = 13, documents = math.max(20, p.documents // 50), largest = p.largest }
  s.problems = rho.data.problems { seed = 14, count = p.problems, largest = p.largest }
  s.tokenizer = rho.tokenizer.train_bpe { data = { s.clean, s.web }, vocab_size = p.vocab_size, bytes = 2e6 }

  function s.architecture(dim, layers)
    return rho.model.llama {
      tokenizer = s.tokenizer, dim = dim or p.dim, layers = layers or p.layers, heads = p.heads, context = p.context,
    }
  end
  s.model = s.architecture()

  --- Noisy text that no arm trains on, for looking at its tokens again and again.
  function s.look_at(seed)
    return rho.data.generate {
      kind = "noisy", seed = seed, documents = math.max(20, p.documents // 20), largest = p.largest, noise = p.noise, wrong = p.wrong,
    }
  end

  --- Share of the problems that `model` answers rightly.
  local problems = s.problems -- all that the function needs: what it captures is a part of every key that it is in
  function s.exact_match(model)
    return rho.eval.exact_match {
      model = model, prompts = problems.prompts, answers = problems.answers, max_tokens = problems.max_tokens, stop = problems.stop,
    }.accuracy
  end

  --- Steps between evaluations for `looks` of them in a run.
  function s.every(looks) return math.max(1, math.ceil(math.ceil(p.tokens / (p.batch * p.context)) / looks)) end

  --- One training on the noisy text, evaluated on clean text; `changes` replaces options of rho.train.
  function s.train(select, seed, name, changes)
    local options = {
      name = name, model = s.model, data = s.web, tokens = p.tokens, seed = seed, lr = p.lr, batch = p.batch, select = select,
      eval = { clean = s.held }, answers = s.problems,
    }
    for key, value in pairs(changes or {}) do options[key] = value end
    return rho.train(options)
  end

  --- A reference trained on clean text, and its scores of the noisy text.
  function s.reference(changes)
    local options = { tokens = p.reference_tokens, data = s.clean }
    for key, value in pairs(changes or {}) do options[key] = value end
    return s.train(nil, 1, options.name or "reference", options)
  end

  function s.score(reference, entropy)
    return rho.score { reference = reference, data = s.web, entropy = entropy }
  end
  return s
end

return M
