local rho = require "rho"
local fixture = require "fixture"
local a = rho.analysis
local from = rho.tensor.from

describe("token dynamics", function()
  -- Four tokens at three checkpoints: a fall of 2, a rise of 1, low and flat, high and flat.
  local checkpoints = { from { 3, 1, 0.1, 4 }, from { 2, 1.5, 0.1, 4.1 }, from { 1, 2, 0.1, 4 } }
  local result = a.dynamics { losses = checkpoints }

  it("are the categories of equation 6", function()
    expect.equal(result.shares, { ["H->H"] = 0.25, ["L->H"] = 0.25, ["H->L"] = 0.25, ["L->L"] = 0.25 })
    expect.equal(result.masks["H->L"]:totable(), { 1.0, 0.0, 0.0, 0.0 })
    expect.equal(result.masks["L->H"]:totable(), { 0.0, 1.0, 0.0, 0.0 })
    expect.equal(result.masks["L->L"]:totable(), { 0.0, 0.0, 1.0, 0.0 })
    expect.near(result.mean_last, 7.1 / 4, 1e-6)
    expect.equal(result.curves["H->L"], { 3.0, 2.0, 1.0 })
    expect.near(result.change:get(1), -2, 1e-5)
    expect.near(result.change:get(4), 0, 1e-5)
  end)

  it("fit a line, not the ends", function()
    -- 0, 0, 0, 4: the least-squares line rises by 1.2 a step.
    local one = a.dynamics { losses = { from { 0 }, from { 0 }, from { 0 }, from { 4 } } }
    expect.near(one.change:get(1), 3.6, 1e-5)
  end)

  it("need two checkpoints", function() expect.error("at least two checkpoints", a.dynamics, { losses = { from { 1 } } }) end)
end)

describe("overlap and perplexity", function()
  local x, y = from { 1, 1, 0, 0 }, from { 1, 0, 1, 0 }
  it("is intersection over union", function()
    expect.near(a.jaccard(x, y), 1 / 3, 1e-6)
    expect.equal(a.overlap { x, x }, { { 1.0, 1.0 }, { 1.0, 1.0 } })
    local none = a.jaccard(from { 0 }, from { 0 })
    expect.truthy(none ~= none)
  end)
  it("is the mean loss of each set under each checkpoint", function()
    local matrix = a.perplexity_matrix { sets = { x, y }, losses = { from { 1, 3, 5, 7 }, from { 0, 0, 2, 9 } } }
    expect.near(matrix[1][1], math.exp(2), 1e-4)
    expect.near(matrix[2][1], math.exp(3), 1e-4)
    expect.near(matrix[1][2], 1, 1e-6)
    expect.near(matrix[2][2], math.exp(1), 1e-5)
  end)
end)

describe("selection rate", function()
  it("counts by key, most frequent first", function()
    local rows = a.selection_rate { kept = from { 1, 0, 1, 1, 0 }, by = from { 7, 7, 9, 7, 2 }, names = { "a", "b", "c" } }
    expect.equal(#rows, 3)
    expect.equal({ rows[1].key, rows[1].count }, { 7, 3 })
    expect.near(rows[1].rate, 2 / 3, 1e-6)
    expect.equal({ rows[2].key, rows[2].rate, rows[2].name }, { 2, 0.0, "c" })
    expect.equal(#a.selection_rate { kept = from { 1, 0 }, by = from { 1, 1 }, min_count = 3 }, 0)
    expect.equal(#a.selection_rate { kept = from { 1, 0 }, by = from { 1, 2 }, limit = 1 }, 1)
  end)
end)

describe("loss-accuracy fit", function()
  it("finds the curve it was made from", function()
    local o = { loss = {}, accuracy = {} }
    for i = 1, 6 do
      o.loss[i] = 0.8 + 0.05 * i
      o.accuracy[i] = math.log(-0.9 * o.loss[i] + 2)
    end
    local fit = a.fit_accuracy(o)
    expect.near(fit.a, -0.9, 1e-4)
    expect.near(fit.c, 2, 1e-4)
    expect.near(fit.r2, 1, 1e-6)
  end)
  it("needs three points", function()
    expect.error("at least three pairs", a.fit_accuracy, { loss = { 1, 2 }, accuracy = { 0.1, 0.2 } })
    expect.error("all losses are equal", a.fit_accuracy, { loss = { 1, 1, 1 }, accuracy = { 0.1, 0.2, 0.3 } })
  end)
end)

describe("Student's t", function()
  it("agrees with tables", function()
    for _, known in ipairs {
      { 0.975, 1, 12.7062047362 }, { 0.975, 2, 4.3026527297 }, { 0.975, 4, 2.7764451052 }, { 0.95, 5, 2.0150483733 },
      { 0.995, 3, 5.8409093097 }, { 0.975, 30, 2.0422724563 }, { 0.025, 9, -2.2621571628 }, { 0.5, 3, 0 },
    } do
      expect.near(a.t_quantile(known[1], known[2]), known[3], 1e-8)
    end
    local interval = a.interval { 1, 2, 3, 4 }
    expect.near(interval.mean, 2.5)
    expect.near(interval.std, 1.2909944487, 1e-9)
    expect.near(interval.low, 0.4457397432, 1e-8)
    expect.near(interval.p, 0.0304662917, 1e-8)
    expect.equal(a.interval({ 3 }).low, nil)
    expect.equal(a.interval({ 2, 2 }).p, nil)
  end)
end)

describe("observe", function()
  it("sees the same tokens whatever the model, without padding", function()
    local corpus = fixture.noisy(20)
    local one = a.observe { model = fixture.model { seed = 1 }, data = corpus, entropy = true }
    local other = a.observe { model = fixture.model { seed = 2 }, data = corpus }
    expect.equal(one.count, one.loss:size())
    expect.equal((one.id - other.id):abs():sum():item(), 0.0)
    expect.truthy(one.label:max():item() >= 1)
    expect.equal(one.position:max():item(), 31.0)
    expect.equal(other.entropy, nil)
    local mean = rho.eval.loss { model = fixture.model { seed = 1 }, data = corpus }.loss
    expect.near(one.loss:mean():item(), mean, 1e-4)
    local kept = rho.select.random { keep = 0.5 }:apply { loss = one.loss }
    local rates = a.selection_rate { kept = kept, by = one.label, names = { "useful", "noise", "wrong" } }
    expect.truthy(rates[1].name == "useful" or rates[1].name == "noise")
  end)
end)
