--- Options that policies share.

local M = {}

M.scores = { "scores", "Scores", required = true, doc = "the reference's losses, from rho.score" }

--- The share kept, or a schedule of it.
function M.keep(default)
  return { "keep", "number|KeepSchedule", default = default, doc = "share kept, 0 to 1, or a schedule" }
end

--- A number, required where it has no default.
function M.number(name, default, doc)
  return { name, "number", default = default, required = default == nil, doc = doc }
end

return M
