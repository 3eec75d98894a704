-- Hypothesis (Rho-1, table 5): a reference smaller than the model still selects usefully, with a smaller gain than a
-- reference of the model's own size.
local rho = require "rho"
local words = require "parts.words"

return rho.experiment {
  name = "weak_to_strong",
  doc = "Table 5: a smaller reference selects for a larger model, beside a reference of the same size.",
  params = words.params({ weak_dim = { 32, doc = "width of the small reference" }, weak_layers = { 1, doc = "its blocks" } },
    { weak_dim = 8 }, { weak_dim = 1024, weak_layers = 12 }),
  run = function(p)
    local s = words.setting(p)
    local strong = s.score(s.reference())
    local weak = s.score(s.reference { name = "weak-reference", model = s.architecture(p.weak_dim, p.weak_layers) })
    return rho.ablation {
      seeds = p.seeds, keep = p.keep, title = "Weak and strong references", train = s.train,
      arms = {
        weak = rho.select.excess_loss { scores = weak, keep = p.keep },
        strong = rho.select.excess_loss { scores = strong, keep = p.keep },
      },
    }
  end,
}
