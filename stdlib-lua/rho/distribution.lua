--- What rho.sweep.random draws from: `draw(stream)` gives the next value.

local rho = require "rho.native"

local Distribution = {}
Distribution.__index = Distribution
Distribution.__name = "rho.Distribution"

function Distribution:__tostring() return self.text end

local M = {}

--- True where `value` is a distribution.
function M.is(value) return getmetatable(value) == Distribution end

local function new(text, draw) return setmetatable({ text = text, draw = draw }, Distribution) end

--- Four significant digits: more would only make tables and names of directories long.
local function rounded(value) return tonumber(("%.4g"):format(value)) end

function M.uniform(low, high)
  if low >= high then rho.fail("value", ("rho.sweep.uniform: low must be below high, got %g and %g"):format(low, high)) end
  return new(("uniform(%g, %g)"):format(low, high), function(stream)
    return rounded(low + (high - low) * stream:uniform())
  end)
end

function M.log_uniform(low, high)
  if low <= 0 or low >= high then
    rho.fail("value", ("rho.sweep.log_uniform: needs 0 < low < high, got %g and %g"):format(low, high))
  end
  return new(("log_uniform(%g, %g)"):format(low, high), function(stream)
    return rounded(low * (high / low) ^ stream:uniform())
  end)
end

function M.int(low, high)
  if low > high then rho.fail("value", ("rho.sweep.int: low must not be above high, got %d and %d"):format(low, high)) end
  return new(("int(%d, %d)"):format(low, high), function(stream) return stream:int(low, high) end)
end

function M.choice(list)
  if #list == 0 then rho.fail("value", "rho.sweep.choice: give at least one value") end
  return new(("choice of %d"):format(#list), function(stream) return stream:pick(list) end)
end

return M
