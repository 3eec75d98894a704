-- Hypothesis: the paper's gains are of continued training, from a base that already reads, towards the reference's domain.
-- From scratch the early model finds everything hard, excess loss says little, and the gain is smaller.
local rho = require "rho"
local words = require "parts.words"

return rho.experiment {
  name = "scratch_or_continued",
  doc = "Selection from scratch and from a base model that reference and student share, as in the paper.",
  params = words.params({ base_tokens = { 200e3, doc = "noisy tokens of the base model" } }, { base_tokens = 4e3 }, { base_tokens = 3e12 }),
  run = function(p)
    local s = words.setting(p)
    local base = s.train(nil, 1, "base", { tokens = p.base_tokens }).model
    local scratch = s.score(s.reference())
    local continued = s.score(s.reference { name = "continued-reference", model = base })
    local function excess(scores) return rho.select.excess_loss { scores = scores, keep = p.keep } end
    return rho.ablation {
      seeds = p.seeds, keep = p.keep, title = "From scratch and continued", train = s.train,
      arms = {
        ["scratch-excess"] = excess(scratch),
        ["continued-full"] = function(seed, name) return s.train(nil, seed, name, { model = base }) end,
        ["continued-excess"] = function(seed, name) return s.train(excess(continued), seed, name, { model = base }) end,
      },
    }
  end,
}
