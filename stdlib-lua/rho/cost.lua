--- What policies cost beside the trainings they serve, in floating-point operations.

local M = {}

local references = setmetatable({}, { __mode = "k" })

--- What a run took altogether: it may have had a reference of its own.
function M.of_run(run) return run.compute.training + run.compute.reference + run.compute.scoring end

--- Remembers what it took to train the reference that `policy` runs beside the model.
function M.record(policy, flops) references[policy] = flops end

--- The cost of everything a policy reads: its scores, those behind its further columns, and its own reference.
function M.of_policy(policy)
  local sum, counted = { reference = references[policy] or 0, scoring = 0 }, {}
  local function add(scores)
    if not scores or counted[scores] then return end
    counted[scores] = true
    sum.reference, sum.scoring = sum.reference + scores:reference_flops(), sum.scoring + scores:flops()
  end
  add(policy:scores())
  for _, scores in ipairs(policy:extra_scores()) do add(scores) end
  return sum
end

return M
