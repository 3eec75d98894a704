--- What artifacts cost to make, in floating-point operations, remembered for as long as the artifact lives.

local M = {}

local costs = setmetatable({}, { __mode = "k" })

--- Remembers `cost`, { reference = FLOPs, scoring = FLOPs }, for scores, or for a policy that runs a reference itself.
function M.record(artifact, cost)
  costs[artifact] = cost
end

--- The cost of an artifact; nothing where nothing is known.
function M.of(artifact)
  return artifact and costs[artifact] or { reference = 0, scoring = 0 }
end

--- The cost of everything a policy reads: its scores, those behind its further columns, and its own reference.
function M.of_policy(policy)
  local sum, counted = { reference = 0, scoring = 0 }, {}
  local function add(artifact)
    if not artifact or counted[artifact] then return end
    counted[artifact] = true
    local cost = M.of(artifact)
    sum.reference, sum.scoring = sum.reference + cost.reference, sum.scoring + cost.scoring
  end
  add(policy)
  add(policy:scores())
  for _, scores in ipairs(policy:extra_scores()) do add(scores) end
  return sum
end

return M
