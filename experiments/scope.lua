-- Hypothesis: the paper does not say among which tokens scores compete. If documents differ in how much of them is worth
-- learning, ranking over the whole batch beats ranking within each row, and larger scopes than a batch add little.
local rho = require "rho"
local words = require "parts.words"

return rho.experiment {
  name = "scope",
  doc = "Ranking within the row, the micro-batch, the batch and the corpus, at the same share.",
  params = words.params({ accumulate = { 4, doc = "micro-batches of a step" } }, { accumulate = 2 }),
  run = function(p)
    local s = words.setting(p)
    local reference = s.reference()
    local scores = s.score(reference)
    local base = s.score(s.reference { name = "base", data = s.web })
    local arms = {}
    for _, scope in ipairs { "sequence", "micro_batch", "batch" } do
      arms[scope] = rho.select.excess_loss { scores = scores, keep = p.keep, scope = scope }
    end
    arms.corpus = rho.select.token_cleaning { scores = scores, base = base, keep = p.keep }
    return rho.ablation {
      seeds = p.seeds, keep = p.keep, title = "Scope of the ranking", arms = arms,
      train = function(select, seed, name) return s.train(select, seed, name, { accumulate = p.accumulate }) end,
    }
  end,
}
