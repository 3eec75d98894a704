--- Exact match over the course of training: measured at checkpoints, and drawn as the paper's figure 1 has it.
local rho = require "rho"
local output = require "parts.output"

local M = {}

--- Collects accuracy curves of trainings in `setting`, measured `looks` times a run.
function M.collector(setting, looks)
  local self = { arms = {}, order = {} }

  --- Options for the trainings that are to be watched. They replace their evaluations' rhythm.
  self.options = { eval_every = setting.every(looks), watch = setting.exact_match }

  --- Adds a finished run to its arm, named as rho.ablation names runs: arm-seedN.
  function self.add(run, name)
    local arm = name:gsub("%-seed%d+$", "")
    if not self.arms[arm] then
      self.arms[arm] = {}
      self.order[#self.order + 1] = arm
    end
    table.insert(self.arms[arm], run)
    return run
  end

  --- Mean accuracy of each arm at each look, and the tokens at which it first reached the last value of `baseline`.
  function self.curves(baseline)
    local curves = {}
    for _, arm in ipairs(self.order) do
      local runs = self.arms[arm]
      local curve = { name = arm, x = {}, y = {}, spread = {} }
      for i, look in ipairs(runs[1].watched) do
        local values = {}
        for k, run in ipairs(runs) do values[k] = 100 * run.watched[i].value end
        local figure = rho.analysis.interval(values)
        curve.x[i], curve.y[i], curve.spread[i] = look.tokens, figure.mean, figure.std or 0
      end
      curves[#curves + 1] = curve
      curves[arm] = curve
    end
    local target, reached = curves[baseline].y[#curves[baseline].y], {}
    for k, curve in ipairs(curves) do
      for i, value in ipairs(curve.y) do
        if value >= target and not reached[k] then
          local x0, y0 = curve.x[i - 1], curve.y[i - 1]
          reached[k] = (not x0 or y0 == value) and curve.x[i] or x0 + (target - y0) / (value - y0) * (curve.x[i] - x0)
        end
      end
    end
    return curves, reached
  end

  --- Table and plot of the curves, as sections of a report, and their rows.
  function self.sections(baseline)
    local curves, reached = self.curves(baseline)
    local header = { "tokens" }
    local cells, rows = {}, {}
    for column, curve in ipairs(curves) do
      header[column + 1] = curve.name
      rows[column] = { arm = curve.name, tokens = curve.x, accuracy = curve.y, spread = curve.spread, tokens_to_baseline = reached[column] }
      for i, x in ipairs(curve.x) do
        cells[i] = cells[i] or { rho.text.count(x) }
        cells[i][column + 1] = ("%.1f ± %.1f"):format(curve.y[i], curve.spread[i])
      end
    end
    local last = { "to " .. baseline .. "'s last" }
    for column, curve in ipairs(curves) do last[column + 1] = reached[column] and rho.text.count(reached[column]) or "-" end
    cells[#cells + 1] = last
    return {
      { kind = "table", title = "Exact match (%) over tokens, mean ± sample deviation", header = header, rows = cells },
      output.plot { name = "accuracy", title = "Exact match", x = "tokens seen", y = "right answers (%)", series = curves },
    }, rows
  end

  return self
end

return M
