--- Named policies from the literature, each a few lines on columns and rules. To add one, add an entry.
--
-- An entry says what is kept or how tokens are weighted (formula, with its sign), where that comes from (paper), its
-- options, and make(o), which returns the parts of rho.select.policy. A policy that appears here is the published rule,
-- not the published training: models, data and schedules differ.

local rho = require "rho.native"
local cost = require "rho.cost"
local s = rho.select

local POLICIES = {}
for _, group in ipairs { "selection", "reference", "weight" } do
  for _, entry in ipairs(require("rho." .. group .. "_policies")) do POLICIES[#POLICIES + 1] = entry end
end

local M = { names = {} }

local function fields_of(entry)
  local fields = {}
  for _, field in ipairs(entry.options) do fields[#fields + 1] = field end
  fields[#fields + 1] = { "scope", one_of = { "sequence", "micro_batch", "batch", "corpus" }, default = entry.scope or "batch",
    doc = "which tokens compete" }
  fields[#fields + 1] = { "normaliser", one_of = { "selected", "valid", "weights" }, default = entry.normaliser or "selected",
    doc = "what the weighted losses are divided by" }
  return fields
end

--- "eslm-0.2": the name with the numbers that were given.
local function label(entry, o)
  local parts = { entry.name }
  for _, field in ipairs(entry.options) do
    local value = o[field[1]]
    if math.type(value) then parts[#parts + 1] = ("%.4g"):format(value) end
  end
  return table.concat(parts, "-")
end

for _, entry in ipairs(POLICIES) do
  M.names[#M.names + 1] = entry.name
  s[entry.name] = rho.declare({
    name = "rho.select." .. entry.name,
    doc = ("%s %s. %s."):format(entry.doc, entry.formula, entry.paper),
    options = fields_of(entry),
    returns = { { "Policy", "the policy" } },
  }, function(o)
    local parts = entry.make(o)
    parts.scope, parts.normaliser, parts.scores, parts.name = o.scope, o.normaliser, o.scores, label(entry, o)
    local policy = s.policy(parts)
    -- A reference that is run beside the model has no scores to carry what it cost to train.
    if type(o.reference) == "table" and o.reference.compute then cost.record(policy, cost.of_run(o.reference)) end
    return policy
  end)
end

return M
