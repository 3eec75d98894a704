-- Hypothesis (Rho-1, figure 9): between few and all tokens kept there is a best share, near the share of useful tokens;
-- a random share only gets worse as it shrinks.
local rho = require "rho"
local words = require "parts.words"

return rho.experiment {
  name = "keep_ratio",
  doc = "Figure 9: the share of tokens kept by excess loss, and random shares beside it.",
  params = words.params({
    shares = { { 0.15, 0.3, 0.4, 0.6, 0.8 }, doc = "shares kept; full training is the 100 %" },
    controls = { { 0.3, 0.6 }, doc = "shares of the random controls" },
  }, { shares = { 0.5, 0.8 }, controls = { 0.5, 0.8 } },
    { tokens = 5e9, shares = { 0.4, 0.5, 0.6, 0.7, 0.8, 0.9 }, controls = { 0.4, 0.5, 0.6, 0.7, 0.8, 0.9 } }),
  run = function(p)
    local s = words.setting(p)
    local scores = s.score(s.reference())
    local arms = {}
    for _, keep in ipairs(p.shares) do arms[("excess-%.2g"):format(keep)] = rho.select.excess_loss { scores = scores, keep = keep } end
    return rho.ablation { seeds = p.seeds, keep = p.controls, title = "Share of tokens kept", train = s.train, arms = arms }
  end,
}
