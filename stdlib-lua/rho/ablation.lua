--- rho.ablation: policies against full training and against chance, over paired seeds, with everything they cost.
--
-- Each seed gives every arm the same initial weights and the same order of data, so that differences are taken within
-- seeds: their spread is smaller than that of the runs, and a t interval of them says what the runs can tell.

local rho = require "rho.native"
local context = require "rho.context"
local statistics = require "rho.statistics"
local tables = require "rho.table"

local M = {}

local Ablation = {}
Ablation.__index = Ablation
Ablation.__name = "rho.Ablation"

function Ablation:__tostring()
  local lines = { tables.text(self.header, self.cells), "\n", tables.text(self.budget_header, self.budget_cells), "\n" }
  for _, note in ipairs(self.notes) do lines[#lines + 1] = note .. "\n" end
  for _, plot in ipairs(self.plots) do lines[#lines + 1] = "plot:   " .. plot .. "\n" end
  if self.report then lines[#lines + 1] = "report: " .. self.report .. "\n" end
  return (table.concat(lines):gsub("\n$", ""))
end

-- Curves -------------------------------------------------------------------------------------------------------------

--- Value of `tag` where `axis(point)` is `at`, by straight lines between evaluations; nil outside the curve.
function M.value_at(history, tag, axis, at)
  local before
  for _, point in ipairs(history) do
    local value = point[tag]
    if value then
      local x = axis(point)
      if x >= at then
        if not before then return x == at and value or nil end
        local x0, v0 = axis(before), before[tag]
        return x == x0 and value or v0 + (value - v0) * (at - x0) / (x - x0)
      end
      before = point
    end
  end
  return nil
end

--- Place on `axis` at which the curve first reaches `target` from above; nil if never.
function M.first_reach(history, tag, axis, target)
  local before
  for _, point in ipairs(history) do
    local value = point[tag]
    if value then
      if value <= target then
        if not before or before[tag] <= value then return axis(point) end
        return axis(before) + (before[tag] - target) / (before[tag] - value) * (axis(point) - axis(before))
      end
      before = point
    end
  end
  return nil
end

--- The three budgets of a run as functions of an evaluated point.
local function axes(run)
  local before = run.compute.reference + run.compute.scoring
  local per_token = run.compute.training / run.tokens
  local share = run.selected / run.tokens
  return {
    seen = function(point) return point.tokens end,
    selected = function(point) return point["train/selected"] or point.tokens * share end,
    compute = function(point) return before + point.tokens * per_token end,
  }
end

local function total(run) return run.compute.training + run.compute.reference + run.compute.scoring end

-- Arms ---------------------------------------------------------------------------------------------------------------

local function is_run(value) return type(value) == "table" and value.history and value.compute and true or false end

--- A random control of a share.
local function control(keep)
  return { name = ("random-%.4g"):format(keep), policy = rho.select.random { keep = keep }, keep = keep, runs = {} }
end

--- Full training first, then the random controls that were asked for, then the arms by name.
local function arms_of(o)
  local arms = { { name = "full", policy = rho.select.all {}, runs = {} } }
  local keeps = type(o.keep) == "table" and o.keep or { o.keep }
  for _, keep in ipairs(keeps) do arms[#arms + 1] = control(keep) end
  local names = {}
  for name in pairs(o.arms) do names[#names + 1] = name end
  table.sort(names)
  if #names == 0 then rho.fail("value", "rho.ablation: arms is empty; give it policies by name") end
  for _, name in ipairs(names) do
    for _, known in ipairs(arms) do
      if known.name == name then rho.fail("value", ("rho.ablation: the arm '%s' is always there; choose another name"):format(name)) end
    end
    arms[#arms + 1] = { name = name, policy = o.arms[name], runs = {} }
  end
  return arms
end

local function seeds_of(seeds)
  if type(seeds) == "table" then return seeds end
  local list = {}
  for seed = 1, seeds do list[seed] = seed end
  return list
end

--- Trains one arm with one seed. An arm is a policy, or a function(seed, name) that returns a policy or a finished run.
local function run_of(o, arm, seed)
  local name = ("%s-seed%d"):format(arm.name, seed)
  local policy = arm.policy
  if type(policy) == "function" then policy = policy(seed, name) end
  local run = is_run(policy) and policy or o.train(policy, seed, name)
  if not is_run(run) then
    rho.fail("value", ("rho.ablation: train must return the run of rho.train, got %s for arm '%s'"):format(type(run), arm.name))
  end
  return run
end

--- The metric everything turns on: the given one, or the first evaluated loss.
local function metric_of(o, run)
  if o.metric then return o.metric end
  local tags = {}
  for tag in pairs(run.final or {}) do
    if tag:match("^eval/.+/loss$") then tags[#tags + 1] = tag end
  end
  table.sort(tags)
  if not tags[1] then rho.fail("value", "rho.ablation: the runs have no evaluated loss; give rho.train an eval corpus") end
  return tags[1]
end

-- Figures ------------------------------------------------------------------------------------------------------------

--- Values of fn(run) for each seed; nil unless every seed has one.
local function each(runs, fn)
  local values = {}
  for i, run in ipairs(runs) do
    local value = fn(run, i)
    if not value then return nil end
    values[i] = value
  end
  return values
end

local function summary(values)
  return values and { mean = statistics.mean(values), std = #values > 1 and statistics.std(values) or nil, values = values }
end

--- The difference of two arms' figures within each seed, with Student's interval.
local function paired(a, b, confidence)
  if not (a and b) then return nil end
  local differences = {}
  for i, value in ipairs(a) do differences[i] = value - b[i] end
  local result = statistics.interval(differences, confidence)
  result.values = differences
  return result
end

--- Shares that the arms realised with the first seed, in hundredths: what their random controls keep. An arm that keeps
-- everything, as soft weights do, has full training for its control.
local function realised_shares(arms)
  local shares, known = {}, {}
  for _, arm in ipairs(arms) do
    local share = math.floor(100 * arm.runs[1].selected / arm.runs[1].tokens + 0.5) / 100
    if share > 0 and share < 1 and not known[share] then
      known[share] = true
      shares[#shares + 1] = share
    end
  end
  table.sort(shares)
  return shares
end

-- A control of another share says little about an arm.
local NEAR = 0.1

--- The random control whose share is nearest to what the arm realised; nil where none is near.
local function control_of(arm, arms)
  local share, best = statistics.mean(each(arm.runs, function(run) return run.selected / run.tokens end)), nil
  for _, other in ipairs(arms) do
    local distance = other.keep and math.abs(other.keep - share)
    if distance and distance <= NEAR and (not best or distance < math.abs(best.keep - share)) then best = other end
  end
  return best
end

--- Smallest budget that every run of every arm has, per seed.
local function common_budget(arms, kind, seed_count)
  local budgets = {}
  for i = 1, seed_count do
    for _, arm in ipairs(arms) do
      local run = arm.runs[i]
      local last = run.history[#run.history]
      local have = kind == "compute" and total(run) or axes(run)[kind](last)
      -- An arm that kept nothing at all would make the others comparable at no token only.
      if have > 0 then budgets[i] = math.min(budgets[i] or math.huge, have) end
    end
  end
  return budgets
end

local function row_of(arm, arms, tag, budgets, confidence)
  local full, runs = arms[1], arm.runs
  local final = each(runs, function(run) return run.final[tag] end)
  local exact = each(runs, function(run) return run.final["eval/exact_match"] end)
  local row = {
    arm = arm.name, seeds = #runs, loss = summary(final), exact_match = summary(exact),
    kept = statistics.mean(each(runs, function(run) return run.selected / run.tokens end)),
    tokens_seen = statistics.mean(each(runs, function(run) return run.tokens end)),
    tokens_selected = statistics.mean(each(runs, function(run) return run.selected end)),
    total_flops = statistics.mean(each(runs, total)),
    reference_flops = statistics.mean(each(runs, function(run) return run.compute.reference end)),
    scoring_flops = statistics.mean(each(runs, function(run) return run.compute.scoring end)),
    precision = summary(each(runs, function(run) return run.precision end)),
    recall = summary(each(runs, function(run) return run.recall end)),
  }
  if arm ~= full then
    row.versus_full = paired(final, each(full.runs, function(run) return run.final[tag] end), confidence)
    row.exact_versus_full = paired(exact, each(full.runs, function(run) return run.final["eval/exact_match"] end), confidence)
    local control = control_of(arm, arms)
    if control and control ~= arm then
      row.control = control.name
      row.versus_random = paired(final, each(control.runs, function(run) return run.final[tag] end), confidence)
    end
  end
  local function reach(kind)
    return each(runs, function(run, i) return M.first_reach(run.history, tag, axes(run)[kind], full.runs[i].final[tag]) end)
  end
  local function share_of_full(values, all)
    return values and summary(each(values, function(value, i) return all(full.runs[i]) / value end))
  end
  local tokens, flops = reach "seen", reach "compute"
  row.tokens_to_full, row.flops_to_full = summary(tokens), summary(flops)
  row.token_speedup = share_of_full(tokens, function(run) return run.tokens end)
  row.flop_speedup = share_of_full(flops, total)
  for kind, values in pairs(budgets) do
    row["at_equal_" .. kind] = summary(each(runs, function(run, i) return M.value_at(run.history, tag, axes(run)[kind], values[i]) end))
  end
  return row
end

-- Text ---------------------------------------------------------------------------------------------------------------

local function plus_minus(figure, format)
  if not figure then return "-" end
  format = format or "%.4f"
  return format:format(figure.mean) .. (figure.std and (" ± " .. format:format(figure.std)) or "")
end

local function interval(figure, format)
  if not figure then return "-" end
  format = format or "%+.4f"
  if not figure.low then return format:format(figure.mean) end
  return ("%s [%s, %s]"):format(format:format(figure.mean), format:format(figure.low), format:format(figure.high))
end

local function percent(figure)
  if not figure then return nil end
  local scaled = {}
  for _, key in ipairs { "mean", "std", "low", "high" } do scaled[key] = figure[key] and figure[key] * 100 end
  return scaled
end

local HEADER = { "arm", "loss", "versus full", "versus random", "exact match", "versus full", "kept", "precision" }
local BUDGET_HEADER = {
  "arm", "tokens to full's loss", "speed-up", "FLOPs speed-up", "at equal seen", "at equal selected", "at equal compute",
  "FLOPs", "of it reference", "scoring",
}

local function cells_of(row)
  return {
    row.arm, plus_minus(row.loss), interval(row.versus_full), interval(row.versus_random),
    plus_minus(percent(row.exact_match), "%.1f"), interval(percent(row.exact_versus_full), "%+.1f"),
    ("%.3f"):format(row.kept), plus_minus(row.precision, "%.3f"),
  }
end

local function budget_cells_of(row)
  return {
    row.arm, row.tokens_to_full and tables.count(row.tokens_to_full.mean) or "-", plus_minus(row.token_speedup, "%.2f"),
    plus_minus(row.flop_speedup, "%.2f"), plus_minus(row.at_equal_seen), plus_minus(row.at_equal_selected),
    plus_minus(row.at_equal_compute), tables.count(row.total_flops), tables.count(row.reference_flops), tables.count(row.scoring_flops),
  }
end

--- Mean curve of an arm over its seeds, at the steps all of them were evaluated.
local function curve(arm, tag)
  local x, y, spread = {}, {}, {}
  for i, point in ipairs(arm.runs[1].history) do
    local values = each(arm.runs, function(run) return run.history[i] and run.history[i][tag] end)
    if values then
      x[#x + 1], y[#y + 1] = point.tokens, statistics.mean(values)
      spread[#spread + 1] = #values > 1 and statistics.std(values) or 0
    end
  end
  return { name = arm.name, x = x, y = y, spread = spread }
end

--- The figures of finished arms, { { name =, runs = { one for each seed } }, ... }, full training first.
function M.compare(arms, tag, confidence)
  local budgets = {}
  for _, kind in ipairs { "seen", "selected", "compute" } do budgets[kind] = common_budget(arms, kind, #arms[1].runs) end
  local result = { rows = {}, cells = {}, budget_cells = {}, header = HEADER, budget_header = BUDGET_HEADER, plots = {}, notes = {} }
  for i, arm in ipairs(arms) do
    local row = row_of(arm, arms, tag, budgets, confidence)
    result.rows[i], result.cells[i], result.budget_cells[i] = row, cells_of(row), budget_cells_of(row)
  end
  return setmetatable(result, Ablation)
end

--- What the reader of the tables has to know.
local function notes_of(what, seeds, confidence)
  local notes = {
    ("loss: nats per token on '%s', mean ± sample deviation over %d seeds; differences are taken within seeds, with %g %% t intervals."):format(
      what, seeds, confidence * 100),
    "Equal budgets are the smallest any arm had; curves are read between evaluations, before the end of a run's schedule. FLOPs count reference and scoring.",
  }
  if seeds == 1 then notes[1] = ("loss: nats per token on '%s', one seed; differences are taken within it."):format(what) end
  if seeds < 3 then notes[3] = "Fewer than three seeds: there is a direction here, hardly an interval." end
  return notes
end

function M.ablation(o)
  local arms, seeds = arms_of(o), seeds_of(o.seeds)
  for i, seed in ipairs(seeds) do
    for _, arm in ipairs(arms) do arm.runs[i] = run_of(o, arm, seed) end
    if i == 1 and not o.keep then
      for place, share in ipairs(realised_shares(arms)) do
        local arm = control(share)
        arm.runs[1] = run_of(o, arm, seed)
        table.insert(arms, 1 + place, arm)
      end
    end
  end
  local tag = metric_of(o, arms[1].runs[1])
  local result = M.compare(arms, tag, o.confidence)
  result.metric, result.seeds = tag, seeds
  result.notes = notes_of(tag:match("^eval/(.+)/loss$") or tag, #seeds, o.confidence)
  local dir = not rho.dry.active() and context.run and context.run:dir()
  if dir then
    local series = {}
    for i, arm in ipairs(arms) do series[i] = curve(arm, tag) end
    result.plots = rho.plot {
      path = dir .. "/ablation", title = o.title or "Held-out loss", x = "tokens seen", y = "loss (nats per token)", series = series,
    }
    result.report = rho.report {
      path = dir .. "/report.html", title = o.title or "Ablation",
      sections = {
        { kind = "table", title = "Arms", header = HEADER, rows = result.cells, notes = result.notes },
        { kind = "table", title = "Budgets", header = BUDGET_HEADER, rows = result.budget_cells, notes = {} },
        { kind = "plot", title = "Held-out loss, mean over seeds", path = dir .. "/ablation.svg" },
        { kind = "parameters", title = "Parameters" },
        { kind = "manifest", title = "Manifest" },
      },
    }
  end
  return result
end

return M
