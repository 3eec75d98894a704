-- Hypothesis: the gain of selection grows with the share of noise and is nil, or a loss, on clean text, where dropping
-- tokens is dropping information. (Independent repeats on broad data found no gain; this is where they would sit.)
local rho = require "rho"
local words = require "parts.words"
local tables = require "rho.table"

return rho.experiment {
  name = "noise_share",
  doc = "Selection at several shares of noise, down to none.",
  params = words.params({ shares = { { 0, 0.2, 0.5 }, doc = "chances of another piece of noise at each gap" } }, { shares = { 0, 0.5 } }),
  run = function(p)
    local rows, cells, header = {}, {}, nil
    for _, noise in ipairs(p.shares) do
      local q = {}
      for name, value in pairs(p) do q[name] = value end
      q.noise, q.wrong = noise, noise > 0 and p.wrong or 0
      local s = words.setting(q)
      local scores = s.score(s.reference())
      local result = rho.ablation {
        seeds = p.seeds, keep = p.keep, title = ("Noise %.2g"):format(noise),
        arms = { ["excess-loss"] = rho.select.excess_loss { scores = scores, keep = p.keep } },
        train = function(select, seed, name) return s.train(select, seed, ("noise%.2g-%s"):format(noise, name)) end,
      }
      header = result.header
      for i, row in ipairs(result.rows) do
        row.noise = noise
        rows[#rows + 1] = row
        local cell = { table.unpack(result.cells[i]) }
        cell[1] = ("noise %.2g: %s"):format(noise, cell[1])
        cells[#cells + 1] = cell
      end
    end
    return setmetatable({ rows = rows }, { __tostring = function() return tables.text(header, cells) end })
  end,
}
