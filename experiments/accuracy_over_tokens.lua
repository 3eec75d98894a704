-- Hypothesis (Rho-1, figure 1): trained on noisy text, selection by excess loss reaches full training's final accuracy and
-- clean loss in a fraction of the tokens and ends with more right answers, and a random share of the same size does neither.
local rho = require "rho"
local accuracy = require "parts.accuracy"
local output = require "parts.output"
local words = require "parts.words"

return rho.experiment {
  name = "accuracy_over_tokens",
  doc = "Figure 1: exact match and loss over tokens for full training, a random share and excess loss, over paired seeds.",
  params = words.params({ looks = { 10, doc = "times a run is evaluated" } }, { looks = 2 }, { looks = 15 }),
  run = function(p)
    local s = words.setting(p)
    local scores = s.score(s.reference())
    local curves = accuracy.collector(s, p.looks)
    local result = rho.ablation {
      seeds = p.seeds, keep = p.keep, title = "Clean held-out loss over tokens",
      arms = { ["excess-loss"] = rho.select.excess_loss { scores = scores, keep = p.keep } },
      train = function(select, seed, name) return curves.add(s.train(select, seed, name, curves.options), name) end,
    }
    local sections, rows = curves.sections "full"
    for i, section in ipairs(output.ablation(result)) do table.insert(sections, i, section) end
    return output.result { title = "Accuracy over tokens", rows = { arms = result.rows, accuracy = rows }, sections = sections }
  end,
}
