--- rho.sweep: which parameter values an experiment is run with.
--
-- A sweep is a value that lists cells, one for each run; making one runs nothing. The same definition gives the same
-- cells in the same order, so that a cell is known by its values and not by its place.

local distribution = require "rho.distribution"
local rho = require "rho.native"

local Sweep = {}
Sweep.__index = Sweep
Sweep.__name = "rho.Sweep"

function Sweep:__tostring() return self.text end

--- Sorts names, the seed last: what is averaged over stands behind what is compared, and changes fastest.
local function sorted(names)
  table.sort(names, function(a, b)
    if (a == "seed") ~= (b == "seed") then return b == "seed" end
    return a < b
  end)
  return names
end

--- `expand(resolve)` returns the cells as tables of values by parameter; `resolve(cell)` gives all parameters of a cell.
local function new(text, names, expand, asha)
  return setmetatable({ text = text, names = sorted(names), expand = expand, asha = asha }, Sweep)
end

local M = {}

--- True where `value` is a sweep.
function M.is(value) return getmetatable(value) == Sweep end

local function keys(values)
  local names = {}
  for name in pairs(values) do names[#names + 1] = name end
  return sorted(names)
end

local function joined(a, b)
  local cell = {}
  for name, value in pairs(a) do cell[name] = value end
  for name, value in pairs(b) do cell[name] = value end
  return cell
end

--- The lists of values by parameter; each must have at least one element.
local function lists(where, values)
  local names = keys(values)
  if #names == 0 then rho.fail("value", where .. ": give lists of values by parameter, such as { keep = { 0.4, 0.6 } }") end
  for _, name in ipairs(names) do
    local list = values[name]
    if type(list) ~= "table" or #list == 0 then
      rho.fail("value", ("%s: %s must be a list with at least one value, got %s"):format(where, name,
        type(list) == "table" and "an empty table" or type(list)))
    end
  end
  return names
end

--- Every cell of `left` with every cell of `right`, the right one changing fastest.
local function product(left, right)
  for _, name in ipairs(left.names) do
    for _, other in ipairs(right.names) do
      if name == other then rho.fail("value", ("rho.sweep.product: both sweeps give values for '%s'"):format(name)) end
    end
  end
  local names = table.move(right.names, 1, #right.names, #left.names + 1, { table.unpack(left.names) })
  return new(left.text .. " x " .. right.text, names, function(resolve)
    local cells = {}
    for _, a in ipairs(left.expand(resolve)) do
      for _, b in ipairs(right.expand(resolve)) do cells[#cells + 1] = joined(a, b) end
    end
    return cells
  end, left.asha or right.asha)
end

function M.grid(values)
  local sweep
  for _, name in ipairs(lists("rho.sweep.grid", values)) do
    local list = values[name]
    local one = new(name, { name }, function()
      local cells = {}
      for i, value in ipairs(list) do cells[i] = { [name] = value } end
      return cells
    end)
    sweep = sweep and product(sweep, one) or one
  end
  return sweep
end

function M.zip(values)
  local names = lists("rho.sweep.zip", values)
  local count = #values[names[1]]
  for _, name in ipairs(names) do
    if #values[name] ~= count then
      rho.fail("value", ("rho.sweep.zip: lists must be of one length, but %s has %d values and %s has %d"):format(
        names[1], count, name, #values[name]))
    end
  end
  return new("zip(" .. table.concat(names, ", ") .. ")", names, function()
    local cells = {}
    for i = 1, count do
      local cell = {}
      for _, name in ipairs(names) do cell[name] = values[name][i] end
      cells[i] = cell
    end
    return cells
  end)
end

function M.list(cells)
  local seen = {}
  for i, cell in ipairs(cells) do
    if type(cell) ~= "table" then
      rho.fail("value", ("rho.sweep.list: cell %d must be a table of values by parameter, got %s"):format(i, type(cell)))
    end
    for name in pairs(cell) do seen[name] = true end
  end
  if #cells == 0 then rho.fail("value", "rho.sweep.list: give at least one cell, such as { { keep = 0.4, lr = 1e-3 } }") end
  return new(("list of %d"):format(#cells), keys(seen), function() return cells end)
end

-- Random ---------------------------------------------------------------------------------------------------------------

function M.random(options)
  local names, space = keys(options.space), {}
  if #names == 0 then rho.fail("value", "rho.sweep.random: space is empty; give distributions by parameter") end
  for _, name in ipairs(names) do
    local entry = options.space[name]
    if distribution.is(entry) then
      space[name] = entry
    elseif type(entry) == "table" and #entry > 0 then
      space[name] = distribution.choice(entry)
    else
      rho.fail("value", ("rho.sweep.random: %s must be a distribution such as rho.sweep.uniform(0.3, 0.9) or a list, got %s")
        :format(name, type(entry)))
    end
  end
  return new(("random(%s)"):format(table.concat(names, ", ")), names, function()
    local cells = {}
    for index = 1, options.count do
      local cell = {}
      for _, name in ipairs(names) do
        -- A stream for each parameter and cell: neither another parameter nor another count changes a value.
        cell[name] = space[name].draw(rho.random.stream { seed = options.seed, name = "sweep/" .. name, step = index })
      end
      cells[index] = cell
    end
    return cells
  end)
end

-- Changes --------------------------------------------------------------------------------------------------------------

function M.product(a, b) return product(a, b) end

function M.union(a, b)
  local seen = {}
  for _, sweep in ipairs { a, b } do
    if sweep.asha then rho.fail("value", "rho.sweep.union: put rho.sweep.asha around the union") end
    for _, name in ipairs(sweep.names) do seen[name] = true end
  end
  return new(a.text .. " + " .. b.text, keys(seen), function(resolve)
    local cells = {}
    for _, sweep in ipairs { a, b } do
      for _, cell in ipairs(sweep.expand(resolve)) do cells[#cells + 1] = cell end
    end
    return cells
  end)
end

function M.filter(sweep, keeps)
  return new(sweep.text .. ", filtered", { table.unpack(sweep.names) }, function(resolve)
    local cells = {}
    for _, cell in ipairs(sweep.expand(resolve)) do
      if keeps(resolve(cell)) then cells[#cells + 1] = cell end
    end
    return cells
  end, sweep.asha)
end

--- `first`, `first + 1`, ...: as many seeds for each cell.
function M.seeds(sweep, count, first)
  local list = {}
  for i = 1, count do list[i] = first + i - 1 end
  local seeds = M.grid { seed = list }
  return sweep and product(sweep, seeds) or seeds
end

function M.asha(options)
  local sweep = options.space
  if sweep.asha then rho.fail("value", "rho.sweep.asha: space is a rho.sweep.asha already") end
  for i = 2, #options.rungs do
    if options.rungs[i] <= options.rungs[i - 1] then
      rho.fail("value", ("rho.sweep.asha: rungs must rise, got %g after %g"):format(options.rungs[i], options.rungs[i - 1]))
    end
  end
  if #options.rungs == 0 then rho.fail("value", "rho.sweep.asha: give at least one rung, such as { 100e3, 300e3 }") end
  return new(("asha(%s)"):format(sweep.text), { table.unpack(sweep.names) }, sweep.expand, {
    arm = options.arm, metric = options.metric, rungs = options.rungs, eta = options.eta, parallel = options.parallel,
    maximise = options.goal == "max",
  })
end

-- Declarations ---------------------------------------------------------------------------------------------------------

local SWEEP = { "rho.Sweep", "the sweep" }
local VALUES = "lists of values by parameter of the experiment"

rho.sweep = {
  grid = rho.declare({
    name = "rho.sweep.grid", doc = "Every combination of the values. Parameters are taken by name, the last one changing fastest.",
    options = {}, open = VALUES, returns = SWEEP, example = [[return rho.sweep.grid { keep = { 0.4, 0.6, 0.8 }, seed = { 1, 2, 3 } }]],
  }, M.grid),
  zip = rho.declare({
    name = "rho.sweep.zip", doc = "The first values together, then the second values together, and so on.",
    options = {}, open = VALUES .. ", all of one length", returns = SWEEP, example = [[return rho.sweep.zip { dim = { 64, 128 }, lr = { 3e-3, 1e-3 } }]],
  }, M.zip),
  list = rho.declare({
    name = "rho.sweep.list", doc = "The cells themselves, one table of values for each.",
    parameters = { { "cells", "list<table>", required = true, doc = "values by parameter" } }, returns = SWEEP,
    example = [[return rho.sweep.list { { keep = 0.4, lr = 1e-3 }, { keep = 0.6 } }]],
  }, M.list),
  random = rho.declare({
    name = "rho.sweep.random",
    doc = "Values drawn at random. Each is a pure function of seed, parameter and index: a larger count only adds cells, and another parameter changes none of the values. Floats are rounded to four significant digits.",
    options = {
      { "space", "table", required = true, doc = "a distribution or a list for each parameter" },
      { "count", "integer", min = 1, required = true, doc = "cells" },
      { "seed", "integer", default = 1, doc = "seed of the draws, not of the runs" },
    }, returns = SWEEP,
    example = [[return rho.sweep.random { count = 8, space = { lr = rho.sweep.log_uniform(1e-4, 1e-2), keep = { 0.4, 0.6 } } }]],
  }, M.random),
  asha = rho.declare({
    name = "rho.sweep.asha",
    doc = "Successive halving: every cell trains to the first rung, the best 1/eta of those that reached a rung go on to the next, and from the last rung to the end of the training. This is ASHA (Li, Jamieson, Rostamizadeh and others 2018, arXiv 1810.05934) with one difference: what a decision may look at is fixed by `parallel` and not by which process was faster, so the decisions are the same whatever the number of workers. A cell that is promoted goes on from its checkpoint.",
    options = {
      { "space", "rho.Sweep", required = true, doc = "the cells, in the order they are tried" },
      { "arm", "string", required = true, doc = "name of the training that is cut short (rho.train's name); other trainings of a run are whole" },
      { "metric", "string", required = true, doc = "what is compared: a tag of the arm's metrics, such as eval/clean/loss" },
      { "rungs", "list<number>", required = true, unit = "tokens", doc = "where trainings pause, at the first evaluation from there on; rising" },
      { "eta", "number", min = 1, open_min = true, default = 3, doc = "one in so many is promoted" },
      { "parallel", "integer", min = 1, default = 1, doc = "decisions that may be under way together; more workers than that wait" },
      { "goal", one_of = { "min", "max" }, default = "min", doc = "which values of the metric are better" },
    }, returns = SWEEP,
    example = [[
local space = rho.sweep.random { count = 27, space = { lr = rho.sweep.log_uniform(1e-4, 1e-2) } }
return rho.sweep.asha { space = space, arm = "slm", metric = "eval/clean/loss", rungs = { 100e3, 300e3 } }]],
  }, M.asha),
  filter = rho.declare({
    name = "rho.sweep.filter", doc = "The cells for which keeps(p) is true; p holds every parameter of the experiment. Also sweep:filter(keeps).",
    parameters = {
      { "sweep", "rho.Sweep", required = true, doc = "the sweep" },
      { "keeps", "function", required = true, doc = "keeps(p): whether to run the cell" },
    }, returns = SWEEP,
    example = [[return rho.sweep.grid { dim = { 64, 128 }, layers = { 2, 4 } }:filter(function(p) return p.dim * p.layers <= 256 end)]],
  }, M.filter),
  seeds = rho.declare({
    name = "rho.sweep.seeds", doc = "Each cell with several seeds, so that tables have means, deviations and paired differences. Also sweep:seeds(n).",
    parameters = {
      { "sweep", "rho.Sweep", required = true, doc = "the sweep" },
      { "count", "integer", min = 1, required = true, doc = "number of seeds" },
      { "first", "integer", default = 1, doc = "the first seed; the others follow" },
    }, returns = SWEEP, example = [[return rho.sweep.grid { keep = { 0.4, 0.6 } }:seeds(3)]],
  }, M.seeds),
  product = rho.declare({
    name = "rho.sweep.product", doc = "Every cell of one sweep with every cell of another. Also a * b.",
    parameters = { { "a", "rho.Sweep", required = true, doc = "a sweep" }, { "b", "rho.Sweep", required = true, doc = "one with other parameters" } },
    returns = SWEEP, example = [[return rho.sweep.zip { dim = { 64, 128 }, lr = { 3e-3, 1e-3 } } * rho.sweep.grid { keep = { 0.4, 0.6 } }]],
  }, M.product),
  union = rho.declare({
    name = "rho.sweep.union", doc = "The cells of one sweep, then those of another that are not the same. Also a + b.",
    parameters = { { "a", "rho.Sweep", required = true, doc = "a sweep" }, { "b", "rho.Sweep", required = true, doc = "another" } },
    returns = SWEEP, example = [[return rho.sweep.grid { keep = { 0.4, 0.6 } } + rho.sweep.list { { keep = 1.0 } }]],
  }, M.union),
  uniform = rho.declare({
    name = "rho.sweep.uniform", doc = "A float between two numbers, each as likely.",
    parameters = { { "low", "number", required = true, doc = "smallest" }, { "high", "number", required = true, doc = "largest" } },
    returns = { "rho.Distribution", "the distribution" }, example = [[return rho.sweep.uniform(0.3, 0.9)]],
  }, distribution.uniform),
  log_uniform = rho.declare({
    name = "rho.sweep.log_uniform", doc = "Uniform in the logarithm, for learning rates and the like.",
    parameters = { { "low", "number", required = true, doc = "smallest, above 0" }, { "high", "number", required = true, doc = "largest" } },
    returns = { "rho.Distribution", "the distribution" }, example = [[return rho.sweep.log_uniform(1e-4, 1e-2)]],
  }, distribution.log_uniform),
  int = rho.declare({
    name = "rho.sweep.int", doc = "A whole number, both ends included.",
    parameters = { { "low", "integer", required = true, doc = "smallest" }, { "high", "integer", required = true, doc = "largest" } },
    returns = { "rho.Distribution", "the distribution" }, example = [[return rho.sweep.int(1, 4)]],
  }, distribution.int),
  choice = rho.declare({
    name = "rho.sweep.choice", doc = "One of the values, each as likely.",
    parameters = { { "values", "list<any>", required = true, doc = "what to choose from" } },
    returns = { "rho.Distribution", "the distribution" }, example = [[return rho.sweep.choice { 8, 16, 32 }]],
  }, distribution.choice),
}

Sweep.filter, Sweep.seeds = rho.sweep.filter, rho.sweep.seeds
Sweep.__mul, Sweep.__add = rho.sweep.product, rho.sweep.union

return M
