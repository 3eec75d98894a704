-- Numbers at which arithmetic breaks, wherever a script may give one: a sentence, never the end of the program.
local rho = require "rho"
local fixture = require "fixture"

describe("extreme numbers", function()
  local big = math.maxinteger

  it("are no dimension", function()
    local x = rho.tensor.zeros { 2, 3 }
    expect.error("dim must be in 1 ... 2 or negative", x.sum, x, math.mininteger)
    expect.error("dim must be in 1 ... 2 or negative", rho.tensor.concat, { x, x }, math.mininteger)
  end)

  it("are no size of a batch", function()
    local data, model = fixture.noisy(), fixture.model { seed = 1 }
    expect.error("is too large", rho.loader, { data = data, tokenizer = fixture.tokenizer, batch = big, context = 32 })
    expect.error("is too large", rho.eval.loss, { model = model, data = data, batch = big, limit_tokens = 1 })
    expect.error(
      "context must be in [1, 32], the reference's own, got " .. big, rho.score, { reference = model, data = data, context = big })
    local loader = fixture.loader(data)
    expect.error("step must be an integer in", loader.batch, loader, big)
    expect.truthy(loader:batch(1 << 32))
  end)

  it("are no model", function()
    local function llama(options) return function() return fixture.model(options) end end
    expect.error("is too large to build", llama { dim = 1 << 20, heads = 1 << 19, layers = 1 << 14 })
    expect.error("layers must be at most", llama { layers = 1 << 20 })
    expect.truthy(fixture.model { seed = 1 }:describe(big))
  end)

  it("are no length of a progress line", function()
    expect.error("steps must be an integer in", rho.run.progress, { label = "x", steps = big })
    local line = rho.run.progress { label = "x", steps = 10 }
    line:update { step = 1, tokens = big }
    line:update { step = 2, tokens = big }
  end)
end)
