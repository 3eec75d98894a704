-- Configurations that know their keys, and experiments as variants of others.
local rho = require "rho"

local base = rho.config { lr = 3e-4, name = "a", keep = { 0.4, 0.6 }, model = { dim = 64, layers = 4 } }

describe("rho.config", function()
  it("gives deep copies with changes", function()
    local deep = base:with { model = { layers = 8 }, keep = { 0.5 } }
    expect.equal(deep.model.layers, 8)
    expect.equal(deep.model.dim, 64)
    expect.equal(deep.keep, { 0.5 })
    expect.equal(base.model.layers, 4)
    expect.equal(deep:with({ lr = 1 }).model.layers, 8)
  end)

  it("names the nearest key", function()
    expect.error("the configuration has no 'lrr' (did you mean 'lr'?)", function() return base.lrr end)
    expect.error("the configuration has no 'model.dims' (did you mean 'dim'?)", function() return base.model.dims end)
    expect.error("the configuration has no 'lrr' (did you mean 'lr'?)", function() base.lrr = 1 end)
    expect.error("with: there is no 'model.layer' (did you mean 'layers'?)", function() base:with { model = { layer = 1 } } end)
  end)

  it("keeps types", function()
    expect.error("with: 'lr' is a number, got a string", function() base:with { lr = "1" } end)
    expect.error("with: 'model' is a table, got a number", function() base:with { model = 1 } end)
  end)

  it("does not share what it was made from", function()
    local values = { model = { dim = 1 } }
    local config = rho.config(values)
    values.model.dim = 2
    expect.equal(config.model.dim, 1)
  end)
end)

describe("experiments", function()
  local experiment = rho.experiment { name = "x", params = { keep = { 0.6, doc = "share" }, model = { dim = 1 } }, run = function(p) return p end }

  it("have variants", function()
    local other = experiment:with { keep = 0.4, model = { dim = 2 } }
    expect.equal(other.params.keep, { 0.4, doc = "share" })
    expect.equal(other.params.model.dim, 2)
    expect.equal(experiment.params.model.dim, 1)
    expect.error("has no parameter 'kep' (did you mean 'keep'?)", function() experiment:with { kep = 1 } end)
  end)
end)
