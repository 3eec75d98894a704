-- Hypothesis: a frozen reference of clean text selects best where clean text is what counts; one that follows the model
-- and sees a little clean text at a time is a weaker one at a higher price; the mean of the model's own weights knows no
-- more than the model and selects no better than chance. A second reference that has read the noise adds nothing to the mean.
local rho = require "rho"
local words = require "parts.words"

return rho.experiment {
  name = "references",
  doc = "What the model is compared with: frozen, two with weights, the mean of its own weights, itself updated on clean text.",
  params = words.params({
    every = { 100, doc = "steps between synchronisations of the following reference" },
    updates = { 20, doc = "steps of its update on clean text" },
    decay = { 0.98, doc = "of the mean of the model's weights, per step" },
  }, { every = 6, updates = 2 }, { every = 1000, updates = 100 }),
  run = function(p)
    local s, c = words.setting(p), rho.select
    local clean = s.score(s.reference())
    local base = s.score(s.reference { name = "base", data = s.web })
    return rho.ablation {
      seeds = p.seeds, keep = p.keep, title = "References", train = s.train,
      arms = {
        frozen = c.excess_loss { scores = clean, keep = p.keep },
        ["clean-and-noisy"] = c.mixed_references { references = { { clean, 0.5 }, { base, 0.5 } }, keep = p.keep },
        ["own-mean"] = c.mean_reference { decay = p.decay, keep = c.schedule { { 0, 1 }, { 0.1, p.keep } } },
        following = c.blade { clean = s.clean, every = p.every, updates = p.updates, batch = p.batch, keep = p.keep },
      },
    }
  end,
}
