--- An experiment's parameters: typed by their defaults, overridden from the command line, printed by --help.
--
-- A default is a number, string, boolean, or { default, doc = "...", unit = "..." } where a word of explanation helps.

local config = require "rho.config"
local rho = require "rho.native"

local M = {}

local function default_of(entry)
  if type(entry) == "table" and rawget(entry, 1) ~= nil and (rawget(entry, "doc") or rawget(entry, "unit")) then
    return entry[1]
  end
  return entry
end

--- The parameter names in alphabetical order.
local function names(params)
  local list = {}
  for name in pairs(params) do list[#list + 1] = name end
  table.sort(list)
  return list
end

local function unknown(name, params, where)
  local list = names(params)
  rho.fail("usage", ("%s: this experiment has no parameter '%s'%s%s"):format(where, name, rho.suggestion(name, list),
    #list > 0 and ("; it has " .. table.concat(list, ", ")) or ""))
end

--- Reads `text` as a value of the default's type.
local function typed(name, text, default)
  if type(default) == "number" then
    local value = tonumber(text)
    if not value then
      rho.fail("usage", ("--set %s=%s: %s is a number (default %s)"):format(name, text, name, rho.json.encode(default)))
    end
    return math.tointeger(value) and math.type(default) == "integer" and math.tointeger(value) or value
  elseif type(default) == "boolean" then
    if text == "true" then return true end
    if text == "false" then return false end
    rho.fail("usage", ("--set %s=%s: %s is true or false"):format(name, text, name))
  elseif type(default) == "table" then
    local chunk = load("return " .. text, "=--set " .. name, "t", {})
    local ok, value = pcall(chunk or function() error() end)
    if not ok or type(value) ~= "table" then
      rho.fail("usage", ("--set %s=%s: %s is a Lua table such as {0.4, 0.6}"):format(name, text, name))
    end
    return value
  end
  return text
end

--- The default of a parameter, `model.layers` for one inside a group; nil where there is none of that name.
function M.default(params, path)
  local known, name = params, path
  while rawget(known, name) == nil do
    local head, rest = name:match("^([^.]+)%.(.+)$")
    local group = head and default_of(rawget(known, head))
    if not config.is_group(group) then return nil end
    known, name = group, rest
  end
  return default_of(rawget(known, name))
end

--- Refuses a value for a parameter that is not there, or that is of another type than its default.
function M.check(params, name, value, where)
  local default = M.default(params, name)
  if default == nil then unknown(name, params, where) end
  if type(value) ~= type(default) then
    rho.fail("usage", ("%s: %s is a %s (default %s), got %s"):format(where, name, type(default), rho.json.encode(default),
      type(value) == "function" and "a function" or rho.json.encode(value)))
  end
end

--- Default values without their explanations.
function M.defaults(params)
  local values = {}
  for name, entry in pairs(params) do values[name] = config.copy(default_of(entry)) end
  return values
end

--- `params` with some defaults replaced; unknown names are errors.
function M.merge(params, changes, where)
  local merged = {}
  for name, entry in pairs(params) do merged[name] = entry end
  for name, value in pairs(changes) do
    local entry = rawget(params, name)
    if entry == nil then unknown(name, params, where) end
    local explained = type(entry) == "table" and (rawget(entry, "doc") or rawget(entry, "unit"))
    local changed = config.merge({ [name] = default_of(entry) }, { [name] = value }, "")[name]
    if explained then
      local renewed = {}
      for key, item in pairs(entry) do renewed[key] = item end
      renewed[1] = changed
      merged[name] = renewed
    else
      merged[name] = changed
    end
  end
  return merged
end

--- Fills in the chosen preset, where `params` has one: preset = { "laptop", doc =, presets = { smoke = { tokens = 1e3 } } }.
-- The default preset is the defaults themselves; what --set gave stays.
local function apply_preset(params, values, origins)
  local entry = rawget(params, "preset")
  if type(entry) ~= "table" or not rawget(entry, "presets") then return end
  local chosen, known = values.preset, { entry[1] }
  for name in pairs(entry.presets) do known[#known + 1] = name end
  if chosen == entry[1] then return end
  local changes = entry.presets[chosen]
  if not changes then
    table.sort(known)
    rho.fail("usage", ("there is no preset '%s'%s; there is %s"):format(chosen, rho.suggestion(chosen, known), table.concat(known, ", ")))
  end
  for name, value in pairs(changes) do
    if rawget(params, name) == nil then unknown(name, params, "preset " .. chosen) end
    if origins[name] == "default" then values[name], origins[name] = value, "preset" end
  end
end

--- Sets one value; `model.layers` names one inside a group.
local function assign(values, params, path, text, where)
  local group, known, name = values, params, path
  while rawget(known, name) == nil do
    local head, rest = name:match("^([^.]+)%.(.+)$")
    if not head or not config.is_group(rawget(group, head)) then unknown(name, known, where) end
    group, name = group[head], rest
    known = group
  end
  group[name] = typed(path, text, default_of(known[name]))
end

--- Values after `--set key=value` and `--seed N`. Returns values, the origin of each ("default", "preset", "--set",
-- "--seed"), and the flag of every value that the command line gave, by its path ("model.layers").
function M.resolve(params, sets, seed)
  local values, origins, given = M.defaults(params), {}, {}
  for name in pairs(values) do origins[name] = "default" end
  for _, set in ipairs(sets) do
    local name, text = set:match("^%s*([^=]-)%s*=(.*)$")
    if not name or name == "" then
      rho.fail("usage", ("--set %s: write --set name=value"):format(set))
    end
    assign(values, params, name, text, "--set " .. set)
    given[name] = "--set"
    origins[values[name] == nil and name:match("^[^.]+") or name] = "--set"
  end
  apply_preset(params, values, origins)
  if seed then
    if values.seed == nil then unknown("seed", params, "--seed") end
    values.seed, origins.seed, given.seed = seed, "--seed", "--seed"
  end
  return values, origins, given
end

--- Every single value by its path, `model.layers` for one inside a group.
function M.flat(values, path, into)
  path, into = path or "", into or {}
  for name, value in pairs(values) do
    local place = path .. tostring(name)
    if config.is_group(value) then M.flat(value, place .. ".", into) else into[place] = value end
  end
  return into
end

--- Where in `text` the defaults begin: at `params =`, or where the variable that it names is set.
local function beginning(text)
  local at = text:find("params%s*=[^=]")
  local variable = at and text:match("^params%s*=%s*([%a_][%w_]*)%s*[,}\n]", at)
  return variable and text:find("%f[%w_]" .. variable .. "%s*=[^=]") or at
end

--- Where each value comes from, for people: the line of a default, or the flag that changed it.
function M.places(values, origins, given, file)
  local source = io.open(file, "r")
  local text = source and source:read("a") or ""
  if source then source:close() end
  local start = beginning(text)
  local function line_of(path)
    local at = start
    for name in path:gmatch("[^.]+") do at = at and text:find("%f[%w_]" .. name .. "%s*=[^=]", at) end
    return at and ("%s:%d"):format(file, select(2, text:sub(1, at):gsub("\n", "")) + 1) or file
  end
  -- The flag of a value, or of the group that was given as a whole.
  local function flag(path)
    while path do
      if given[path] then return given[path] end
      path = path:match("^(.*)%.[^.]+$")
    end
  end
  local places = {}
  for path in pairs(M.flat(values)) do
    local preset = origins[path:match("^[^.]+")] == "preset" and "preset"
    places[path] = flag(path) or preset or line_of(path)
  end
  return places
end

--- The text of --print-config --against RUN: what differs from the configuration of that run.
function M.difference(values, places, dir, json)
  local file = io.open(dir .. "/config.json", "r")
  if not file then rho.fail("usage", ("--against %s: there is no %s/config.json"):format(dir, dir)) end
  local known = M.flat(rho.json.decode(file:read("a")))
  file:close()
  values = M.flat(values)
  local document, lines, all = {}, {}, config.copy(values)
  for name in pairs(known) do
    if all[name] == nil then all[name] = false end
  end
  for _, name in ipairs(names(all)) do
    local mine, other = values[name], known[name]
    local text = { mine == nil and "(none)" or rho.json.encode(mine), other == nil and "(none)" or rho.json.encode(other) }
    if text[1] ~= text[2] then
      document[name] = { value = mine, against = other, origin = places[name] }
      lines[#lines + 1] = ("%s = %s  -- %s; there %s"):format(name, text[1], places[name] or "not a parameter", text[2])
    end
  end
  if json then return rho.json.encode(document, { pretty = true }) end
  return #lines > 0 and table.concat(lines, "\n") or "the same as " .. dir
end

--- The text of --print-config: `name = value` in columns with its place, or one JSON document.
function M.show(values, places, json)
  values = M.flat(values)
  if json then
    local document = {}
    for name, value in pairs(values) do document[name] = { value = value, origin = places[name] } end
    return rho.json.encode(document, { pretty = true })
  end
  local rows, widths = {}, { 0, 0 }
  for _, name in ipairs(names(values)) do
    local row = { name, rho.json.encode(values[name]), places[name] }
    for column = 1, 2 do widths[column] = math.max(widths[column], #row[column]) end
    rows[#rows + 1] = row
  end
  for i, row in ipairs(rows) do
    rows[i] = ("%-" .. widths[1] .. "s = %-" .. widths[2] .. "s  -- %s"):format(table.unpack(row))
  end
  return table.concat(rows, "\n")
end

--- What each parameter stands for, where the experiment says it.
function M.meanings(params)
  local meanings = {}
  for name, entry in pairs(params) do
    if type(entry) == "table" and rawget(entry, "doc") then
      meanings[name] = entry.doc .. (rawget(entry, "unit") and " [" .. entry.unit .. "]" or "")
    end
  end
  return meanings
end

--- One line: every parameter with its default.
function M.describe(params)
  local parts = {}
  for _, name in ipairs(names(params)) do
    parts[#parts + 1] = name .. " = " .. rho.json.encode(default_of(params[name]))
  end
  return table.concat(parts, ", ")
end

--- The lines of --help: name, type, default, explanation, in columns.
function M.help(params)
  local rows, widths = {}, { 0, 0, 0 }
  for _, name in ipairs(names(params)) do
    local entry, value = params[name], default_of(params[name])
    local doc = type(entry) == "table" and rawget(entry, "doc") or ""
    if type(entry) == "table" and rawget(entry, "unit") then doc = (doc .. " [" .. entry.unit .. "]"):gsub("^ ", "") end
    local row = { name, type(value), rho.json.encode(value), doc }
    for column = 1, 3 do widths[column] = math.max(widths[column], #row[column]) end
    rows[#rows + 1] = row
  end
  local lines = {}
  for _, row in ipairs(rows) do
    local line = ("  %-" .. widths[1] .. "s  %-" .. widths[2] .. "s  %-" .. widths[3] .. "s  %s"):format(table.unpack(row))
    lines[#lines + 1] = line:gsub("%s+$", "")
  end
  return table.concat(lines, "\n")
end

return M
