--- Policies that rank tokens by what the model in training says of them.

local rho = require "rho.native"
local fields = require "rho.policy_fields"
local keep, number, SCORES = fields.keep, fields.number, fields.scores
local s = rho.select

--- Squared distance of the prediction from the true token's one-hot vector, [rows, context].
local function squared_error(batch, model)
  local targets = batch:targets():clamp(0) + 1
  return model:forward(batch):map_logits(function(logits, row)
    local p = logits:softmax()
    return (p * p):sum(2) - 2 * p:gather(targets:slice(row, row):reshape({ -1 })) + 1
  end)
end

return {
  {
    name = "eslm", paper = "ESLM, arXiv:2505.19893",
    doc = "Tokens at or above the value at risk of their loss or entropy: the mean loss over them is the CVaR.",
    formula = "above(quantile(alpha)) of loss, or of entropy",
    options = { number("alpha", nil, "share of tokens below the threshold"),
      { "of", one_of = { "loss", "entropy" }, default = "loss", doc = "what the threshold is on" } },
    make = function(o) return { score = s[o.of], rule = s.above(s.quantile(o.alpha)) } end,
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
    name = "ada_eslm", paper = "Ada-ESLM, arXiv:2505.19893; the step is this library's reading of its description",
    doc = "ESLM whose share adapts: where the mean loss above the threshold rises from step to step, alpha falls and more tokens are kept; where it falls, fewer.",
    formula = "above(quantile(alpha)) of loss; alpha <- clamp(alpha * exp(-rate * (CVaR - before) / before), low, high)",
    options = { number("alpha", 0.4, "share of tokens below the threshold at the start"), number("rate", 1, "how far alpha moves"),
      number("low", 0.05, "smallest alpha"), number("high", 0.95, "largest alpha") },
    make = function(o)
      local start, rate, low, high = o.alpha, o.rate, o.low, o.high
      return {
        weights = function(t)
          local memory, valid = t.memory, t.valid
          local alpha = memory.alpha or start
          local known = t.loss:reshape({ -1 }):topk(math.tointeger(valid:sum():item()))
          local kept = t.loss:ge(known:quantile(alpha)) * valid
          local tail = (t.loss * kept):sum():item() / kept:sum():item()
          if memory.tail then alpha = math.min(high, math.max(low, alpha * math.exp(-rate * (tail - memory.tail) / memory.tail))) end
          memory.alpha, memory.tail = alpha, tail
          return kept
        end,
      }
    end,
  },
  {
    name = "loss_threshold", paper = "RWKV-infctx-trainer, January 2024: no reference, and not excess loss", normaliser = "valid",
    doc = "Tokens the model does not know yet, less a random share of all; the loss is divided by all tokens.",
    formula = "above(threshold) of loss and top(1 - drop) of random",
    options = { number("threshold", 1, "smallest loss kept, nats"), number("drop", 0.05, "share dropped at random") },
    make = function(o) return { score = s.loss, rule = s.above(o.threshold) & s.top(1 - o.drop):of(s.random) } end,
  },
  {
    name = "q_tuning", paper = "Q-Tuning, arXiv:2509.23873; there both thresholds are searched for, here they are medians of the batch",
    doc = "Rows by perplexity and entropy: uncertain errors and known certainties are dropped, uncertain successes kept whole, and certain errors kept without the tokens that are most surprising together with their neighbours.",
    formula = "rows (loss >= median) ~= (entropy >= median); in those of high loss bottom(keep) of (1 - lambda) * ppl + lambda * (left ppl + right ppl)",
    options = { { "keep", "number", default = 0.5, doc = "share of tokens kept in rows of certain errors" },
      number("lambda", 0.5, "weight of the neighbours") },
    make = function(o)
      local share, lambda = o.keep, o.lambda
      return {
        weights = function(t)
          local valid = t.valid
          local count = valid:sum(2):clamp(1)
          local function high(x)
            local mean = (x * valid):sum(2) / count
            return mean:ge(mean:quantile(0.5)):reshape({ -1, 1 })
          end
          local wrong, unsure = high(t.loss), high(t.entropy)
          local columns = t.loss:size(2)
          local ppl, edge = t.loss:exp() * valid, t.loss:slice(1, 1, 2) * 0
          local left = columns > 1 and rho.tensor.concat({ edge, ppl:slice(1, columns - 1, 2) }, 2) or edge
          local right = columns > 1 and rho.tensor.concat({ ppl:slice(2, columns, 2), edge }, 2) or edge
          -- Padding and prompts come first in the order of falling surprise, so that they are no part of the share.
          local surprise = rho.tensor.where(valid, (1 - lambda) * ppl + lambda * (left + right), math.huge)
          local kept = {}
          for row = 1, t.loss:size(1) do
            local values = surprise:slice(row, row):reshape({ -1 })
            local k = math.max(1, math.floor(share * count:get(row) + 0.5))
            local bound = (-values):topk(math.min(k, columns)):min():item()
            kept[row] = values:le(-bound):reshape({ 1, -1 })
          end
          local calm = rho.tensor.concat(kept, 1)
          return valid * (wrong * (1 - unsure) * calm + (1 - wrong) * unsure)
        end,
      }
    end,
  },
}
