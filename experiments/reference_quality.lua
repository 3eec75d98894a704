-- Hypothesis: noise is recognised by any reference that knows the language of the clean text, wrong totals only by one that
-- can add. Precision against noise is there early; the gain in right answers comes late, with the reference's own accuracy.
-- A reference that has also read the noise foresees it, and so keeps it.
local rho = require "rho"
local words = require "parts.words"

return rho.experiment {
  name = "reference_quality",
  doc = "References trained for a tenth, a third and the whole of their tokens, a larger one, and one that has seen the noisy text too.",
  params = words.params({
    fractions = { { 0.1, 0.33, 1 }, doc = "shares of reference_tokens" },
    large_dim = { 128, doc = "width of the larger reference" }, large_layers = { 3, doc = "its blocks" },
  }, { fractions = { 0.5, 1 }, large_dim = 24, large_layers = 1 }, { large_dim = 4096, large_layers = 32 }),
  run = function(p)
    local s = words.setting(p)
    local arms = {}
    local function arm(name, changes)
      arms[name] = rho.select.excess_loss { scores = s.score(s.reference(changes)), keep = p.keep }
    end
    for _, fraction in ipairs(p.fractions) do
      arm(("clean-%.2g"):format(fraction), fraction < 1
        and { name = ("reference-%.2g"):format(fraction), tokens = p.reference_tokens * fraction } or nil)
    end
    arm("large", { name = "reference-large", model = s.architecture(p.large_dim, p.large_layers) })
    arm("half-noisy", { name = "reference-half-noisy", data = rho.data.mix { { s.clean, 1 }, { s.web, 1 } } })
    return rho.ablation { seeds = p.seeds, keep = p.keep, title = "Quality of the reference", train = s.train, arms = arms }
  end,
}
