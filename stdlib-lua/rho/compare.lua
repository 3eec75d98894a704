--- rho.compare: arms side by side, against a named baseline, with everything they cost.

local rho = require "rho.native"
local context = require "rho.context"
local tables = require "rho.table"
local train = require "rho.train"

local M = {}

local Comparison = {}
Comparison.__index = Comparison
Comparison.__name = "rho.Comparison"

function Comparison:__tostring()
  local lines = { tables.text(self.header, self.cells) }
  for _, note in ipairs(self.notes) do lines[#lines + 1] = note .. "\n" end
  for _, plot in ipairs(self.plots) do lines[#lines + 1] = "plot:   " .. plot .. "\n" end
  if self.report then lines[#lines + 1] = "report: " .. self.report .. "\n" end
  return (table.concat(lines):gsub("\n$", ""))
end

--- Tokens at which a run's curve first reaches `target`, by straight lines between evaluations; nil if never.
function M.tokens_to_reach(history, tag, target)
  local before
  for _, point in ipairs(history) do
    local value = point[tag]
    if value then
      if value <= target then
        if not before or before[tag] <= value then return point.tokens end
        local share = (before[tag] - target) / (before[tag] - value)
        return before.tokens + share * (point.tokens - before.tokens)
      end
      before = point
    end
  end
  return nil
end

--- One curve per arm.
local function curves(arms, tag)
  local series = {}
  for _, arm in ipairs(arms) do
    local x, y = {}, {}
    for _, point in ipairs(arm.run.history) do
      if point[tag] then x[#x + 1], y[#y + 1] = point.tokens, point[tag] end
    end
    series[#series + 1] = { name = arm.name, x = x, y = y }
  end
  return series
end

--- The losses of `text` under every arm, with the reference's beside them and what excess loss would keep of it.
local function token_view(arms, reference, text, keep)
  local view = { kind = "tokens", title = text:match("^[^\n]*"):sub(1, 60), arms = {} }
  local base = reference and reference:token_losses(text)
  for _, arm in ipairs(arms) do
    local losses = arm.run.model:token_losses(text)
    local values = { loss = losses.loss }
    if base and #base.loss == #losses.loss then
      values.reference, values.excess, values.kept = base.loss, {}, {}
      local order = {}
      for i, loss in ipairs(losses.loss) do
        values.excess[i] = loss - base.loss[i]
        values.kept[i] = 0
        if values.excess[i] == values.excess[i] then order[#order + 1] = i end
      end
      table.sort(order, function(a, b)
        if values.excess[a] ~= values.excess[b] then return values.excess[a] > values.excess[b] end
        return a < b
      end)
      for rank = 1, math.floor(keep * #order + 0.5) do values.kept[order[rank]] = 1 end
    end
    view.arms[#view.arms + 1] = { name = arm.name, pieces = losses.pieces, values = values }
  end
  return view
end

--- The arms in the order: baseline first, then by name.
local function sorted_arms(options)
  local arms = {}
  for name, value in pairs(options) do
    if train.is_run(value) and name ~= "reference" then arms[#arms + 1] = { name = name, run = value } end
  end
  if #arms == 0 then
    rho.fail("value", "rho.compare: give it runs by name, such as { clm = clm, slm = slm }")
  end
  table.sort(arms, function(a, b)
    if (a.name == options.baseline) ~= (b.name == options.baseline) then return a.name == options.baseline end
    return a.name < b.name
  end)
  return arms
end

--- The tag that the comparison turns on: the first evaluated corpus of the baseline.
local function main_tag(run)
  local tags = {}
  for tag in pairs(run.final or {}) do
    if tag:match("^eval/.+/loss$") then tags[#tags + 1] = tag end
  end
  table.sort(tags)
  return tags[1]
end

local function number(value, format)
  return value and (format or "%.4f"):format(value) or "-"
end

--- One arm's figures.
local function row_of(arm, baseline, tag)
  local run, final = arm.run, arm.run.final or {}
  local target = tag and baseline.final[tag]
  local reached = target and M.tokens_to_reach(run.history, tag, target)
  return {
    arm = arm.name, loss = tag and final[tag], bits_per_byte = tag and final[(tag:gsub("loss$", "bpb"))],
    exact_match = final["eval/exact_match"], tokens_seen = run.tokens, tokens_selected = run.selected,
    tokens_to_baseline = reached, speedup = reached and baseline.tokens / reached,
    precision = run.precision, recall = run.recall,
    training_flops = run.compute.training, reference_flops = run.compute.reference, scoring_flops = run.compute.scoring,
    total_flops = run.compute.training + run.compute.reference + run.compute.scoring,
  }
end

local HEADER = { "arm", "loss", "bits/byte", "exact", "seen", "selected", "to baseline", "speed-up", "precision", "recall", "FLOPs", "of it ref+score" }

local function cells_of(row)
  return {
    row.arm, number(row.loss), number(row.bits_per_byte), number(row.exact_match and row.exact_match * 100, "%.1f%%"),
    tables.count(row.tokens_seen), tables.count(row.tokens_selected),
    row.tokens_to_baseline and tables.count(row.tokens_to_baseline) or "-", number(row.speedup, "%.2fx"),
    number(row.precision, "%.3f"), number(row.recall, "%.3f"), tables.count(row.total_flops),
    tables.count(row.reference_flops + row.scoring_flops),
  }
end

--- Compares the runs in `options`; see `help rho.compare`.
function M.compare(options)
  local arms = sorted_arms(options)
  local baseline = arms[1].run
  local tag = main_tag(baseline)
  local result = setmetatable({ header = HEADER, rows = {}, cells = {}, plots = {}, notes = {} }, Comparison)
  for _, arm in ipairs(arms) do
    local row = row_of(arm, baseline, tag)
    result.rows[#result.rows + 1], result.cells[#result.cells + 1] = row, cells_of(row)
  end
  result.notes[1] = ("%sspeed-up and 'to baseline' are tokens until %s's final loss; FLOPs count training, scoring and the reference."):format(
    tag and ("loss is nats per token on '" .. tag:match("^eval/(.+)/loss$") .. "'; ") or "", arms[1].name)
  result.notes[2] = "One seed shows a direction, not a size: repeat with several seeds before believing a difference."

  if rho.dry.active() then return result end

  local dir = context.open_run("rho.compare"):dir()
  if tag then
    result.plots = rho.plot {
      path = dir .. "/loss", title = options.title or "Held-out loss", x = "tokens seen",
      y = "loss (nats per token)", series = curves(arms, tag),
    }
  end
  local sections = {
    { kind = "table", title = "Comparison", header = HEADER, rows = result.cells, notes = result.notes },
    { kind = "plot", title = "Held-out loss", path = dir .. "/loss.svg" },
  }
  local reference = options.reference and options.reference.model or options.reference
  for _, text in ipairs(options.texts) do
    sections[#sections + 1] = token_view(arms, reference, text, options.keep)
  end
  sections[#sections + 1] = { kind = "parameters", title = "Parameters" }
  sections[#sections + 1] = { kind = "manifest", title = "Manifest" }
  result.report = rho.report { path = dir .. "/report.html", title = options.title or "Comparison", sections = sections }
  return result
end

return M
