local rho = require "rho"
local plans = require "rho.plan"

local params = { seed = 1, keep = 0.5, dim = 64, lr = { 1e-3, doc = "rate" }, kind = "a", shares = { 0.4, 0.6 } }
local function planned(sweep, cli)
  local exp = rho.experiment { name = "x", params = params, sweep = sweep, run = function(p) return p.keep end }
  local all = { sets = {}, file = "x.lua" }
  for name, value in pairs(cli or {}) do all[name] = value end
  return plans.of(exp, all)
end

--- `keep=0.4,seed=1` of every cell.
local function cells(sweep, cli)
  local list = {}
  for i, cell in ipairs(planned(sweep, cli).cells) do
    local parts = {}
    for name, value in pairs(cell.values) do parts[#parts + 1] = name .. "=" .. tostring(value) end
    table.sort(parts)
    list[i] = table.concat(parts, ",")
  end
  return list
end

local function same(a, b)
  assert(#a == #b, ("%d values, expected %d: %s"):format(#a, #b, table.concat(a, " ")))
  for i = 1, #a do assert(a[i] == b[i], ("[%d]: %s, expected %s"):format(i, a[i], b[i])) end
end

local function fails(text, fn, ...)
  local ok, problem = pcall(fn, ...)
  assert(not ok, "no error")
  local message = tostring(type(problem) == "table" and problem.message or problem)
  assert(message:find(text, 1, true), message)
end

describe("rho.sweep", function()
  it("makes every combination, the last name changing fastest and the seed last of all", function()
    same(cells(rho.sweep.grid { keep = { 0.4, 0.6 }, dim = { 32, 64 } }),
      { "dim=32,keep=0.4", "dim=32,keep=0.6", "dim=64,keep=0.4", "dim=64,keep=0.6" })
    same(planned(rho.sweep.grid { seed = { 1, 2 }, shares = { { 0.1 }, { 0.2 } } }).cells[2].sets, { "shares={0.1}", "seed=2" })
  end)

  it("zips, lists, multiplies, adds and filters", function()
    same(cells(rho.sweep.zip { keep = { 0.4, 0.6 }, dim = { 32, 64 } }), { "dim=32,keep=0.4", "dim=64,keep=0.6" })
    same(cells(rho.sweep.list { { keep = 0.4 }, { dim = 32 } } * rho.sweep.grid { kind = { "a", "b" } }),
      { "keep=0.4,kind=a", "keep=0.4,kind=b", "dim=32,kind=a", "dim=32,kind=b" })
    same(cells(rho.sweep.grid { keep = { 0.4, 0.6 } } + rho.sweep.grid { keep = { 0.6, 0.8 } }), { "keep=0.4", "keep=0.6", "keep=0.8" })
    same(cells(rho.sweep.grid { keep = { 0.4, 0.6 } }:seeds(2)), { "keep=0.4,seed=1", "keep=0.4,seed=2", "keep=0.6,seed=1", "keep=0.6,seed=2" })
    same(cells(rho.sweep.grid { keep = { 0.4, 0.6 } }, { sets = { "lr=1e-2" } }), { "keep=0.4", "keep=0.6" })
  end)

  it("draws values that depend on seed, name and index alone", function()
    local space = { keep = rho.sweep.uniform(0.3, 0.9), lr = rho.sweep.log_uniform(1e-4, 1e-2), dim = rho.sweep.int(1, 9), kind = { "a", "b" } }
    local six = planned(rho.sweep.random { count = 6, space = space }).cells
    local nine = planned(rho.sweep.random { count = 9, space = { keep = space.keep, lr = space.lr } }).cells
    for i, cell in ipairs(six) do
      assert(cell.values.keep == nine[i].values.keep and cell.values.lr == nine[i].values.lr)
      assert(cell.values.keep >= 0.3 and cell.values.keep <= 0.9 and cell.values.lr >= 1e-4 and cell.values.lr <= 1e-2)
      assert(cell.values.dim >= 1 and cell.values.dim <= 9 and (cell.values.kind == "a" or cell.values.kind == "b"))
    end
    local other = planned(rho.sweep.random { count = 6, seed = 2, space = space }).cells
    assert(other[1].values.keep ~= six[1].values.keep)
  end)

  it("gives each cell the identity of the run it stands for", function()
    local one = planned(rho.sweep.grid { keep = { 0.4, 0.6 } }).cells
    local two = planned(rho.sweep.grid { keep = { 0.6 } }, { sets = { "lr=0.001" } }).cells
    assert(one[2].digest == two[1].digest, "a value that is the default anyway changes nothing")
    assert(one[1].digest ~= one[2].digest)
    same(two[1].sets, { "lr=0.001", "keep=0.6" })
    same(planned(rho.sweep.list { { shares = { 0.25, 1 / 3 } } }).cells[1].sets, { "shares={0.25,0.33333333333333331}" })
    assert(#planned(rho.sweep.list { { keep = 0.4 }, { keep = 0.4, dim = 64 } }).cells == 1, "the same cell twice is one")
  end)

  it("takes sweeps and seeds from the command line", function()
    same(cells(nil, { sweeps = { "keep={0.4, 0.6}", "kind={b, 'c'}" } }),
      { "keep=0.4,kind=b", "keep=0.4,kind=c", "keep=0.6,kind=b", "keep=0.6,kind=c" })
    same(cells(rho.sweep.grid { keep = { 0.4 } }, { seeds = 2, seed = 5 }), { "keep=0.4,seed=5", "keep=0.4,seed=6" })
    assert(planned(nil) == nil)
    assert(planned(rho.sweep.grid { keep = { 0.4 } }, { no_sweep = true }) == nil)
  end)

  it("refuses what makes no sense, in a sentence", function()
    fails("rho.sweep.grid: keep must be a list with at least one value, got number", rho.sweep.grid, { keep = 0.4 })
    fails("rho.sweep.zip: lists must be of one length, but dim has 1 values and keep has 2", rho.sweep.zip, { keep = { 1, 2 }, dim = { 1 } })
    fails("both sweeps give values for 'keep'", function() return rho.sweep.grid { keep = { 1 } } * rho.sweep.grid { keep = { 2 } } end)
    fails("sweep: this experiment has no parameter 'kep' (did you mean 'keep'?)", planned, rho.sweep.grid { kep = { 1 } })
    fails("sweep: keep is a number (default 0.5), got \"a\"", planned, rho.sweep.grid { keep = { "a" } })
    fails("the sweep has no cell: its filter keeps none", planned, rho.sweep.grid { keep = { 0.4 } }:filter(function() return false end))
    fails("rho.sweep.log_uniform: needs 0 < low < high, got 0 and 1", rho.sweep.log_uniform, 0, 1)
    fails("rho.sweep.asha: rungs must rise, got 2 after 2", rho.sweep.asha,
      { space = rho.sweep.grid { keep = { 1 } }, arm = "slm", metric = "train/loss", rungs = { 1, 2, 2 } })
    fails("put rho.sweep.asha around the union", function()
      local a = rho.sweep.asha { space = rho.sweep.grid { keep = { 1 } }, arm = "slm", metric = "train/loss", rungs = { 1 } }
      return a + rho.sweep.grid { keep = { 2 } }
    end)
  end)
end)
