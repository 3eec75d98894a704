-- Hypothesis (Rho-1, tables 3 and 4): a reference trained on the noisy text itself still helps when the tokens it finds
-- hard or uncertain are dropped; both criteria together beat either alone and their union, and half of the tokens is too few.
local rho = require "rho"
local words = require "parts.words"

return rho.experiment {
  name = "self_reference",
  doc = "Tables 3 and 4: self-reference by loss (L), by entropy (H), their intersection and their union.",
  params = words.params({ shares = { { 0.9, 0.7, 0.5 }, doc = "shares of the single criteria" },
    pairs = { { 0.7, 0.8 }, doc = "shares of both criteria in intersection and union" } },
    { shares = { 0.7 }, pairs = { 0.7 } }, { shares = { 0.9, 0.8, 0.7, 0.6, 0.5 }, pairs = { 0.7, 0.75, 0.8 } }),
  run = function(p)
    local s = words.setting(p)
    local c = rho.select
    local scores = s.score(s.reference { name = "self-reference", data = s.web }, true)
    local arms = {}
    for _, keep in ipairs(p.shares) do
      arms[("L-%.2g"):format(keep)] = c.reference_loss { scores = scores, keep = keep }
      arms[("H-%.2g"):format(keep)] = c.reference_entropy { scores = scores, keep = keep }
    end
    for _, keep in ipairs(p.pairs) do
      arms[("L-and-H-%.2g"):format(keep)] = c.self_reference_intersection { scores = scores, keep = keep }
      arms[("L-or-H-%.2g"):format(keep)] = c.self_reference_union { scores = scores, keep = keep }
    end
    return rho.ablation { seeds = p.seeds, keep = p.shares, title = "Self-reference", train = s.train, arms = arms }
  end,
}
