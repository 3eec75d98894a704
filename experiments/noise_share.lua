-- Hypothesis: the gain of selection grows with the share of noise and is nil, or a loss, on clean text, where dropping
-- tokens is dropping information. (Independent repeats on broad data found no gain; this is where they would sit.)
local rho = require "rho"
local output = require "parts.output"
local words = require "parts.words"

return rho.experiment {
  name = "noise_share",
  doc = "Selection at several shares of noise, down to none, with one share kept and with one below it.",
  params = words.params({
    shares = { { 0, 0.2, 0.45, 0.7 }, doc = "chances of another piece of noise at each gap" },
    keeps = { { 0.6, 0.3 }, doc = "shares of tokens kept, each with its random control" },
  }, { shares = { 0, 0.5 }, keeps = { 0.6 } }),
  run = function(p)
    local sections, rows = {}, {}
    for _, noise in ipairs(p.shares) do
      local q = {}
      for name, value in pairs(p) do q[name] = value end
      q.noise, q.wrong = noise, noise > 0 and p.wrong or 0
      local s = words.setting(q)
      local scores = s.score(s.reference { name = ("noise%.2g-reference"):format(noise) })
      local arms = {}
      for _, keep in ipairs(p.keeps) do arms[("excess-%.2g"):format(keep)] = rho.select.excess_loss { scores = scores, keep = keep } end
      local result = rho.ablation {
        seeds = p.seeds, keep = p.keeps, title = ("Noise %.2g"):format(noise), arms = arms,
        train = function(select, seed, name) return s.train(select, seed, ("noise%.2g-%s"):format(noise, name)) end,
      }
      for _, section in ipairs(output.ablation(result, ("Noise %.2g"):format(noise))) do
        if section.kind == "table" then sections[#sections + 1] = section end
      end
      for _, row in ipairs(result.rows) do
        row.noise = noise
        rows[#rows + 1] = row
      end
    end
    return output.result { title = "Share of noise", rows = rows, sections = sections }
  end,
}
