--- What `rhoscript FILE.lua` does with the experiment the file returns.

local rho = require "rho.native"
local config = require "rho.config"
local context = require "rho.context"
local experiment = require "rho.experiment"
local parameters = require "rho.parameters"
local plans = require "rho.plan"

local M = {}

--- The text of `rhoscript FILE.lua --help`.
local function help(exp, file)
  local lines = { ("%s: %s"):format(exp.name, exp.doc or "no description"), "",
    ("Usage: rhoscript %s [--set name=value ...] [--seed N] [--out DIR] [--json] [--progress MODE] [--threads N]"):format(file) }
  local list = parameters.help(exp.params)
  if list ~= "" then
    lines[#lines + 1] = "\nParameters (change one with --set name=value):\n" .. list
  end
  if exp.sweep then
    lines[#lines + 1] = ("\nRuns the sweep %s; -n shows its plan, --no-sweep runs the experiment once."):format(tostring(exp.sweep))
  end
  return table.concat(lines, "\n")
end

--- Short text that names what the command line gave, for the run directory's name.
local function slug(given, values)
  local flat, parts, names = parameters.flat(values), {}, {}
  for name in pairs(given) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local value = flat[name]
    if value == nil then value = values[name] end
    local text = type(value) == "table" and rho.json.encode(value) or tostring(value)
    parts[#parts + 1] = (name .. "-" .. text):gsub("[^%w%._-]+", "_"):gsub("_$", "")
  end
  return #parts > 0 and table.concat(parts, "-"):sub(1, 40) or "default"
end

--- Writes how the run ended into its manifest where an error ends it. A stop on request has been written already.
local function ending(run)
  return setmetatable({}, {
    __close = function(_, problem)
      local code = type(problem) == "table" and problem.code
      if problem and code ~= "interrupted" then run:finish(nil, code == "diverged" and "diverged" or "failed") end
    end,
  })
end

--- Opens the run directory: the one named, the one in which this very run was cut off, or a new one.
local function open(exp, cli, values, origins, given)
  local identity = rho.store.identity { experiment = exp.name, params = values, run = exp.run, file = cli.file }
  local dir = cli.out
  if not dir and not cli.force then
    dir = rho.store.unfinished(identity)
    if dir then rho.run.log("going on with " .. dir) end
  end
  if dir then
    local known, problem, hint = rho.store.claim { dir = dir, identity = identity, force = cli.force }
    if known == nil then rho.fail("usage", problem, hint) end
  end
  local run = rho.run.open {
    dir = dir, experiment = exp.name, slug = slug(given, values), params = values, origins = origins,
    meanings = parameters.meanings(exp.params), seed = rawget(values, "seed"),
  }
  rho.store.begin(identity)
  return run
end

--- The numbers that an experiment returned, for the tables of sweeps; nil where it returned something else.
local function numbers_of(result)
  if type(result) == "number" then return { result = result } end
  if type(result) ~= "table" or getmetatable(result) then return nil end
  local numbers = {}
  for name, value in pairs(result) do
    if type(name) == "string" and type(value) == "number" then numbers[name] = value end
  end
  return next(numbers) and numbers or nil
end

--- The experiment that a file returned.
local function expect_experiment(exp, cli)
  if not experiment.is(exp) then
    rho.fail("usage", ("%s must return an experiment: return rho.experiment { name = ..., run = function(p) ... end }, got %s")
      :format(cli.file, type(exp)))
  end
end

--- What stands for the run directory in a check: nothing is written there.
local function dry_run(exp)
  local run = {}
  function run.dir() return "runs/" .. exp.name end
  return run
end

--- Runs `exp` with verbs that check, estimate and train nothing.
function M.check(exp, cli)
  expect_experiment(exp, cli)
  local values = parameters.resolve(exp.params, cli.sets, cli.seed)
  local given = config.strict(values)
  context.start(dry_run(exp), cli, config.copy(values), given)
  exp.run(given)
  context.check_frozen()
end

--- Runs `exp`; `cli` holds what the command line said. Returns the exit code and, with --json, the document.
function M.main(exp, cli)
  expect_experiment(exp, cli)
  if cli.help then
    print(help(exp, cli.file))
    return 0
  end
  local values, origins, flags = parameters.resolve(exp.params, cli.sets, cli.seed)
  if cli.print_config then
    local places = parameters.places(values, origins, flags, cli.file)
    local text = cli.against and parameters.difference(values, places, cli.against, cli.json)
      or parameters.show(values, places, cli.json)
    if cli.json then return 0, text end
    print(text)
    return 0
  end
  local uncommitted = cli.require_clean and rho.run.uncommitted()
  if uncommitted then
    rho.fail("usage", "--require-clean: " .. uncommitted, "commit or stash the changes, or run without --require-clean")
  end
  local plan = plans.of(exp, cli)
  if plan then
    if cli.out then rho.fail("usage", "--out names the directory of one run, and this is a sweep of " .. #plan.cells) end
    if cli.force then rho.fail("usage", "--force starts one run anew, and this is a sweep of " .. #plan.cells) end
    return 0, nil, plan
  end
  if cli.needs_sweep then
    rho.fail("usage", cli.file .. " declares no sweep, and the command line gives none",
      "give --sweep 'name={...}' or --seeds N, or declare one with sweep = rho.sweep.grid {...}")
  end
  local run = open(exp, cli, values, origins, flags)
  local guard <close> = ending(run)
  local given = config.strict(values)
  context.start(run, cli, config.copy(values), given)
  local result = exp.run(given)
  context.check_frozen()
  local document = { experiment = exp.name, run = run:dir(), params = values }
  document.values = numbers_of(result)
  if type(result) == "table" then
    document.table, document.report, document.plots = result.rows, result.report, result.plots
  end
  context.settle(run)
  run:finish(document)
  if cli.json then return 0, rho.json.encode(document, { pretty = true }) end
  if result ~= nil then
    print(type(result) == "table" and document.values and rho.json.encode(document.values) or tostring(result))
  end
  print("run directory: " .. run:dir())
  return 0
end

return M
