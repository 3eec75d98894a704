-- Hypothesis (Rho-1, section 3.2): continued on a noisy corpus, a model that learns only from tokens with high excess
-- loss under a reference trained on GSM8K and MATH reaches full training's loss on GSM8K and MATH test text in fewer
-- tokens than full training, and than the same share of tokens drawn at random.
local rho = require "rho"

return rho.experiment {
  name = "rho1_math",
  doc = "The paper's three steps on real text: reference on GSM8K + MATH, corpus = corrupted maths + web + textbooks.",
  params = {
    seed = { 1, doc = "weights, batch order and random selection" },
    data = { "../shared/data", doc = "folder with gsm8k/, math/ and corpus/" },
    keep = { 0.6, doc = "share of tokens that carry loss" },
    tokens = { 1.5e6, doc = "tokens each arm sees" },
    reference_tokens = { 1.5e6, doc = "tokens the reference model sees" },
    noise = { 0.3, doc = "chance of another piece of noise after each sentence of GSM8K and MATH text" },
    vocab_size = { 4096, doc = "byte-level BPE vocabulary" },
    dim = { 192, doc = "model width" },
    layers = { 4, doc = "transformer blocks" },
    context = { 256, doc = "tokens in a row" },
    lr = { 1e-3, doc = "peak learning rate" },
    problems = { 100, doc = "GSM8K test problems answered greedily" },
  },
  run = function(p)
    local function questions(path)
      return rho.data.jsonl { p.data .. path, text = "{question}\n{solution}\n" }
    end
    local function documents(path) -- as much as the arms can see, so that scoring costs no more than it must
      return rho.data.jsonl({ p.data .. path, text = "{text}\n" }):take { bytes = p.tokens * 1.5 }
    end
    -- one half of the training questions for the reference, the other half, corrupted, for the corpus: a reference that
    -- had seen the corpus itself would know it by heart
    local gsm8k, gsm8k_web = questions("/gsm8k/train.jsonl.gz"):split { held_out = 0.5 }
    local maths, maths_web = questions("/math/train.jsonl.gz"):split { held_out = 0.5 }
    local clean = rho.data.mix { { gsm8k, 1 }, { maths, 1 } }
    local web = rho.data.mix {
      { rho.data.corrupt { data = gsm8k_web, seed = 5, noise = p.noise }, 1 },
      { rho.data.corrupt { data = maths_web, seed = 6, noise = p.noise }, 1 },
      { documents "/corpus/noisy_web.jsonl.gz", 1 },
      { documents "/corpus/clean_math.jsonl.gz", 1 },
    }
    local held = { gsm8k = questions "/gsm8k/test.jsonl", math = questions "/math/math500.jsonl" }
    local tests = rho.data.answers { p.data .. "/gsm8k/test.jsonl", prompt = "{question}\n", answer = "{answer}", limit = p.problems }

    local tokenizer = rho.tokenizer.train_bpe { data = { clean, web }, vocab_size = p.vocab_size, bytes = 20e6 }
    local model = rho.model.llama {
      tokenizer = tokenizer, dim = p.dim, layers = p.layers, heads = 6, context = p.context,
    }
    local function train(name, data, tokens, select)
      return rho.train {
        name = name, model = model, data = data, tokens = tokens, seed = p.seed, lr = p.lr, batch = 16,
        select = select, eval = held, eval_tokens = 50e3, answers = tests,
      }
    end

    local reference = train("reference", clean, p.reference_tokens)
    local scores = rho.score { reference = reference, data = web }
    return rho.compare {
      clm = train("clm", web, p.tokens),
      slm = train("slm", web, p.tokens, rho.select.excess_loss { scores = scores, keep = p.keep }),
      random = train("random", web, p.tokens, rho.select.random { keep = p.keep }),
      baseline = "clm", reference = reference, keep = p.keep, title = "Rho-1 on GSM8K and MATH text",
      texts = {
        "Natalia sold clips to 48 of her friends in April, <Apr12 1:24> and then she sold half as many clips in May.\n"
          .. "##davidjl123 says Natalia sold 48/2 = 24 clips in May.\n",
      },
    }
  end,
}
