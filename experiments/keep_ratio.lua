-- Hypothesis (Rho-1, figure 9): between 40 and 100 % of tokens kept there is a best share in the middle, near the share of
-- useful tokens; a random share only gets worse as it shrinks.
local rho = require "rho"
local words = require "parts.words"

return rho.experiment {
  name = "keep_ratio",
  doc = "Figure 9: the share of tokens kept, each beside a random share of the same size.",
  params = words.params({ shares = { { 0.4, 0.5, 0.6, 0.7, 0.8, 0.9 }, doc = "shares kept; full training is the 100 %" } },
    { shares = { 0.5, 0.8 } }, { tokens = 5e9 }),
  run = function(p)
    local s = words.setting(p)
    local scores = s.score(s.reference())
    local arms = {}
    for _, keep in ipairs(p.shares) do arms[("excess-%.2g"):format(keep)] = rho.select.excess_loss { scores = scores, keep = keep } end
    return rho.ablation { seeds = p.seeds, keep = p.shares, title = "Share of tokens kept", train = s.train, arms = arms }
  end,
}
