-- Hypothesis: dividing the selected losses by the number of all tokens instead of the selected ones (the paper, eq. 4) is
-- a smaller step; with AdamW and clipping most of the difference goes away.
local rho = require "rho"
local words = require "parts.words"

return rho.experiment {
  name = "normaliser",
  doc = "What the selected losses are divided by: the tokens selected, or all of them.",
  params = words.params(),
  run = function(p)
    local s = words.setting(p)
    local scores = s.score(s.reference())
    local arms = {}
    for _, normaliser in ipairs { "selected", "valid" } do
      arms["by-" .. normaliser] = rho.select.excess_loss { scores = scores, keep = p.keep, normaliser = normaliser }
    end
    return rho.ablation { seeds = p.seeds, keep = p.keep, title = "Normaliser", train = s.train, arms = arms }
  end,
}
