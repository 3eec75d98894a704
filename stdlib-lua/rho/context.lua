--- What is shared by the verbs of one run: the open run directory and the names given out below it.

local config = require "rho.config"
local rho = require "rho.native"

local M = { run = nil, cli = {}, taken = {}, arms = {}, account = {} }

--- Starts a run; called by the runner before the experiment's own function. `values` are the parameters as the run's
-- manifest has them, `given` those that the function gets.
function M.start(run, cli, values, given)
  M.run, M.cli, M.taken, M.arms, M.account, M.values, M.given = run, cli, {}, {}, {}, values, given
end

--- Ends a run whose function changed its own parameters: the manifest would not say what was done.
function M.check_frozen()
  local name = M.values and config.changed(M.given, M.values)
  if name then
    rho.fail("script", ("the parameter '%s' was changed while the experiment ran; the run's manifest says otherwise"):format(name),
      "keep the other value in a local, or declare it as a parameter of its own")
  end
end

--- A path below the run directory.
function M.path(name) return M.run:dir() .. "/" .. name end

--- The open run directory, which `verb` writes into.
function M.open_run(verb)
  if not M.run then
    rho.fail("usage", verb .. " writes into a run directory, and none is open: call it inside the function that rho.experiment gets as run")
  end
  return M.run
end

--- True where the command line asks the training `arm` to pause after so many tokens.
function M.pauses(arm, tokens)
  local pause = M.cli.pause
  return pause ~= nil and pause.arm == arm and tokens >= pause.tokens
end

--- Enters a training into the run's account; it counts as the reference's once something was scored with it.
function M.trained(run) M.account[#M.account + 1] = { purpose = "training", run = run } end

--- Enters a scoring with `reference`, a run or a model, into the run's account.
function M.scored(reference, flops, tokens)
  for _, entry in ipairs(M.account) do
    if entry.run == reference then entry.purpose = "reference_training" end
  end
  M.account[#M.account + 1] = { purpose = "scoring", flops = flops, tokens = tokens }
end

--- Writes the account into the manifest: what the results cost, whether they were computed now or found in the store.
function M.settle(run)
  for _, entry in ipairs(M.account) do
    local of = entry.run
    run:compute(entry.purpose, of and of.compute.training or entry.flops, math.tointeger(of and of.tokens or entry.tokens) or 0)
  end
end

--- A free name below the run directory: `wanted`, else `wanted-2`, ...
function M.name(wanted)
  local name = wanted:gsub("[^%w%._-]+", "-")
  local count = (M.taken[name] or 0) + 1
  M.taken[name] = count
  return count == 1 and name or name .. "-" .. count
end

return M
