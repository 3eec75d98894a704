local rho = require "rho"
local fixture = require "fixture"
local s = rho.select

local corpus = fixture.noisy(60)
local clean = fixture.clean(40)
local loader = fixture.loader(corpus)

local function near(a, b, tolerance) expect.near((a - b):abs():max():item(), 0, tolerance or 1e-5) end

--- Gradients of every parameter, one after the other.
local function gradients(model)
  local list = {}
  for i, parameter in ipairs(model:parameters()) do list[i] = parameter.tensor:grad():reshape { -1 } end
  return rho.tensor.concat(list)
end

describe("a forward pass", function()
  local model = fixture.model { seed = 1 }
  local batch = loader:batch(1)

  it("has the losses of model:loss, bit for bit", function()
    expect.equal(model:forward(batch):loss():totable(), model:loss(batch):totable())
  end)

  it("has log-sum-exp, entropy and margin of its logits", function()
    local pass = rho.no_grad(function() return model:forward(batch) end)
    local logits = pass:logits()
    expect.equal(logits:shape(), { 4, 32, model:config().vocab_size })
    near(logits:slice(3, 3):reshape { 32, -1 }, pass:logits(3), 1e-6)
    local p = pass:logits(2):softmax()
    near(pass:entropy():slice(2, 2):reshape { -1 }, -(p * p:log()):sum(2), 1e-4)
    local max = pass:logits(2):max(2)
    near(pass:logsumexp():slice(2, 2):reshape { -1 }, (pass:logits(2) - max:reshape { -1, 1 }):exp():sum(2):log() + max, 1e-4)
    expect.truthy(pass:margin():max():item() < 10)
    expect.equal(pass:valid():sum():item(), 128.0)
    expect.equal(pass:hidden():shape(), { 4, 32, 16 })
    expect.error("row must be in 1 ... 4, got 5", function() pass:logits(5) end)
  end)

  it("gives the same gradient through map_logits, a row at a time, as through whole logits", function()
    local function train(fn)
      local copy = model:clone()
      fn(copy:forward(batch)):backward()
      return gradients(copy)
    end
    local direct = train(function(pass) return pass:logits():square():mean() end)
    local mapped = train(function(pass) return pass:map_logits(function(logits) return logits:square():mean(2) end):mean() end)
    near(direct, mapped, 1e-6)
    -- The z-loss needs no logits at all.
    local z = train(function(pass) return rho.loss.z(pass):sum() end)
    local whole = train(function(pass)
      return pass:map_logits(function(logits) return logits:exp():sum(2):log():square() end):sum()
    end)
    near(z, whole, 1e-3)
  end)

  it("measures the divergence from another model", function()
    local other = fixture.model { seed = 2 }
    local pass = rho.no_grad(function() return model:forward(batch) end)
    local kl = rho.loss.kl(pass, other, batch)
    local p, q = pass:logits(1):log_softmax(), rho.no_grad(function() return other:forward(batch):logits(1):log_softmax() end)
    near(kl:slice(1, 1):reshape { -1 }, (p:exp() * (p - q)):sum(2))
    near(rho.loss.kl(pass, other, batch, { of = "other" }):slice(1, 1):reshape { -1 }, (q:exp() * (q - p)):sum(2))
    near(rho.loss.kl(pass, model, batch), kl * 0, 1e-6)
  end)

  it("explains a function that returns something else", function()
    expect.error("must return a tensor of shape (32)", function() model:forward(batch):map_logits(function(l) return l end) end)
    expect.error("boom", function() model:forward(batch):map_logits(function() error("boom") end) end)
  end)
end)

local count = 0

--- A training in a run of its own, which nothing finds again.
local function train(options)
  count = count + 1
  local run = rho.run.open { experiment = "spec", params = { n = count }, dir = ("%s/objective-%d"):format(os.getenv "RHO_TEST_DIR", count) }
  local context = require "rho.context"
  local before = context.run
  context.run = run
  local all = { model = fixture.model(), data = corpus, tokens = 128 * 6, batch = 4, lr = 1e-2, seed = 3, log_every = 1, name = "arm" }
  for key, value in pairs(options) do all[key] = value end
  local result = rho.train(all)
  context.run = before
  run:finish {}
  return result, run
end

--- The same training written out by hand.
local function by_hand(select, loss_of)
  local model = fixture.model():start(3)
  local optimiser = rho.optim.adamw { model = model }
  local schedule = rho.optim.cosine { peak = 1e-2, warmup = 1, steps = 6, final = 0.1 }
  local policy = select:start()
  local batches = rho.loader { data = corpus, tokenizer = fixture.tokenizer, batch = 4, context = 32, seed = 3 }
  for batch in batches:steps(6) do
    local pass = model:forward(batch, policy)
    local losses = pass:loss()
    local weights, total = policy:weights(batch, losses, (batch.step - 1) / 6)
    if total > 0 then (loss_of(pass, losses, weights, batch) / total):backward() end
    optimiser:step { lr = schedule(batch.step), clip = 1.0 }
  end
  return model:fingerprint()
end

describe("a loop written by hand", function()
  local reference = fixture.model { seed = 9 }
  local scores = rho.score { reference = reference, data = corpus }

  it("gives the bits of rho.train", function()
    for _, policy in ipairs {
      s.excess_loss { scores = scores, keep = 0.5 }, s.random { keep = 0.5 }, s.history_excess { keep = 0.5 },
      s.mean_reference { keep = 0.5 }, s.policy { weights = function(t) return t.entropy end, normaliser = "weights" },
    } do
      local run = train { select = policy }
      expect.equal(run.model:fingerprint(), by_hand(policy, function(_, losses, weights) return (losses * weights):sum() end))
    end
  end)

  it("gives them with an objective too", function()
    local policy = s.excess_loss { scores = scores, keep = 0.5 }
    local function objective(pass, losses, weights, batch)
      return ((losses + 1e-3 * rho.loss.z(pass)) * weights + 0.1 * rho.loss.kl(pass, reference, batch)):sum()
    end
    local run = train { select = policy, objective = function(t) return objective(t.pass, t.loss, t.weights, t.batch) end }
    expect.equal(run.model:fingerprint(), by_hand(policy, objective))
    local plain = train { select = policy }
    expect.truthy(plain.model:fingerprint() ~= run.model:fingerprint())
    -- The weighted losses written out are the default, and all work is counted.
    local default = train { select = policy, objective = function(t) return (t.loss * t.weights):sum() end }
    expect.equal(default.model:fingerprint(), plain.model:fingerprint())
    expect.equal(default.compute.training, plain.compute.training)
    expect.near(run.compute.training / plain.compute.training, 4 / 3, 1e-6)
    expect.equal(plain.compute.training, 128 * 6 * fixture.model():flops_per_token(32))
  end)

  it("gives the same gradient in pieces", function()
    local policy = s.excess_loss { scores = scores, keep = 0.5 }
    local function objective(t) return ((t.loss + 1e-3 * rho.loss.z(t.pass)) * t.weights):sum() end
    local whole = train { select = policy, objective = objective, tokens = 128 }
    local pieces = train { select = policy, objective = objective, tokens = 128, accumulate = 2 }
    for i, parameter in ipairs(whole.model:parameters()) do
      near(parameter.tensor:detach(), pieces.model:parameters()[i].tensor:detach(), 1e-4)
    end
  end)

  it("refuses an objective that is no sum", function()
    expect.error("objective must return a tensor of one number, the sum over the tokens, got one of shape (4, 32)", train,
      { objective = function(t) return t.loss end })
    expect.error("got nil", train, { objective = function() end })
  end)
end)

describe("a training", function()
  local reference = train { data = clean, tokens = 128 * 150, lr = 2e-2, seed = 9, log_every = 50 }
  local scores = rho.score { reference = reference, data = corpus }

  it("lowers the loss", function()
    local held = rho.eval.loss { model = reference.model, data = clean }.loss
    expect.truthy(held < 3, "the loss is " .. held)
  end)

  it("on excess loss finds the noise, which a random share does not", function()
    local slm = train { select = s.excess_loss { scores = scores, keep = 0.6 }, tokens = 128 * 40 }
    local random = train { select = s.random { keep = 0.6 }, tokens = 128 * 40 }
    expect.truthy(slm.precision > random.precision + 0.05, slm.precision .. " and " .. random.precision)
    expect.equal(slm.selected, random.selected)
  end)

  it("in pieces is the training in one, and pays for a second pass only where scores compete", function()
    for _, case in ipairs {
      { s.all {}, 1 }, { s.excess_loss { scores = scores, keep = 0.6 }, 4 / 3 }, { s.random { keep = 0.3 }, 4 / 3 },
      { s.high_loss { keep = 0.6, scope = "sequence" }, 1 },
      { s.policy { score = s.loss, rule = s.above(5), weights = s.loss, normaliser = "weights" }, 1 },
    } do
      local policy, cost = table.unpack(case)
      local whole = train { select = policy, tokens = 128 }
      for _, pieces in ipairs { 2, 4 } do
        local cut = train { select = policy, tokens = 128, accumulate = pieces }
        expect.equal(cut.selected, whole.selected)
        expect.near(cut.compute.training / whole.compute.training, cost, 1e-9)
        for i, parameter in ipairs(whole.model:parameters()) do
          near(parameter.tensor:detach(), cut.model:parameters()[i].tensor:detach(), 1e-4)
        end
      end
    end
  end)
end)

describe("what a policy remembers", function()
  --- Trains six steps, stopping after the third to go on from the checkpoint.
  local function interrupted(policy)
    count = count + 1
    local dir = ("%s/memory-%d"):format(os.getenv "RHO_TEST_DIR", count)
    local batches = fixture.loader(corpus, { seed = 2 })
    local model = fixture.model { seed = 5 }
    local function steps(first, last, arm, one, optimiser, select)
      for batch in batches:steps(last, first) do
        local losses = one:loss(batch, select)
        local weights, total = select:weights(batch, losses, 0.5)
        if total > 0 then ((losses * weights):sum() / total):backward() end
        optimiser:step { lr = 1e-2 }
      end
      if arm then arm:checkpoint { step = last, model = one, optimiser = optimiser, policy = select, state = {} } end
    end
    local whole = model:clone()
    steps(1, 6, nil, whole, rho.optim.adamw { model = whole }, policy:start())
    local half = model:clone()
    local arm = rho.run.open({ experiment = "spec", params = { n = count }, dir = dir }):arm("a")
    steps(1, 3, arm, half, rho.optim.adamw { model = half }, policy:start())
    local again = fixture.model { seed = 77 }
    local optimiser, select = rho.optim.adamw { model = again }, policy:start()
    arm:restore { model = again, optimiser = optimiser, policy = select }
    steps(4, 6, nil, again, optimiser, select)
    return whole:fingerprint(), again:fingerprint()
  end

  it("survives a checkpoint bit for bit", function()
    for name, policy in pairs {
      history = s.history_excess { keep = 0.5, momentum = 0.5 }, mean = s.mean_reference { keep = 0.5 },
      blade = s.blade { clean = clean, every = 2, updates = 2, batch = 2, keep = 0.5 }, eslm = s.ada_eslm { rate = 4 },
      own = s.policy { weights = function(t)
        t.memory.mean = 0.5 * (t.memory.mean or 3.0) + 0.5 * t.loss:mean():item()
        return t.loss:ge(t.memory.mean)
      end },
    } do
      local whole, again = interrupted(policy)
      expect.equal(name .. again, name .. whole)
    end
  end)

  it("does not pass from one training to the next", function()
    local policy = s.history_excess { keep = 0.5, momentum = 0.5 }
    local one = train { select = policy, data = clean, tokens = 128 * 12 }
    -- Logged less often, so that it is trained again instead of being found.
    local other = train { select = policy, data = clean, tokens = 128 * 12, log_every = 2 }
    expect.equal(one.model:fingerprint(), other.model:fingerprint())
  end)

  it("counts the work of references that run beside the model", function()
    local plain = train {}
    local blade = train { select = s.blade { clean = clean, every = 3, updates = 2, batch = 2 } }
    -- Six forward passes, and two updates of half the batch at two synchronisations, each worth three forward passes.
    expect.near(blade.compute.training / plain.compute.training, 1 + (6 + 2 * 2 * 0.5 * 3) / (6 * 3), 1e-6)
    local reference = train { tokens = 256 }
    local live = train { select = s.live_excess { reference = reference, keep = 0.5 } }
    expect.equal(live.compute.reference, reference.compute.training)
  end)

  it("counts reference and scores that only the policy still holds", function()
    local reference = train { tokens = 256 }
    local policies = {
      known = s.excess_loss { scores = rho.score { reference = reference, data = corpus }, keep = 0.5 },
      told = s.excess_loss { scores = rho.score { reference = reference.model, data = corpus, reference_flops = 7e9 }, keep = 0.5 },
      nothing = s.excess_loss { scores = rho.score { reference = reference.model, data = corpus }, keep = 0.5 },
    }
    collectgarbage()
    collectgarbage()
    local known = train { select = policies.known }
    expect.equal(known.compute.reference, reference.compute.training)
    expect.equal(known.compute.scoring, policies.known:scores():flops())
    expect.truthy(known.compute.scoring > 0)
    expect.equal(train({ select = policies.told }).compute.reference, 7e9)
    expect.equal(train({ select = policies.nothing }).compute.reference, 0.0)
  end)
end)

describe("prompts", function()
  local rows = {}
  for i = 1, 12 do rows[i] = { ("What is %d plus 1? "):format(i), "prompt", ("It is %d."):format(i + 1), "useful" } end
  local tuning = rho.data.documents { rows }
  local model = fixture.model { seed = 4 }
  local batch = rho.loader({ data = tuning, tokenizer = fixture.tokenizer, batch = 2, context = 32, order = "sequential" }):batch(1)

  it("carry no loss", function()
    local losses = rho.no_grad(function() return model:loss(batch) end)
    local valid = batch:targets():ge(0)
    expect.equal((losses * (1 - valid)):sum():item(), 0.0)
    local _, total = s.all {}:weights(batch, losses)
    expect.equal(total, batch.tokens + 0.0)
    expect.truthy(batch.tokens < 40)
    local kept = s.high_loss { keep = 0.5 }:weights(batch, losses)
    expect.equal(kept:sum():item(), math.floor(0.5 * batch.tokens + 0.5) + 0.0)
    expect.equal((kept * (1 - valid)):sum():item(), 0.0)
    local run = train { data = tuning, tokens = 256, batch = 2, eval = tuning }
    expect.equal(run.precision, nil)
    expect.truthy(run.tokens < 256)
    expect.equal(run.compute.training, 256 * model:flops_per_token(32))
  end)

  it("can be hidden from what follows them", function()
    local without = batch:without_prompt()
    local hidden = rho.no_grad(function() return model:loss(without) end)
    local seen = rho.no_grad(function() return model:loss(batch) end)
    local first
    for i, value in ipairs(batch:targets():totable()[1]) do
      if value >= 0 then first = i break end
    end
    -- The first answer token is predicted from the last prompt token alone.
    local alone = rho.no_grad(function() return model:logits { math.tointeger(batch:ids():get(1, first)) } end)
    local target = math.tointeger(batch:targets():get(1, first)) + 1
    expect.near(hidden:get(1, first), -alone:log_softmax():get(1, target), 1e-4)
    expect.truthy((hidden - seen):abs():max():item() > 1e-3)
    expect.truthy(loader:batch(1):without_prompt() == loader:batch(1) or loader:batch(1):prompt() == nil)
  end)

  it("draw attention that sums to one with what draws the rest", function()
    local share = model:attention(batch)
    expect.truthy(share:min():item() >= 0 and share:max():item() <= 1 + 1e-5)
    -- The first position sees only itself, which is a prompt token.
    expect.near(share:get(1, 1), 1, 1e-5)
    local first = rho.data.documents { { { "a", "useful", "bcde", "prompt", "f", "useful" } } }
    local two = fixture.model { seed = 4, layers = 2 }
    local other = rho.loader({ data = first, tokenizer = fixture.tokenizer, batch = 1, context = 32, order = "sequential" }):batch(1)
    expect.near(two:attention(other):get(1, 1), 0, 1e-6)
    expect.truthy((two:attention(other, 1) - two:attention(other, 2)):abs():max():item() > 1e-6)
    expect.error("the layer must be in 1 ... 2, got 3", function() two:attention(other, 3) end)
    expect.error("the text has no prompts to attend to", function() model:attention(loader:batch(1)) end)
    local policy = s.ss_token { earlier = rho.score { reference = model, data = tuning }, keep = 0.5 }
    local losses = rho.no_grad(function() return model:loss(batch, policy) end)
    expect.truthy(policy:weights(batch, losses):sum():item() > 0)
  end)
end)

describe("blending", function()
  it("moves weights by a share", function()
    local a, b = fixture.model { seed = 1 }, fixture.model { seed = 2 }
    local before = a:parameters()[1].tensor:clone()
    a:blend(b, 0.25)
    near(a:parameters()[1].tensor:detach(), 0.75 * before + 0.25 * b:parameters()[1].tensor:detach(), 1e-6)
    expect.error("cannot copy weights", function() a:blend(fixture.model { seed = 1, dim = 32 }, 0.5) end)
  end)
end)

describe("at the edges", function()
  it("nothing kept is nothing changed", function()
    local run = train { select = s.high_loss { keep = 0 } }
    expect.equal(run.model:fingerprint(), fixture.model():start(3):fingerprint())
    expect.equal({ run.selected, run.tokens }, { 0, 128 * 6 })
  end)

  it("batches of prompts alone are passed over", function()
    local long = rho.data.documents { { { ("prompt "):rep(40), "prompt", "answer", "useful" } } }
    local run = train { data = long, tokens = 32 * 12, batch = 1 }
    -- 286 positions a pass, of which the answer and the end of text are predicted.
    expect.truthy(run.tokens > 0 and run.tokens < 32)
  end)

  it("an uneven last piece weighs as much as its tokens", function()
    local whole = train { batch = 3, tokens = 96 }
    local pieces = train { batch = 3, tokens = 96, accumulate = 2 }
    for i, parameter in ipairs(whole.model:parameters()) do
      near(parameter.tensor:detach(), pieces.model:parameters()[i].tensor:detach(), 1e-4)
    end
  end)

  it("losses that are no numbers end the run with a sentence", function()
    expect.error("the gradient has not been a finite number for 3 steps", train, { lr = 1e30, tokens = 128 * 20 })
    expect.error("the loss of 128 tokens is not a finite number", train, { lr = 3e38, tokens = 128 * 20 })
  end)
end)
