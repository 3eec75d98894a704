--- rho.experiment: a file in git that says what is done, in the order of a method section.

local parameters = require "rho.parameters"

local Experiment = {}
Experiment.__index = Experiment
Experiment.__name = "rho.Experiment"

function Experiment:__tostring()
  return ("experiment '%s' (%s)"):format(self.name, parameters.describe(self.params))
end

--- The same experiment with some of its fields replaced.
local function changed(self, fields)
  local copy = {}
  for name, value in pairs(self) do copy[name] = value end
  for name, value in pairs(fields) do copy[name] = value end
  return setmetatable(copy, Experiment)
end

--- The same experiment with other parameter values, groups of values merged; keys and types must be those there are.
function Experiment:with(changes)
  return changed(self, { params = parameters.merge(self.params, changes, "with") })
end

--- The same experiment over the cells of a sweep, for a file that sweeps what another file declares.
function Experiment:over(sweep)
  return changed(self, { sweep = sweep })
end

local M = {}

--- Declares an experiment; `definition` is { name=, doc=, params=, sweep=, baseline=, run=function(p) ... end }.
function M.new(definition)
  return setmetatable({
    name = definition.name,
    doc = definition.doc,
    params = definition.params or {},
    sweep = definition.sweep,
    baseline = definition.baseline,
    run = definition.run,
  }, Experiment)
end

--- The name of an experiment; nil for anything else.
function M.name(value)
  return M.is(value) and value.name or nil
end

--- True where `value` was made by rho.experiment.
function M.is(value)
  return getmetatable(value) == Experiment
end

return M
