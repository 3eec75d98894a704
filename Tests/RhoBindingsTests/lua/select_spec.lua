local rho = require "rho"
local fixture = require "fixture"
local s = rho.select

local corpus = fixture.noisy(80)
local loader = fixture.loader(corpus)
local reference = fixture.model { seed = 7 }
local model = fixture.model { seed = 1 }
local scores = rho.score { reference = reference, data = corpus, entropy = true }

local function weights(policy, step)
  local batch = loader:batch(step or 1)
  local losses = rho.no_grad(function() return model:loss(batch, policy) end)
  local w, total = policy:weights(batch, losses, 0.5)
  return w, total, batch, losses
end

describe("scores and rules", function()
  it("print as arithmetic", function()
    expect.equal(tostring(s.loss - s.reference_loss), "loss - reference_loss")
    expect.equal(tostring((-s.entropy):exp():clamp(0, 2) * 3), "clamp(exp(-entropy), 0, 2) * 3")
    expect.equal(tostring(s.top(0.6) & s.below(s.quantile(0.99))), "top(0.6) & below(quantile(0.99))")
    expect.equal(tostring(~s.top(0.5) | s.above(1):of(s.loss)), "not top(0.5) | above(1) of loss")
    expect.equal((s.loss - 2 * s.entropy):columns(), { "entropy", "loss" })
  end)

  it("know what they cannot combine", function()
    expect.error("Rule", function() return s.top(0.6) & 3 end)
    expect.error("Column", function() return s.loss + "x" end)
    expect.error("is a value, not a function", function() return s.loss { keep = 0.6 } end)
    expect.error("keep must be in [0, 1], got 60 (did you mean 0.6?)", s.top, 60)
    expect.error("middle needs 0 <= low <= high <= 1", s.middle, 0.9, 0.1)
    expect.error("must start at 0", s.schedule, { { 0.5, 1 } })
  end)
end)

describe("policies", function()
  it("keep exactly the asked share", function()
    for _, policy in ipairs {
      s.excess_loss { scores = scores, keep = 0.6 }, s.random { keep = 0.6 }, s.high_loss { keep = 0.6 },
      s.reference_loss { scores = scores, keep = 0.6 }, s.policy { score = s.loss - s.reference_loss, rule = s.top(0.6), scores = scores },
      s.high_entropy { keep = 0.6 },
    } do
      local w, total, batch = weights(policy)
      expect.equal(total, math.floor(0.6 * batch.tokens + 0.5) + 0.0)
      expect.equal(w:sum():item(), total)
      expect.equal(policy:stats().selected, math.floor(0.6 * batch.tokens + 0.5))
      expect.near(policy:stats().kept, 0.6, 0.01)
    end
  end)

  it("are what the paper says, written out in Lua", function()
    local w = weights(s.excess_loss { scores = scores, keep = 0.5 })
    local by_hand = s.policy {
      scores = scores,
      weights = function(t)
        local excess = t.loss - t.reference_loss
        local flat = excess:reshape { -1 }
        local values = flat:topk(flat:size() // 2)
        return excess:ge(values:slice(values:size(), values:size()))
      end,
    }
    expect.equal(weights(by_hand):totable(), w:totable())
    local threshold = weights(s.excess_loss { scores = scores, threshold = 0.1 })
    local same = s.policy { scores = scores, weights = function(t) return t.excess:ge(0.1) end }
    expect.equal(weights(same):totable(), threshold:totable())
  end)

  it("divide by what they are told to", function()
    local function total(normaliser)
      return select(2, weights(s.policy { weights = function(t) return t.loss * 0 + 0.5 end, normaliser = normaliser }))
    end
    expect.equal(total("selected"), 128.0)
    expect.equal(total("valid"), 128.0)
    expect.equal(total("weights"), 64.0)
  end)

  it("draw the same random tokens for the same seed and step", function()
    local policy = s.random { keep = 0.3 }
    expect.equal(weights(policy, 2):totable(), weights(s.random { keep = 0.3 }, 2):totable())
    expect.truthy(weights(policy, 2):eq((weights(policy, 3))):sum():item() < 128)
  end)

  it("follow schedules over the run", function()
    local policy = s.high_loss { keep = s.schedule { { 0, 1.0 }, { 0.4, 0.25 } } }
    local batch = loader:batch(1)
    local losses = rho.no_grad(function() return model:loss(batch) end)
    expect.equal(select(2, policy:weights(batch, losses, 0)), 128.0)
    expect.equal(select(2, policy:weights(batch, losses, 0.5)), 32.0)
  end)

  it("select nothing when keep is 0, and survive losses that are not numbers", function()
    local w, total = weights(s.high_loss { keep = 0 })
    expect.equal(total, 0.0)
    expect.equal(w:sum():item(), 0.0)
    local batch = loader:batch(1)
    local losses = rho.no_grad(function() return model:loss(batch) end)
    local broken = losses * 1
    local poison = rho.tensor.where(losses:ge(losses:max()), 0 / 0, losses)
    local policy = s.high_loss { keep = 1 }
    local kept, sum = policy:weights(batch, poison, 0)
    expect.truthy(sum < 128)
    expect.equal(policy:stats().bad_loss, 128 - sum // 1 | 0)
    expect.equal(kept:isnan():sum():item(), 0.0)
    expect.equal(broken:shape(), { 4, 32 })
  end)

  it("measure precision and recall against labels", function()
    local policy = s.all {}
    weights(policy)
    local stats = policy:stats()
    local all = 0
    for _, counts in pairs(stats.labels) do all = all + counts.valid end
    expect.equal(all, 128)
    expect.equal(stats.recall, 1.0)
    expect.near(stats.precision, stats.labels.useful.valid / 128)
  end)

  it("refuse what cannot work before the first step", function()
    expect.error("the policy reads reference_loss, so it needs scores", s.excess_loss, { keep = 0.6 })
    expect.error("keep must be in [0, 1], got 60 (did you mean 0.6?)", s.excess_loss, { scores = scores, keep = 60 })
    expect.error("give keep or threshold, not both", s.excess_loss, { scores = scores, keep = 0.5, threshold = 1 })
    expect.error("unknown option 'kep' (did you mean 'keep'?)", s.excess_loss, { kep = 0.6 })
    expect.error("unknown option 'kep' (did you mean 'keep'?)", function() return s.random { kep = 0.6 } end)
    expect.error("scope must be one of", s.high_loss, { scope = "bach" })
    expect.error("a score without a rule selects nothing", s.policy, { score = s.loss })
    local plain = rho.score { reference = reference, data = corpus }
    expect.error("the scores hold losses only", function() return s.reference_entropy { scores = plain, keep = 0.5 } end)
  end)

  it("explain a Lua function that returns something else", function()
    local function try(fn) return function() weights(s.policy { weights = fn }) end end
    expect.error("weights must return a tensor of shape (4, 32), got ()", try(function(t) return t.loss:sum() end))
    expect.error("weights must return a tensor, got number", try(function() return 3 end))
    expect.error("no token column is called 'los' (did you mean 'loss'?)", try(function(t) return t.los end))
    expect.error("the column reference_loss is not there", try(function(t) return t.reference_loss end))
    expect.error("boom", try(function() error("boom") end))
  end)

  it("give the same weights over pieces as over the whole batch", function()
    local policy = s.excess_loss { scores = scores, keep = 0.5 }
    local batch = loader:batch(4)
    local whole = policy:weights(batch, rho.no_grad(function() return model:loss(batch) end), 0)
    local losses = {}
    for i, piece in ipairs(batch:split(2)) do losses[i] = rho.no_grad(function() return model:loss(piece) end) end
    local plan = policy:plan(batch, losses, 0)
    expect.equal(rho.tensor.concat({ plan[1].weights, plan[2].weights }):totable(), whole:totable())
    expect.equal(plan[1].total + plan[2].total, 64.0)
    expect.equal(policy:ranks_across_pieces(), true)
    expect.equal(s.all {}:ranks_across_pieces(), false)
  end)
end)

describe("scores", function()
  it("are computed once and checked on use", function()
    local again = rho.score { reference = reference, data = corpus, entropy = true }
    expect.equal(again:path(), scores:path())
    expect.equal(scores:reference(), reference:fingerprint())
    expect.truthy(scores:flops() > 0)
    local given = rho.score { reference = reference, data = corpus, entropy = true, file = scores:path() }
    expect.equal(given:flops(), scores:flops())
    expect.error("the scores have no entropies", function()
      local plain = rho.score { reference = reference, data = corpus }
      rho.score { reference = reference, data = corpus, entropy = true, file = plain:path() }
    end)
    local other = fixture.loader(fixture.clean(40))
    local policy = s.excess_loss { scores = scores, keep = 0.5 }
    expect.error("score the corpus again", function()
      local batch = other:batch(1)
      policy:weights(batch, rho.no_grad(function() return model:loss(batch) end), 0)
    end)
    local wide = rho.loader { data = corpus, tokenizer = fixture.tokenizer, batch = 2, context = 16 }
    expect.error("rows of 32 tokens, but the rows in use have 16", function()
      local batch = wide:batch(1)
      policy:weights(batch, rho.no_grad(function() return model:loss(batch) end), 0)
    end)
  end)

  it("refuse a corpus under another tokenizer", function()
    local other = rho.tokenizer.train_bpe { data = corpus, vocab_size = 300 }
    expect.error("another tokenizer than the reference's", rho.score, { reference = reference, data = corpus, tokenizer = other })
  end)
end)
