-- Hypothesis (Rho-1, figure 1): trained on noisy text, selection by excess loss reaches full training's final clean loss in
-- a fraction of the tokens and ends with more right answers, and a random share of the same size does neither.
local rho = require "rho"
local words = require "parts.words"

return rho.experiment {
  name = "accuracy_over_tokens",
  doc = "Figure 1: loss and exact match over tokens for full training, a random share and excess loss, over paired seeds.",
  params = words.params(),
  run = function(p)
    local s = words.setting(p)
    local scores = s.score(s.reference())
    return rho.ablation {
      seeds = p.seeds, keep = p.keep, title = "Clean held-out loss over tokens", train = s.train,
      arms = { ["excess-loss"] = rho.select.excess_loss { scores = scores, keep = p.keep } },
    }
  end,
}
