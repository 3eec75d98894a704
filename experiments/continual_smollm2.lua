-- Hypothesis (Rho-1, section 3): a pretrained model that continues on a noisy corpus gains more on the reference's domain
-- when only tokens of high excess loss carry loss than under full training, and than with as many tokens at random.
--
-- The model is SmolLM2-135M-Instruct as `make test-models` fetches it, or any local model directory or .gguf file.
local rho = require "rho"
local output = require "parts.output"
local sizes = require "parts.sizes"
local text = require "parts.text"

--- The model to continue; "tiny" is a fresh one that needs no file.
local function base(p)
  if p.model ~= "tiny" then return rho.model.load(p.model) end
  return rho.model.llama { tokenizer = rho.tokenizer.bytes(), dim = 16, layers = 1, heads = 2, context = 64, seed = 1 }
end

return rho.experiment {
  name = "continual_smollm2",
  doc = "The paper's recipe on a pretrained model: reference fine-tuned on GSM8K + MATH, scores on a noisy corpus, SLM against CLM and random.",
  params = sizes.params({
    model = { ".models/smollm2.gguf", doc = "model directory or .gguf file; 'tiny' needs none" },
    data = { "../shared/data", doc = "folder with gsm8k/, math/ and corpus/; 'generated' needs none" },
    seeds = { 1, doc = "paired seeds: batch order and random selection" },
    keep = { 0.6, doc = "share of tokens that carry loss" },
    tokens = { 100e3, doc = "tokens each arm sees" },
    reference_tokens = { 100e3, doc = "tokens the reference model sees" },
    noise = { 0.3, doc = "chance of another piece of noise after each sentence of GSM8K and MATH text" },
    context = { 256, doc = "tokens in a row" },
    batch = { 8, doc = "rows per step" },
    accumulate = { 2, doc = "pieces a batch is cut into to save memory" },
    lr = { 5e-5, doc = "peak learning rate" },
    lora_rank = { 0, doc = "rank of adapters on every matrix; 0 trains the whole model" },
    eval_tokens = { 10e3, doc = "tokens of each test text" },
    looks = { 20, doc = "times that a run is held against the test texts" },
  }, nil, {
    model = "tiny", data = "generated", tokens = 4e3, reference_tokens = 4e3, context = 32, batch = 8, lr = 1e-2, eval_tokens = 1e3,
  }, { lora_rank = 2 }, { seeds = 1, accumulate = 64, eval_tokens = 1e6 }),
  run = function(p)
    local source = text.source(p.data)
    local model = base(p)
    if p.lora_rank > 0 then
      model = model:lora {
        rank = p.lora_rank, targets = { "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj" },
      }
    end
    -- The model as it came, the reference and the arm in training are held at the same time.
    print("memory: " .. model:memory {
      batch = math.ceil(p.batch / p.accumulate), context = p.context, copies = 2, require = true,
    }.text)

    -- One half of the training questions for the reference, the other half, corrupted, for the corpus: a reference that
    -- had seen the corpus itself would know it by heart.
    local gsm8k, gsm8k_web = source.solutions("gsm8k_train"):split { held_out = 0.5 }
    local maths, maths_web = source.solutions("math_train"):split { held_out = 0.5 }
    local clean = rho.data.mix { { gsm8k, 1 }, { maths, 1 } }
    -- Bytes of a share of what the arms can see, so that scoring costs no more than it must.
    local function enough(share) return math.tointeger(share * p.tokens * 5 // 1) end
    local web = rho.data.mix {
      { rho.data.corrupt { data = gsm8k_web:take { bytes = enough(1 / 4) }, seed = 5, noise = p.noise }, 1 },
      { rho.data.corrupt { data = maths_web:take { bytes = enough(1 / 4) }, seed = 6, noise = p.noise }, 1 },
      { source.documents("web", enough(1 / 2)), 2 },
    }
    local held = { gsm8k = source.solutions "gsm8k_test", math = source.solutions "math_test" }
    local function train(select, seed, name, changes)
      local options = {
        name = name, model = model, data = web, tokens = p.tokens, seed = seed, lr = p.lr, batch = p.batch, context = p.context,
        accumulate = p.accumulate, select = select, eval = held, eval_tokens = p.eval_tokens,
      }
      for key, value in pairs(changes or {}) do options[key] = value end
      options.eval_every = math.ceil(options.tokens / (p.batch * p.context) / p.looks)
      return rho.train(options)
    end

    local reference = train(nil, 1, "reference", { data = clean, tokens = p.reference_tokens })
    local scores = rho.score { reference = reference, data = web, context = p.context }
    local runs = {}
    local result = rho.ablation {
      seeds = p.seeds, keep = p.keep, title = "Continued training of " .. p.model,
      arms = { ["excess-loss"] = rho.select.excess_loss { scores = scores, keep = p.keep } },
      train = function(select, seed, name)
        runs[name] = train(select, seed, name)
        return runs[name]
      end,
    }
    local sections = output.ablation(result)
    local second = output.paired { runs = runs, seeds = p.seeds, tag = "eval/math/loss", arms = { "full", ("random-%.4g"):format(p.keep), "excess-loss" } }
    sections[#sections + 1] = { kind = "table", title = "Loss on MATH text", header = second.header, rows = second.cells }
    return output.result { title = "Continued training of " .. p.model, sections = sections, rows = { arms = result.rows, math = second.rows } }
  end,
}
