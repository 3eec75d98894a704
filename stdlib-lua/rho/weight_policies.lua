--- Policies that weigh every token instead of selecting some.

local rho = require "rho.native"
local fields = require "rho.policy_fields"
local number, SCORES = fields.number, fields.scores
local s = rho.select

--- Loss of the model in training with contexts of at most `block` tokens.
local function short_loss(block)
  return function(batch, model) return model:loss(batch:short(block)) end
end

return {
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
    name = "lin_upper", paper = "LinUpper of dynamic loss-based sample reweighting, arXiv:2502.06733", normaliser = "weights",
    doc = "Rows weighted up with their mean loss up to the middle of the batch's range, and alike above it, so that outliers do not lead.",
    formula = "w = exp(min(2 delta * minmax(row_mean(loss)), delta) / r)",
    options = { number("delta", 1, "half the range of normalised losses"), number("r", 0.4, "temperature: the smaller, the more rows differ") },
    make = function(o) return { weights = ((2 * o.delta * s.loss:row_mean():minmax()):min(o.delta) / o.r):exp() } end,
  },
  {
    name = "clipped_excess", paper = "re-weighting instead of selecting, named as an extension in Rho-1, arXiv:2404.07965, appendix C", normaliser = "weights",
    doc = "Every token weighted by the exponential of its excess loss, capped: the soft form of excess loss.",
    formula = "w = sg(min(exp((loss - reference_loss) / temperature), cap))",
    options = { SCORES, number("temperature", 1, "nats that make a weight e times another"), number("cap", 5, "largest weight") },
    make = function(o) return { weights = (s.excess / o.temperature):exp():min(o.cap) } end,
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
