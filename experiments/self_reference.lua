-- Hypothesis (Rho-1, tables 3 and 4): a reference trained on the noisy text itself still helps when the tokens it finds
-- hard or uncertain are dropped; both criteria together beat either alone and their union, and half of the tokens is too few.
local rho = require "rho"
local words = require "parts.words"

-- Shares of table 4: of one criterion, and { H, L } of both.
local SINGLES = { 0.9, 0.8, 0.7, 0.6, 0.5 }
local INTERSECTIONS = { { 0.8, 0.9 }, { 0.75, 0.75 }, { 0.7, 0.9 }, { 0.8, 0.8 }, { 0.7, 0.7 } }
local UNIONS = { { 0.5, 0.7 }, { 0.7, 0.6 }, { 0.7, 0.5 }, { 0.6, 0.6 }, { 0.6, 0.5 }, { 0.6, 0.4 } }

return rho.experiment {
  name = "self_reference",
  doc = "Tables 3 and 4: self-reference by loss (L), by entropy (H), their intersection and their union.",
  params = words.params({
    singles = { SINGLES, doc = "shares kept by one criterion" },
    intersections = { INTERSECTIONS, doc = "shares { H, L } of both criteria, tokens kept by both" },
    unions = { UNIONS, doc = "shares { H, L } of both criteria, tokens kept by either" },
    controls = { { 0.7, 0.5 }, doc = "shares of the random controls" },
  }, { singles = { 0.7 }, intersections = { { 0.7, 0.7 } }, unions = { { 0.6, 0.5 } }, controls = { 0.7 } }),
  run = function(p)
    local s = words.setting(p)
    local c = rho.select
    local scores = s.score(s.reference { name = "self-reference", data = s.web }, true)
    local arms = {}
    for _, keep in ipairs(p.singles) do
      arms[("L-%.2g"):format(keep)] = c.reference_loss { scores = scores, keep = keep }
      arms[("H-%.2g"):format(keep)] = c.reference_entropy { scores = scores, keep = keep }
    end
    local function certain(share) return c.top(share):of(-c.reference_entropy) end
    local function easy(share) return c.top(share):of(-c.reference_loss) end
    local function both(word, pairs_, rule)
      for _, shares in ipairs(pairs_) do
        local name = ("H-%.2g-%s-L-%.2g"):format(shares[1], word, shares[2])
        arms[name] = c.policy { name = name, score = c.reference_loss, rule = rule(certain(shares[1]), easy(shares[2])), scores = scores }
      end
    end
    both("and", p.intersections, function(h, l) return h & l end)
    both("or", p.unions, function(h, l) return h | l end)
    return rho.ablation { seeds = p.seeds, keep = p.controls, title = "Self-reference", train = s.train, arms = arms }
  end,
}
