--- The plan of a sweep: for every cell its parameters, its fingerprint and a name, before anything runs.

local rho = require "rho.native"
local parameters = require "rho.parameters"
local sweeps = require "rho.sweep"

local M = {}

--- A plain value as `--set` reads it back, bit for bit.
local function literal(value, nested)
  if type(value) == "string" then return nested and ("%q"):format(value) or value end
  if math.type(value) == "float" then
    local short = ("%.15g"):format(value)
    return tonumber(short) == value and short or ("%.17g"):format(value)
  elseif type(value) ~= "table" then
    return tostring(value)
  end
  local parts = {}
  for i, item in ipairs(value) do parts[i] = literal(item, true) end
  for key, item in pairs(value) do
    if not (math.type(key) == "integer" and key >= 1 and key <= #value) then
      parts[#parts + 1] = ("[%s]=%s"):format(literal(key, true), literal(item, true))
    end
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

--- The values of `--sweep name={...}`; words without quotes are texts where the parameter is one.
local function values_of(exp, text)
  local name, list = text:match("^%s*([^=]-)%s*=%s*(.*)$")
  if not name or name == "" then rho.fail("usage", ("--sweep %s: write --sweep name={value, value}"):format(text)) end
  local words = type(parameters.default(exp.params, name)) == "string"
    and setmetatable({}, { __index = function(_, word) return word end }) or {}
  local chunk = load("return " .. list, "=--sweep", "t", words)
  local ok, values = pcall(chunk or function() error() end)
  if not ok or type(values) ~= "table" or #values == 0 then
    rho.fail("usage", ("--sweep %s: the values are a list such as {0.4, 0.6}"):format(text))
  end
  for _, value in ipairs(values) do parameters.check(exp.params, name, value, "--sweep " .. text) end
  return name, values
end

local function has(sweep, name)
  for _, known in ipairs(sweep and sweep.names or {}) do
    if known == name then return true end
  end
  return false
end

--- What the file declares, times what the command line adds; nil where neither asks for a sweep.
local function sweep_of(exp, cli)
  local sweep = not cli.no_sweep and exp.sweep or nil
  for _, text in ipairs(cli.sweeps or {}) do
    local name, values = values_of(exp, text)
    if has(sweep, name) then
      rho.fail("usage", ("--sweep %s: there are values for '%s' already"):format(text, name),
        has(exp.sweep, name) and "--no-sweep leaves out the sweep that the experiment declares" or nil)
    end
    local one = rho.sweep.grid { [name] = values }
    sweep = sweep and sweep * one or one
  end
  if cli.seeds then
    local first = cli.seed or parameters.default(exp.params, "seed")
    if math.type(first) ~= "integer" then rho.fail("usage", "--seeds: this experiment has no parameter 'seed' that is a whole number") end
    if has(sweep, "seed") then rho.fail("usage", "--seeds: the sweep gives values for 'seed' already") end
    sweep = sweeps.seeds(sweep, cli.seeds, first)
  elseif cli.seed and has(sweep, "seed") then
    rho.fail("usage", "--seed: the sweep gives values for 'seed' already")
  end
  return sweep
end

--- Short text that names a cell, for its directory.
local function slug_of(names, cell)
  local parts = {}
  for _, name in ipairs(names) do
    if cell[name] ~= nil then parts[#parts + 1] = (name .. "-" .. literal(cell[name])):gsub("[^%w%._-]+", "_") end
  end
  return table.concat(parts, "-"):sub(1, 60)
end

--- The `name=value` of a cell, those of the command line first.
local function sets_of(exp, cli, sweep, cell)
  local sets = {}
  for _, set in ipairs(cli.sets) do
    local name = set:match("^%s*([^=]-)%s*=")
    if has(sweep, name) then rho.fail("usage", ("--set %s: the sweep gives values for '%s' already"):format(set, name)) end
    sets[#sets + 1] = set
  end
  if cli.seed and not has(sweep, "seed") then sets[#sets + 1] = ("seed=%d"):format(cli.seed) end
  for _, name in ipairs(sweep.names) do
    if cell[name] ~= nil then
      parameters.check(exp.params, name, cell[name], "sweep")
      sets[#sets + 1] = name .. "=" .. literal(cell[name])
    end
  end
  return sets
end

--- The plan of what `exp` and the command line ask for; nil where that is a single run.
function M.of(exp, cli)
  local sweep = sweep_of(exp, cli)
  if not sweep then return nil end
  local function resolve(cell) return (parameters.resolve(exp.params, sets_of(exp, cli, sweep, cell))) end
  local cells, seen, engine = {}, {}, nil
  for _, cell in ipairs(sweep.expand(resolve)) do
    local params = resolve(cell)
    local identity = rho.store.identity { experiment = exp.name, params = params, run = exp.run, file = cli.file }
    local digest = identity:digest()
    engine = engine or identity:describe().engine
    if not seen[digest] then
      seen[digest] = true
      cells[#cells + 1] = {
        values = cell, sets = sets_of(exp, cli, sweep, cell), digest = digest, slug = slug_of(sweep.names, cell),
        tokens = type(rawget(params, "tokens")) == "number" and params.tokens or nil,
      }
    end
  end
  if #cells == 0 then rho.fail("usage", "the sweep has no cell: its filter keeps none") end
  return {
    experiment = exp.name, text = sweep.text, names = sweep.names, asha = sweep.asha,
    baseline = cli.baseline or exp.baseline, cells = cells, engine = engine,
  }
end

return M
