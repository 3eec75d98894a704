--- Named policies from the literature, each a few lines on columns and rules. To add one, add an entry.
--
-- An entry says what is kept or how tokens are weighted (formula, with its sign), where that comes from (paper), its
-- options, and make(o), which returns the parts of rho.select.policy. A policy that appears here is the published rule,
-- not the published training: models, data and schedules differ.

local rho = require "rho.native"
local s = rho.select

local SCORES = { "scores", "Scores", required = true, doc = "the reference's losses, from rho.score" }

local function keep(default)
  return { "keep", "number|KeepSchedule", default = default, doc = "share kept, 0 to 1, or a schedule" }
end

local function number(name, default, doc)
  return { name, "number", default = default, required = default == nil, doc = doc }
end

--- Loss of the model in training with contexts of at most `block` tokens.
local function short_loss(block)
  return function(batch, model) return model:loss(batch:short(block)) end
end

--- Squared distance of the prediction from the true token's one-hot vector, [rows, context].
local function squared_error(batch, model)
  local targets, rows = batch:targets(), {}
  for row, ids in ipairs(batch:ids():totable()) do
    for i, id in ipairs(ids) do ids[i] = math.tointeger(id) end
    local p = model:logits(ids):softmax()
    local true_token = p:gather(targets:slice(row, row):reshape({ -1 }):clamp(0) + 1)
    rows[row] = ((p * p):sum(2) - 2 * true_token + 1):reshape({ 1, -1 })
  end
  return rho.tensor.concat(rows, 1)
end

local POLICIES = {
  {
    name = "rho_loss", paper = "RHO-LOSS, arXiv:2206.07137",
    doc = "Whole rows with the highest mean excess loss: selection by sample.",
    formula = "rows(top(keep)) of mean over the row of loss - reference_loss",
    options = { SCORES, keep(0.1) },
    make = function(o) return { score = s.excess, rule = s.rows(s.top(o.keep)) } end,
  },
  {
    name = "eslm", paper = "ESLM, arXiv:2505.19893",
    doc = "Tokens at or above the value at risk of their loss or entropy: the mean loss over them is the CVaR.",
    formula = "above(quantile(alpha)) of loss, or of entropy",
    options = { number("alpha", nil, "share of tokens below the threshold"),
      { "of", one_of = { "loss", "entropy" }, default = "loss", doc = "what the threshold is on" } },
    make = function(o) return { score = s[o.of], rule = s.above(s.quantile(o.alpha)) } end,
  },
  {
    name = "token_cleaning", paper = "Token Cleaning, arXiv:2502.01968", scope = "corpus",
    doc = "Fixed scores of two frozen models, ranked over the whole corpus once.",
    formula = "top(keep) over the corpus of base_loss - reference_loss",
    options = { SCORES, { "base", "Scores", required = true, doc = "losses of the model before training" }, keep(0.6) },
    make = function(o)
      return { score = s.column("base_loss") - s.reference_loss, rule = s.top(o.keep), columns = { base_loss = o.base } }
    end,
  },
  {
    name = "ss_token", paper = "ssToken without its attention term, arXiv:2510.18250", scope = "sequence",
    doc = "Tokens whose loss has fallen most since an earlier checkpoint of the same model. The sign is the reverse of excess loss.",
    formula = "top(keep) per row of minmax(earlier_loss - loss)",
    options = { { "earlier", "Scores", required = true, doc = "losses of the earlier checkpoint" }, keep(0.6) },
    make = function(o)
      return {
        score = (s.column("earlier_loss") - s.loss):minmax(), rule = s.top(o.keep), columns = { earlier_loss = o.earlier },
      }
    end,
  },
  {
    name = "history_excess", paper = "REL with an exponential mean; reported by an independent replication to lose to full training",
    doc = "Tokens whose loss has fallen most below the run's own mean at that place of the corpus. Means something from the second pass on.",
    formula = "top(keep) of history - loss",
    options = { keep(0.6), number("momentum", 0.9, "share of the old mean kept at each visit") },
    make = function(o) return { score = s.history - s.loss, rule = s.top(o.keep), history = o.momentum } end,
  },
  {
    name = "middle_loss", paper = "token form of Marion et al., arXiv:2309.04564",
    doc = "The middle of the distribution of losses, the model's own or the reference's.",
    formula = "middle(low, high) of loss, or of reference_loss",
    options = { { "scores", "Scores", doc = "rank by the reference's losses instead of the model's own" },
      number("low", 0.2, "share of the lowest losses dropped"), number("high", 0.8, "1 - share of the highest losses dropped") },
    make = function(o) return { score = o.scores and s.reference_loss or s.loss, rule = s.middle(o.low, o.high) } end,
  },
  {
    name = "stm", paper = "selective token masking, arXiv:2501.14315", normaliser = "selected",
    doc = "Tokens that are not too surprising for the model before training.",
    formula = "below(log(perplexity)) of reference_loss, the reference being the base model",
    options = { SCORES, number("perplexity", nil, "largest perplexity kept, above 1") },
    make = function(o) return { score = s.reference_loss, rule = s.below(math.log(o.perplexity)) } end,
  },
  {
    name = "profit", paper = "ProFit, arXiv:2601.09195", normaliser = "valid",
    doc = "Tokens the model already gives some probability; the loss is divided by all tokens.",
    formula = "above(threshold) of probability",
    options = { number("threshold", nil, "smallest probability kept") },
    make = function(o) return { score = s.probability, rule = s.above(o.threshold) } end,
  },
  {
    name = "ent", paper = "error norm truncation, arXiv:2310.00840", normaliser = "valid",
    doc = "Drops tokens whose prediction lies far from the truth by the Euclidean norm: confident errors, not open questions. Costs one more forward pass.",
    formula = "below(threshold^2) of ||p - onehot||^2",
    options = { number("threshold", nil, "largest norm kept; at most sqrt(2) = 1.414") },
    make = function(o)
      return { score = s.column("squared_error"), rule = s.below(o.threshold ^ 2), columns = { squared_error = squared_error } }
    end,
  },
  {
    name = "conf_po", paper = "token rule of ConfPO, arXiv:2506.08712", scope = "sequence",
    doc = "Tokens less probable than the mean probability of their row.",
    formula = "below(0) of probability - row_mean(probability)",
    options = {},
    make = function() return { score = s.probability - s.probability:row_mean(), rule = s.below(0) } end,
  },
  {
    name = "t_shirt", paper = "T-SHIRT without its sample score, arXiv:2506.01317", scope = "corpus",
    doc = "Tokens whose loss the instruction changes most, in either direction, ranked over the whole corpus.",
    formula = "top(keep) over the corpus of |reference_loss - unconditional_loss|",
    options = { SCORES, { "unconditional", "Scores", required = true, doc = "losses of the same model without the instruction" }, keep(0.5) },
    make = function(o)
      return {
        score = (s.reference_loss - s.column("unconditional_loss")):abs(), rule = s.top(o.keep),
        columns = { unconditional_loss = o.unconditional },
      }
    end,
  },
  {
    name = "mixed_references", paper = "several references, named as an extension in Rho-1, arXiv:2404.07965, appendix C",
    doc = "Excess loss against a weighted mean of two references' losses.",
    formula = "top(keep) of loss - (share * reference_loss + (1 - share) * second_loss)",
    options = { SCORES, { "second", "Scores", required = true, doc = "losses of the second reference" },
      number("share", 0.5, "weight of the first reference"), keep(0.6) },
    make = function(o)
      return {
        score = s.loss - (o.share * s.reference_loss + (1 - o.share) * s.column("second_loss")), rule = s.top(o.keep),
        columns = { second_loss = o.second },
      }
    end,
  },
  {
    name = "live_excess", paper = "Rho-1 with the reference run beside the model, as RHO-LOSS and Rho-1 replications do",
    doc = "Excess loss against a model that is run on every batch instead of scored ahead: for references that change.",
    formula = "top(keep) of loss - reference_loss",
    options = { { "reference", "Model", required = true, doc = "the reference; its weights are read at every step" }, keep(0.6) },
    make = function(o)
      return {
        score = s.excess, rule = s.top(o.keep),
        columns = { reference_loss = function(batch) return o.reference:loss(batch) end },
      }
    end,
  },
  {
    name = "dft", paper = "DFT, arXiv:2508.05629", normaliser = "valid",
    doc = "Every token weighted by the probability the model gives it.",
    formula = "w = sg(p)", options = {},
    make = function() return { weights = s.probability } end,
  },
  {
    name = "focal", paper = "focal loss, arXiv:1708.02002", normaliser = "valid",
    doc = "Every token weighted down the better the model knows it: the reverse of DFT.",
    formula = "w = sg((1 - p)^gamma)", options = { number("gamma", 2, "exponent") },
    make = function(o) return { weights = (1 - s.probability) ^ o.gamma } end,
  },
  {
    name = "eaft", paper = "EAFT as in LLaMA-Factory; there the entropy is that of the 20 largest logits", normaliser = "valid",
    doc = "Every token weighted by the entropy of its prediction.",
    formula = "w = sg((entropy / 3)^alpha)", options = { number("alpha", 1, "exponent") },
    make = function(o) return { weights = (s.entropy / 3) ^ o.alpha } end,
  },
  {
    name = "mile", paper = "MiLe loss, arXiv:2310.19531", normaliser = "valid",
    doc = "Every token weighted up with the entropy of its prediction.",
    formula = "w = sg((1 + entropy)^gamma)", options = { number("gamma", 1, "exponent") },
    make = function(o) return { weights = (1 + s.entropy) ^ o.gamma } end,
  },
  {
    name = "trim_sft", paper = "TrimSFT", normaliser = "valid",
    doc = "A band-pass on the margin: tokens that are neither known nor hopeless.",
    formula = "w = sg(exp(-(margin - centre)^2 / (2 width^2)))",
    options = { number("centre", 0, "margin of the largest weight"), number("width", 2, "standard deviation of the band") },
    make = function(o) return { weights = (-((s.margin - o.centre):square() / (2 * o.width ^ 2))):exp() } end,
  },
  {
    name = "long_ce", paper = "LongCE, arXiv:2410.23771; there the short context slides, here the row is cut into blocks", normaliser = "valid",
    doc = "Tokens weighted up that a longer context helps to predict. Costs one more forward pass.",
    formula = "w = sg(min(exp(short_loss - loss), cap))",
    options = { { "short", "integer", min = 1, required = true, unit = "tokens", doc = "longest short context" },
      number("cap", 5, "largest weight") },
    make = function(o)
      return {
        weights = (s.column("short_loss") - s.loss):exp():min(o.cap), columns = { short_loss = short_loss(o.short) },
      }
    end,
  },
}

local M = { names = {} }

local function fields_of(entry)
  local fields = {}
  for _, field in ipairs(entry.options) do fields[#fields + 1] = field end
  fields[#fields + 1] = { "scope", one_of = { "sequence", "micro_batch", "batch", "corpus" }, default = entry.scope or "batch",
    doc = "which tokens compete" }
  fields[#fields + 1] = { "normaliser", one_of = { "selected", "valid", "weights" }, default = entry.normaliser or "selected",
    doc = "what the weighted losses are divided by" }
  return fields
end

--- "eslm-0.2": the name with the numbers that were given.
local function label(entry, o)
  local parts = { entry.name }
  for _, field in ipairs(entry.options) do
    local value = o[field[1]]
    if math.type(value) then parts[#parts + 1] = ("%.4g"):format(value) end
  end
  return table.concat(parts, "-")
end

for _, entry in ipairs(POLICIES) do
  M.names[#M.names + 1] = entry.name
  s[entry.name] = rho.declare({
    name = "rho.select." .. entry.name,
    doc = ("%s %s. %s."):format(entry.doc, entry.formula, entry.paper),
    options = fields_of(entry),
    returns = { { "Policy", "the policy" } },
  }, function(o)
    local parts = entry.make(o)
    parts.scope, parts.normaliser, parts.scores, parts.name = o.scope, o.normaliser, o.scores, label(entry, o)
    return s.policy(parts)
  end)
end

return M
