--- What is shared by the verbs of one run: the open run directory and the names given out below it.

local rho = require "rho.native"

local M = { run = nil, cli = {}, taken = {}, arms = {} }

--- Starts a run; called by the runner before the experiment's own function.
function M.start(run, cli)
  M.run, M.cli, M.taken, M.arms = run, cli, {}, {}
end

--- The open run directory, which `verb` writes into.
function M.open_run(verb)
  if not M.run then
    rho.fail("usage", verb .. " writes into a run directory, and none is open: call it inside the function that rho.experiment gets as run")
  end
  return M.run
end

--- A free name below the run directory: `wanted`, else `wanted-2`, ...
function M.name(wanted)
  local name = wanted:gsub("[^%w%._-]+", "-")
  local count = (M.taken[name] or 0) + 1
  M.taken[name] = count
  return count == 1 and name or name .. "-" .. count
end

return M
