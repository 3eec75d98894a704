--- rhoscript test: specs in the manner of busted, results as TAP on stdout and as JUnit XML for CI.
--
-- A spec file calls describe(name, fn), it(name, fn) and before_each(fn). A test fails by raising an error; `expect`
-- raises readable ones.

local host = require "rho.host"

local M = {}

--- A value as failure messages show it.
local function show(value, depth)
  if type(value) == "string" then return ("%q"):format(value) end
  if type(value) ~= "table" or getmetatable(value) then return tostring(value) end
  if (depth or 0) > 3 then return "{...}" end
  local parts = {}
  for key, item in pairs(value) do
    local name = type(key) == "number" and "" or tostring(key) .. " = "
    parts[#parts + 1] = name .. show(item, (depth or 0) + 1)
  end
  return "{ " .. table.concat(parts, ", ") .. " }"
end

local function same(a, b)
  if a == b or (a ~= a and b ~= b) then return true end
  if type(a) ~= "table" or type(b) ~= "table" or getmetatable(a) or getmetatable(b) then return false end
  for key, value in pairs(a) do
    if not same(value, b[key]) then return false end
  end
  for key in pairs(b) do
    if a[key] == nil then return false end
  end
  return true
end

local function fail(message, ...) host.fail("script", message:format(...)) end

--- What tests say about values.
M.expect = {
  equal = function(got, wanted)
    if not same(got, wanted) then fail("expected %s, got %s", show(wanted), show(got)) end
  end,
  near = function(got, wanted, tolerance)
    if not (math.abs(got - wanted) <= (tolerance or 1e-6)) then
      fail("expected %s within %s, got %s", show(wanted), show(tolerance or 1e-6), show(got))
    end
  end,
  truthy = function(got)
    if not got then fail("expected a true value, got %s", show(got)) end
  end,
  --- fn(...) raises an error whose text holds `text`.
  error = function(text, fn, ...)
    local ok, problem = pcall(fn, ...)
    if ok then fail("expected an error with %s, got none", show(text)) end
    if not tostring(problem):find(text, 1, true) then
      fail("expected an error with %s, got %s", show(text), show(tostring(problem)))
    end
  end,
}

--- What became of every test, in order.
local results = {}

local XML = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }

--- Text for XML, without the control characters that it cannot hold.
local function escaped(text) return (text:gsub("[&<>\"]", XML):gsub("[%z\1-\8\11\12\14-\31]", "?")) end

--- The results as JUnit XML: a test suite for each file.
local function junit()
  local suites, order = {}, {}
  for _, result in ipairs(results) do
    local suite = suites[result.file]
    if not suite then
      suite = { failed = 0, seconds = 0, cases = {} }
      suites[result.file], order[#order + 1] = suite, result.file
    end
    local case = ('    <testcase classname="%s" name="%s" time="%.3f"'):format(escaped(result.file), escaped(result.name), result.seconds)
    if result.problem then
      suite.failed = suite.failed + 1
      case = case .. ('>\n      <failure message="%s">%s</failure>\n    </testcase>'):format(
        escaped(result.problem:match("^[^\n]*")), escaped(result.problem))
    else
      case = case .. "/>"
    end
    suite.cases[#suite.cases + 1], suite.seconds = case, suite.seconds + result.seconds
  end
  local lines = { '<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>" }
  for _, file in ipairs(order) do
    local suite = suites[file]
    lines[#lines + 1] = ('  <testsuite name="%s" tests="%d" failures="%d" time="%.3f">'):format(
      escaped(file), #suite.cases, suite.failed, suite.seconds)
    lines[#lines + 1] = table.concat(suite.cases, "\n")
    lines[#lines + 1] = "  </testsuite>"
  end
  lines[#lines + 1] = "</testsuites>\n"
  return table.concat(lines, "\n")
end

--- Runs the tests of one suite; returns how many failed.
local function run(suite, state, prefix, before)
  local failed = 0
  local setup = {}
  for _, fn in ipairs(before) do setup[#setup + 1] = fn end
  for _, fn in ipairs(suite.before) do setup[#setup + 1] = fn end
  for _, entry in ipairs(suite.entries) do
    local name = prefix == "" and entry.name or prefix .. " " .. entry.name
    if entry.entries then
      failed = failed + run(entry, state, name, setup)
    else
      state.count = state.count + 1
      local began = os.clock()
      local ok, problem = pcall(function()
        for _, fn in ipairs(setup) do fn() end
        entry.fn()
      end)
      results[#results + 1] = {
        file = state.file, name = name, seconds = os.clock() - began, problem = not ok and tostring(problem) or nil,
      }
      if ok then
        print(("ok %d - %s"):format(state.count, name))
      else
        failed = failed + 1
        print(("not ok %d - %s"):format(state.count, name))
        for line in tostring(problem):gmatch("[^\n]+") do print("# " .. line) end
      end
    end
  end
  return failed
end

local state, root = { count = 0, failed = 0, file = "" }, nil

--- Gives the next spec file its globals; the host runs the file itself, so that it can require what lies beside it.
function M.start(file)
  state.file = file
  root = { name = "", entries = {}, before = {} }
  local current = root
  host.globals.describe = function(name, fn)
    local outer, suite = current, { name = name, entries = {}, before = {} }
    outer.entries[#outer.entries + 1] = suite
    current = suite
    fn()
    current = outer
  end
  host.globals.it = function(name, fn) current.entries[#current.entries + 1] = { name = name, fn = fn } end
  host.globals.before_each = function(fn) current.before[#current.before + 1] = fn end
  host.globals.expect = M.expect
  if state.count == 0 then print("TAP version 13") end
end

--- Runs the tests that the file declared.
function M.run() state.failed = state.failed + run(root, state, "", {}) end

--- Prints the plan; returns the number of failed tests, and all results as JUnit XML.
function M.finish()
  print(("1..%d"):format(state.count))
  print(("# %d passed, %d failed"):format(state.count - state.failed, state.failed))
  return state.failed, junit()
end

return M
