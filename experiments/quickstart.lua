-- Hypothesis: on text that is two thirds web noise, training on the 60 % of tokens with the highest excess loss reaches the
-- clean held-out loss of full training in fewer tokens, and a random 60 % does not.
local rho = require "rho"

return rho.experiment {
  name = "quickstart",
  doc = "Selective language modelling against full and random training, on generated word problems with web noise.",
  params = {
    seed = { 1, doc = "weights, batch order and random selection" },
    keep = { 0.6, doc = "share of tokens that carry loss" },
    tokens = { 600e3, doc = "tokens each arm sees" },
    reference_tokens = { 600e3, doc = "tokens the reference model sees" },
    noise = { 0.45, doc = "chance of another piece of noise at each gap" },
    wrong = { 0.2, doc = "share of problems with a wrong total" },
    largest = { 12, doc = "largest number in a problem" },
    dim = { 128, doc = "model width" },
    layers = { 3, doc = "transformer blocks" },
    lr = { 2e-3, doc = "peak learning rate" },
    documents = { 7000, doc = "noisy problems; three times as many are clean" },
    preset = { "laptop", doc = "smoke (seconds) or laptop (minutes)", presets = {
      smoke = { tokens = 6e3, reference_tokens = 6e3, documents = 200, dim = 16, layers = 1 },
    } },
  },
  run = function(p)
    local clean = rho.data.generate { kind = "clean", seed = 11, documents = 3 * p.documents, largest = p.largest }
    local web = rho.data.generate {
      kind = "noisy", seed = 12, documents = p.documents, largest = p.largest, noise = p.noise, wrong = p.wrong,
    }
    local held = rho.data.generate { kind = "clean", seed = 13, documents = 400, largest = p.largest }
    local problems = rho.data.problems { seed = 14, count = 200, largest = p.largest }

    local tokenizer = rho.tokenizer.train_bpe { data = { clean, web }, vocab_size = 512, bytes = 2e6 }
    local model = rho.model.llama { tokenizer = tokenizer, dim = p.dim, layers = p.layers, heads = 4, context = 128 }

    local function train(name, data, tokens, select)
      return rho.train {
        name = name, model = model, data = data, tokens = tokens, seed = p.seed, lr = p.lr, batch = 8,
        select = select, eval = { clean = held }, answers = problems,
      }
    end

    -- 1. a reference model on clean text; 2. its loss of every token of the noisy text; 3. selective training
    local reference = train("reference", clean, p.reference_tokens)
    local scores = rho.score { reference = reference, data = web }
    local clm = train("clm", web, p.tokens)
    local slm = train("slm", web, p.tokens, rho.select.excess_loss { scores = scores, keep = p.keep })
    local random = train("random", web, p.tokens, rho.select.random { keep = p.keep })

    return rho.compare {
      clm = clm, slm = slm, random = random, baseline = "clm", reference = reference, keep = p.keep,
      title = "Quickstart: clean held-out loss",
      texts = {
        "The farm has 35 hens <Apr12 1:24> and 12 pigs. ##davidjl123 says totaling 47 animals.\n",
        "The farm has 5 hens <Apr12 1:24> and 2 pigs. ##davidjl123 says How many in total? 5+2=7. Answer: 7\n",
      },
    }
  end,
}
