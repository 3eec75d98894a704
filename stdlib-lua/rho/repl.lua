--- What stands at the prompt of `rhoscript repl`: how values are shown, help, and a run directory for trainings.

local host = require "rho.host"
local rho = require "rho"
local context = require "rho.context"

local M = {}

local INTRO = [[
An expression prints its value; _ is the last one. Names stay: local x = 1 is the same as x = 1.
help "rho.train" or help(rho.train) shows a manual page, help(object) what an object can do, help() this text.
Tab completes names and the keys of option tables; Ctrl-C stops what runs; Ctrl-D ends the session.
Trainings write to runs/repl/.]]

local function key_text(key)
  if type(key) == "string" and key:match("^[%a_][%w_]*$") then return key end
  return "[" .. (type(key) == "string" and ("%q"):format(key) or tostring(key)) .. "]"
end

local function show(value, indent, depth, seen)
  if type(value) == "string" then return (("%q"):format(value):gsub("\\\n", "\\n")) end
  local meta = getmetatable(value)
  if type(value) ~= "table" or (type(meta) == "table" and rawget(meta, "__tostring")) then return tostring(value) end
  if seen[value] then return "{ ... again }" end
  if next(value) == nil then return "{}" end
  if depth > 4 then return "{ ... }" end
  seen[value] = true
  local parts, length, count = {}, 0, 0
  for key, item in pairs(value) do
    count = count + 1
    if count > 60 then
      parts[#parts + 1] = "..."
      break
    end
    local part = show(item, indent .. "  ", depth + 1, seen)
    if key ~= #parts + 1 then part = key_text(key) .. " = " .. part end
    parts[#parts + 1], length = part, length + #part + 2
  end
  seen[value] = nil
  if length + #indent < 96 and not table.concat(parts):find("\n") then return "{ " .. table.concat(parts, ", ") .. " }" end
  return "{\n" .. indent .. "  " .. table.concat(parts, ",\n" .. indent .. "  ") .. "\n" .. indent .. "}"
end

--- A value as the prompt shows it.
function M.show(value) return show(value, "", 0, {}) end

--- The public name of a function in the tables below `rho`; nil for others.
local function name_of(fn)
  local function search(t, prefix, depth)
    for key, value in pairs(t) do
      if type(key) == "string" then
        if value == fn then return prefix .. key end
        if type(value) == "table" and depth < 2 and not getmetatable(value) then
          local found = search(value, prefix .. key .. ".", depth + 1)
          if found then return found end
        end
      end
    end
    return nil
  end
  return search(rho, "rho.", 0)
end

--- help(), help "rho.train", help(rho.train), help(model).
function M.help(what)
  if what == nil then
    print(INTRO)
    return
  end
  local name = what
  if type(what) == "function" then name = name_of(what) end
  if type(what) == "userdata" then name = M.class_of(what) end
  if type(what) == "table" then
    local meta = getmetatable(what)
    name = type(meta) == "table" and rawget(meta, "__name")
  end
  if type(name) ~= "string" then
    print("there is no manual page of this " .. type(what))
    return
  end
  print(M.page(name) or ("nothing is called '%s'%s"):format(name, rho.suggestion(name, M.names())))
end

--- Prepares the globals. `native` holds page(name), names() and class_of(object).
function M.start(native)
  M.page, M.names, M.class_of = native.page, native.names, native.class_of
  host.globals.rho, host.globals.help, host.globals._ = rho, M.help, false
  -- The run directory is made when the first verb asks for it.
  context.run = nil
  setmetatable(context, {
    __index = function(_, key)
      if key ~= "run" then return nil end
      local run = rho.run.open { experiment = "repl", slug = "session", params = {} }
      rawset(context, "run", run)
      return run
    end,
  })
end

--- Keeps the last value as _, and returns what is printed.
function M.results(...)
  local count = select("#", ...)
  if count == 0 then return nil end
  host.globals._ = (...)
  local lines = {}
  for i = 1, count do lines[i] = M.show((select(i, ...))) end
  return table.concat(lines, "\n")
end

--- Ends the run if one was opened.
function M.finish()
  local run = rawget(context, "run")
  if run then run:finish() end
end

return M
