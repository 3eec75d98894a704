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

return M
