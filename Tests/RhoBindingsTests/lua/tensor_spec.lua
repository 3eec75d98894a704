local rho = require "rho"
local t = rho.tensor

local function list(x) return x:totable() end

describe("tensor", function()
  it("is made from nested lists and gives them back", function()
    expect.equal(list(t.from { { 1, 2, 3 }, { 4, 5, 6 } }), { { 1.0, 2.0, 3.0 }, { 4.0, 5.0, 6.0 } })
    expect.equal(t.from({ 1, 2, 3, 4 }, { 2, 2 }):shape(), { 2, 2 })
    expect.equal(t.from(7):item(), 7.0)
    expect.equal(list(t.arange(3)), { 1.0, 2.0, 3.0 })
    expect.equal(t.zeros { 2, 0 }:shape(), { 2, 0 })
  end)

  it("refuses ragged lists and wrong shapes with one sentence", function()
    expect.error("lists at depth 2 have 2 and 1 entries", t.from, { { 1, 2 }, { 3 } })
    expect.error("3 values do not fill shape (2, 2)", t.from, { 1, 2, 3 }, { 2, 2 })
    expect.error("nested more than 4 deep", t.from, { { { { { 1 } } } } })
  end)

  it("does arithmetic with tensors and numbers, broadcasting", function()
    local a, b = t.from { { 1, 2 }, { 3, 4 } }, t.from { 10, 20 }
    expect.equal(list(a + b), { { 11.0, 22.0 }, { 13.0, 24.0 } })
    expect.equal(list(1 - b), { -9.0, -19.0 })
    expect.equal(list(b / 10), { 1.0, 2.0 })
    expect.equal(list(-a), { { -1.0, -2.0 }, { -3.0, -4.0 } })
    expect.equal(list(b ^ 2), { 100.0, 400.0 })
    expect.error("(2, 2)", function() return a + t.ones { 3 } end)
    expect.error("Tensor", function() return a + "x" end)
  end)

  it("counts dimensions and indices from 1", function()
    local a = t.from { { 1, 2 }, { 3, 4 }, { 5, 6 } }
    expect.equal(list(a:sum(1)), { 9.0, 12.0 })
    expect.equal(list(a:sum(2)), { 3.0, 7.0, 11.0 })
    expect.equal(list(a:sum(-1)), { 3.0, 7.0, 11.0 })
    expect.equal(a:sum():item(), 21.0)
    expect.equal(a:mean():item(), 3.5)
    expect.equal(list(a:max(1)), { 5.0, 6.0 })
    expect.equal(list(a:slice(2, 3)), { { 3.0, 4.0 }, { 5.0, 6.0 } })
    expect.equal(list(a:slice(2, 2, 2)), { { 2.0 }, { 4.0 }, { 6.0 } })
    expect.equal(list(a:gather { 2, 1, 2 }), { 2.0, 3.0, 6.0 })
    expect.equal(list(a:rows { 3, 1 }), { { 5.0, 6.0 }, { 1.0, 2.0 } })
    expect.equal(a:get(3, 1), 5.0)
    expect.equal(#a, 3)
    expect.equal(a:size(2), 2)
    expect.error("dim must be in 1 ... 2 or negative, got 3", a.sum, a, 3)
    expect.error("dim must be in 1 ... 2 or negative, got 0", a.sum, a, 0)
    expect.error("index 2 must be a whole number in 1 ... 2, got 3", a.gather, a, { 1, 3, 1 })
    expect.error("slice: 2 ... 4 is outside 1 ... 3", a.slice, a, 2, 4)
    expect.error("get: index 2 must be in 1 ... 2, got 0", a.get, a, 1, 0)
  end)

  it("sorts, ranks and compares", function()
    local a = t.from { { 3, 1, 2 }, { 9, 8, 7 } }
    local values, indices = a:sort()
    expect.equal(list(values), { { 1.0, 2.0, 3.0 }, { 7.0, 8.0, 9.0 } })
    expect.equal(list(indices), { { 2.0, 3.0, 1.0 }, { 3.0, 2.0, 1.0 } })
    local best, where = a:topk(1)
    expect.equal(list(best), { { 3.0 }, { 9.0 } })
    expect.equal(list(where), { { 1.0 }, { 1.0 } })
    expect.equal(t.from({ 1, 2, 3, 4 }):quantile(0.5), 2.5)
    expect.equal(list(a:gt(2)), { { 1.0, 0.0, 0.0 }, { 1.0, 1.0, 1.0 } })
    expect.equal(list(t.where(a:gt(2), a, 0)), { { 3.0, 0.0, 0.0 }, { 9.0, 8.0, 7.0 } })
    expect.equal(list((t.zeros { 1 } / 0):isnan()), { 1.0 })
    expect.equal(list(t.from({ -1, 5 }):clamp(0, 3)), { 0.0, 3.0 })
    expect.error("low must not exceed high", a.clamp, a, 3, 0)
  end)

  it("differentiates what Lua computes", function()
    local x = t.from({ 1, 2, 3 }):requires_grad(true);
    ((x * x):sum() * 2):backward()
    expect.equal(list(x:grad()), { 4.0, 8.0, 12.0 })
    x:zero_grad()
    expect.equal(x:grad(), nil)
    expect.error("needs a single number to start from", function() (x * 2):backward() end)
    expect.error("nothing this tensor was computed from requires a gradient", function() t.from(1):backward() end)
    local y = rho.no_grad(function() return x * 2 end)
    expect.equal(y:requires_grad(), false)
    expect.equal((x * 2):requires_grad(), true)
    expect.equal((x * 2):detach():requires_grad(), false)
  end)

  it("records again after an error inside no_grad", function()
    local x = t.from({ 1 }):requires_grad(true)
    pcall(rho.no_grad, function() error("stop") end)
    expect.equal((x * 2):requires_grad(), true)
  end)

  it("draws from named streams, and only from them", function()
    local function draw(seed) return list(t.normal { shape = { 4 }, stream = rho.random.stream { seed = seed, name = "x" } }) end
    expect.equal(draw(1), draw(1))
    expect.truthy(draw(1)[1] ~= draw(2)[1])
    expect.error("stream is required", t.uniform, { shape = { 2 } })
  end)

  it("can be released, and says where it was", function()
    local a = t.ones { 2 }
    a:release()
    expect.error("Tensor was released at", function() return a + 1 end)
    do
      local b <close> = t.ones { 2 }
      expect.equal(#b, 2)
    end
  end)

  it("lets the collector see its memory", function()
    local most = 0
    for i = 1, 2000 do
      local big = t.zeros { 512, 512 }
      if i % 50 == 0 then most = math.max(most, rho.memory().tensors) end
    end
    expect.truthy(most < 200 * 2 ^ 20)
  end)

  it("knows a misspelled method and a dot where a colon belongs", function()
    local a = t.ones { 2 }
    expect.error("did you mean 'mean'", function() return a:maen() end)
    expect.error("use tensor:sum(...), not tensor.sum(...)", function() return a.sum() end)
  end)
end)
