--- rho.stage: a step of one's own that is remembered like the built-in verbs.

local rho = require "rho.native"
local train = require "rho.train"

--- `value` with runs replaced by their models, which is what they are made of.
local function plain(value)
  if train.is_run(value) then return value.model end
  if type(value) ~= "table" or getmetatable(value) then return value end
  local copy = {}
  for name, item in pairs(value) do copy[name] = plain(item) end
  return copy
end

local drafts = {}

--- Runs `options.run`, or finds what it gave for the same inputs, files and code; see `help rho.stage`.
return function(options)
  if rho.dry.active() then
    -- A check has no results of verbs to make a key of. What the stage writes lives until the check ends.
    local random <close> = rho.store.random(options.seed)
    local draft = rho.store.draft(rho.store.key { verb = "rho.stage", parts = { name = options.name } })
    drafts[#drafts + 1] = draft
    return options.run(options.inputs, draft:dir()), draft:dir()
  end
  local key = rho.store.key {
    verb = "rho.stage", exact = true, files = options.files,
    parts = {
      name = options.name, inputs = plain(options.inputs), run = options.run, seed = options.seed, version = options.version,
    },
  }
  local object = rho.store.find(key, options.name)
  if not object then
    local random <close> = rho.store.random(options.seed)
    local draft <close> = rho.store.draft(key)
    object = draft:commit { value = options.run(options.inputs, draft:dir()), label = options.name }
  end
  return object:value(), object:dir()
end
