local rho = require "rho"
local fixture = require "fixture"

local root = os.getenv("RHO_TEST_DIR")
local count = 0

local function open(options)
  count = count + 1
  local all = { experiment = "spec", params = { seed = 1, keep = 0.6 }, dir = ("%s/run-%d"):format(root, count) }
  for key, value in pairs(options or {}) do all[key] = value end
  return rho.run.open(all)
end

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read("a")
end

--- Trains `steps` steps by hand from step `first`; returns the losses.
local function train(model, optimiser, first, steps)
  local losses = {}
  for batch in fixture.loader():steps(steps, first) do
    local loss = model:loss(batch):mean()
    loss:backward()
    optimiser:step { lr = 1e-2, clip = 1 }
    losses[#losses + 1] = loss:item()
  end
  return losses
end

describe("run directories", function()
  it("hold manifest, parameters and arms", function()
    local run = open()
    local arm = run:arm("clm")
    arm:log { step = 1, tokens = 128, ["train/loss"] = 5.5, ["train/bad"] = 0 / 0 }
    arm:log { step = 2, tokens = 256, ["train/loss"] = 5.25 }
    arm:finish { tokens = 256, selected = 200 }
    run:finish { answer = 42 }
    local lines = {}
    for line in read(arm:dir() .. "/metrics.jsonl"):gmatch("[^\n]+") do lines[#lines + 1] = rho.json.decode(line) end
    expect.equal(#lines, 2)
    expect.equal(lines[1].step, 1)
    expect.equal(lines[1]["train/bad"], "NaN")
    expect.equal(lines[2]["train/loss"], 5.25)
    local manifest = rho.json.decode(read(run:dir() .. "/run.json"))
    expect.equal(manifest.tokens_seen, 256)
    expect.equal(manifest.ended, "done")
    expect.equal(rho.json.decode(read(run:dir() .. "/config.json")), { seed = 1, keep = 0.6 })
    expect.equal(rho.json.decode(read(run:dir() .. "/summary.json")), { answer = 42 })
  end)

  it("refuse what is not theirs", function()
    local run = open()
    run:finish {}
    expect.error("holds a run with another configuration: it differs at keep", open, { dir = run:dir(), params = { seed = 1, keep = 0.4 } })
    expect.error("is not empty and holds no run", open, { dir = root })
    expect.error("a line needs step and tokens", function() open():arm("a"):log { step = 1 } end)
    expect.error("an arm needs a name of letters and digits", function() open():arm("..") end)
  end)

  it("resume a training bit for bit", function()
    local whole = fixture.model { seed = 5 }
    local losses = train(whole, rho.optim.adamw { model = whole }, 1, 6)

    local run = open()
    local arm = run:arm("clm")
    local model = fixture.model { seed = 5 }
    local optimiser = rho.optim.adamw { model = model }
    expect.equal(arm:restore { model = model, optimiser = optimiser }, nil)
    train(model, optimiser, 1, 3)
    arm:log { step = 3, tokens = 384 }
    arm:checkpoint { step = 3, model = model, optimiser = optimiser, state = { step = 3, seen = { 1, 2.0, 1e-300 }, none = {} } }
    arm:log { step = 4, tokens = 512 }
    run:finish({}, "stopped")

    local other = rho.run.open { experiment = "spec", params = { seed = 1, keep = 0.6 }, dir = run:dir() }
    expect.equal(other:resumed(), true)
    local fresh = fixture.model { seed = 99 }
    local adam = rho.optim.adamw { model = fresh }
    local state = other:arm("clm"):restore { model = fresh, optimiser = adam }
    expect.equal(state, { step = 3, seen = { 1, 2.0, 1e-300 }, none = {} })
    expect.equal(math.type(state.seen[1]), "integer")
    expect.equal(math.type(state.seen[2]), "float")
    expect.equal(fresh:fingerprint(), model:fingerprint())
    local rest = train(fresh, adam, 4, 6)
    expect.equal(rest, { losses[4], losses[5], losses[6] })
    expect.equal(fresh:fingerprint(), whole:fingerprint())
    expect.truthy(not read(arm:dir() .. "/metrics.jsonl"):find('"step":4,"tokens"'))
    expect.equal(adam:describe().steps, 6)
  end)

  it("start over from a checkpoint of another training", function()
    local run = open()
    local arm = run:arm("a")
    local model = fixture.model { seed = 1 }
    arm:checkpoint { step = 1, model = model, state = {}, identity = { lr = 1 } }
    expect.truthy(arm:restore { model = model, identity = { lr = 1.0 } })
    expect.equal(arm:restore { model = model, identity = { lr = 2 } }, nil)
  end)

  it("pass over a truncated checkpoint", function()
    local run = open()
    local arm = run:arm("a")
    local model = fixture.model { seed = 1 }
    arm:checkpoint { step = 1, model = model, state = { step = 1 } }
    local path = arm:checkpoint { step = 2, model = model, state = { step = 2 } }
    local file <close> = assert(io.open(path .. "/model.safetensors", "w"))
    file:write("short")
    file:flush()
    expect.equal(arm:restore({ model = fixture.model { seed = 2 } }).step, 1)
    expect.error("holds another model", function() arm:restore { model = fixture.model { seed = 2, dim = 32 } } end)
  end)
end)

describe("guards", function()
  it("end a run that diverges", function()
    local guard = rho.run.guard {}
    for step = 1, 20 do guard:check(step, 3.0) end
    guard:check(21, 100)
    guard:check(22, 100)
    expect.error("has been above 5 times the median", guard.check, guard, 23, 100)
    local ok, problem = pcall(guard.check, guard, 24, math.huge)
    expect.equal(ok, false)
    expect.equal(problem.code, "diverged")
    expect.error("the loss of 3 tokens is not a finite number", guard.check, guard, 25, 2.0, 3)
  end)
end)

describe("pictures and pages", function()
  it("are written where they are asked for", function()
    local files = rho.plot {
      path = root .. "/curve", title = "loss", x = "tokens", y = "nats",
      series = { { name = "clm", x = { 1, 2, 3 }, y = { 3, 2.5, 2.25 } }, { name = "slm", x = { 1, 2, 3 }, y = { 3, 2, 1.5 }, dash = true } },
    }
    for _, path in ipairs(files) do expect.truthy(#read(path) > 100) end
    local path = rho.report {
      path = root .. "/report.html", title = "A <report>",
      sections = {
        { kind = "text", title = "Why", text = "Because & so on." },
        { kind = "table", title = "Arms", header = { "arm", "loss" }, rows = { { "clm", "1.25" } }, notes = { "one seed" } },
        { kind = "tokens", title = "Text", arms = { { name = "slm", pieces = { "35", " hens" }, values = { loss = { 0 / 0, 1.5 }, kept = { 0, 1 } } } } },
      },
    }
    local page = read(path)
    expect.truthy(page:find("A &lt;report&gt;", 1, true) and page:find(" hens", 1, true))
    expect.error("kind must be one of text, parameters, manifest, table, plot, tokens, got 'tabel' (did you mean 'table'?)",
      rho.report, { path = root .. "/r.html", title = "x", sections = { { kind = "tabel" } } })
    expect.error("has 2 pieces, but 1 values of loss", rho.report, {
      path = root .. "/r.html", title = "x",
      sections = { { kind = "tokens", arms = { { pieces = { "a", "b" }, values = { loss = { 1 } } } } } },
    })
  end)
end)

describe("plain data", function()
  it("goes through JSON and back unchanged", function()
    local value = { a = 1, b = 2.0, c = { true, "x", { d = 1e300 } }, e = "\u{1F413}" }
    local text = rho.json.encode(value)
    expect.equal(rho.json.decode(text), value)
    expect.equal(math.type(rho.json.decode(text).a), "integer")
    expect.equal(math.type(rho.json.decode(text).b), "float")
    expect.error("value.f is a function", rho.json.encode, { f = print })
    expect.error("line 1", rho.json.decode, "{")
  end)

  it("has a hash", function()
    expect.equal(rho.sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  end)

  it("draws from named streams", function()
    local a = rho.random.stream { seed = 1, name = "a", step = 3 }
    local b = rho.random.stream { seed = 1, name = "a", step = 3 }
    for _ = 1, 20 do
      local x = a:int(-3, 3)
      expect.equal(x, b:int(-3, 3))
      expect.truthy(x >= -3 and x <= 3)
    end
    expect.equal(a:pick { "x" }, "x")
    expect.error("pick needs a list with at least one element", a.pick, a, {})
    expect.error("int needs a <= b", a.int, a, 3, 1)
  end)
end)
