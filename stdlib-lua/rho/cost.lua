--- What artifacts cost to make, in floating-point operations, remembered for as long as the artifact lives.

local M = {}

local costs = setmetatable({}, { __mode = "k" })

--- Remembers `cost`, { reference = FLOPs, scoring = FLOPs }, for a scores artifact.
function M.record(scores, cost)
  costs[scores] = cost
end

--- The cost of a scores artifact; nothing where there are no scores.
function M.of(scores)
  return scores and costs[scores] or { reference = 0, scoring = 0 }
end

--- The cost of everything a policy reads: its scores, and those behind its further columns.
function M.of_policy(policy)
  local sum, counted = { reference = 0, scoring = 0 }, {}
  local function add(scores)
    if not scores or counted[scores] then return end
    counted[scores] = true
    local cost = M.of(scores)
    sum.reference, sum.scoring = sum.reference + cost.reference, sum.scoring + cost.scoring
  end
  add(policy:scores())
  for _, scores in ipairs(policy:extra_scores()) do add(scores) end
  return sum
end

return M
