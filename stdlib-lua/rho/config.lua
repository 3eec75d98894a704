--- Plain data with a base and changes: rho.config, and the parameters that an experiment's function gets.
--
-- A configuration knows its keys: reading another one is an error that names the nearest, adding one is an error too.
-- `with` gives a deep copy with some values changed; the base stays as it is.

local rho = require "rho.native"

local M = {}

--- True for 1, 2, ..., n: a list is one value, replaced as a whole.
local function is_list(value) return #value > 0 or next(value) == nil end

local function is_group(value) return type(value) == "table" and not is_list(value) end

local function names(values)
  local list = {}
  for name in pairs(values) do list[#list + 1] = tostring(name) end
  return list
end

--- What a number, string, list or group is called in an error.
local function kind(value)
  if type(value) ~= "table" then return type(value) end
  return is_list(value) and "list" or "table"
end

--- A deep copy; objects of the engine and functions are shared.
local function copy(value)
  if type(value) ~= "table" then return value end
  local result = {}
  for name, item in pairs(value) do result[name] = copy(item) end
  return result
end

--- Gives `values` and the groups below their strictness. `missing` is the sentence of errors, `path` leads to the group.
local function guard(values, missing, methods, path)
  path = path or ""
  for name, value in pairs(values) do
    if is_group(value) then guard(value, missing, {}, path .. tostring(name) .. ".") end
  end
  return setmetatable(values, {
    __name = "rho.Config",
    __index = function(_, name)
      if methods[name] then return methods[name] end
      rho.fail("script", missing:format(path .. tostring(name)) .. rho.suggestion(tostring(name), names(values)))
    end,
    __newindex = function(_, name)
      rho.fail("script", missing:format(path .. tostring(name)) .. rho.suggestion(tostring(name), names(values)),
        "values are changed in a copy: base:with { ... }")
    end,
  })
end

--- Copies of `values` with `changes` laid over, group by group; new keys and values of another type are errors.
local function merge(values, changes, path)
  local result = copy(values)
  for name, value in pairs(changes) do
    local place, old = path .. tostring(name), rawget(values, name)
    if old == nil then
      rho.fail("usage", ("with: there is no '%s'%s"):format(place, rho.suggestion(tostring(name), names(values))))
    elseif is_group(old) and is_group(value) then
      result[name] = merge(old, value, place .. ".")
    elseif type(old) ~= type(value) or is_group(old) then
      rho.fail("usage", ("with: '%s' is a %s, got a %s"):format(place, kind(old), kind(value)))
    else
      result[name] = copy(value)
    end
  end
  return result
end

M.copy, M.merge, M.is_group = copy, merge, is_group

--- rho.config { ... }: see `help rho.config`.
function M.new(values)
  if rawget(values, "with") ~= nil then rho.fail("usage", "rho.config: 'with' is the method, choose another key") end
  local methods = {}
  function methods.with(_, changes)
    if type(changes) ~= "table" then rho.fail("usage", "with: give the changes as a table") end
    return M.new(merge(values, changes, ""))
  end
  values = copy(values)
  return guard(values, "the configuration has no '%s'", methods)
end

--- The values an experiment's function gets: a copy that knows its keys.
function M.strict(values) return guard(copy(values), "the experiment has no parameter '%s'", {}) end

--- The path of the first value in which `values` differs from `known`; nil where there is none.
function M.changed(values, known, path)
  for name, value in pairs(known) do
    local now, place = rawget(values, name), (path or "") .. tostring(name)
    if type(value) == "table" and type(now) == "table" then
      local inner = M.changed(now, value, place .. ".")
      if inner then return inner end
    elseif now ~= value and (now == now or value == value) then
      return place
    end
  end
  return nil
end

return M
