-- Every policy of the literature against a case worked out by hand.
local rho = require "rho"
local fixture = require "fixture"
local s = rho.select
local from = rho.tensor.from

local corpus = fixture.noisy(40)
local reference = fixture.model { seed = 7 }
local scores = rho.score { reference = reference, data = corpus, entropy = true }

--- policy:apply on columns given as lists; expects these weights and this divisor.
local function check(policy, columns, wanted, divisor)
  local given = {}
  for name, values in pairs(columns) do given[name] = from(values) end
  local weights, total = policy:apply(given)
  local got = weights:reshape({ -1 }):totable()
  local flat = {}
  for _, value in ipairs(wanted) do
    if type(value) == "table" then table.move(value, 1, #value, #flat + 1, flat) else flat[#flat + 1] = value end
  end
  expect.equal(#got, #flat)
  for i, value in ipairs(flat) do expect.near(got[i], value, 1e-5) end
  if divisor then expect.near(total, divisor, 1e-5) end
end

local function nats(probabilities)
  local losses = {}
  for i, p in ipairs(probabilities) do losses[i] = -math.log(p) end
  return losses
end

describe("selection", function()
  it("rho_loss keeps whole rows by mean excess", function()
    check(s.rho_loss { scores = scores, keep = 0.5 },
      { loss = { { 1, 2, 3 }, { 4, 5, 6 } }, reference_loss = { { 0, 0, 0 }, { 4, 4, 4 } } }, { { 1, 1, 1 }, { 0, 0, 0 } }, 3)
  end)

  it("eslm keeps the tail from the value at risk on", function()
    check(s.eslm { alpha = 0.4 }, { loss = { 1, 2, 3, 4, 5 } }, { 0, 1, 1, 1, 1 }, 4)
    check(s.eslm { alpha = 0.8, of = "entropy" }, { loss = { 1, 1, 1, 1, 1 }, entropy = { 9, 1, 2, 3, 4 } }, { 1, 0, 0, 0, 1 }, 2)
  end)

  it("token_cleaning ranks base minus reference over the corpus", function()
    check(s.token_cleaning { scores = scores, base = scores, keep = 0.4 },
      { loss = { 0, 0, 0, 0, 0 }, base_loss = { 3, 3, 3, 3, 3 }, reference_loss = { 1, 2, 3, 0, 5 } }, { 1, 0, 0, 1, 0 }, 2)
  end)

  it("ss_token keeps what has fallen, within each row", function()
    local columns = { earlier_loss = { { 4, 4, 4, 4 }, { 1, 1, 1, 1 } }, loss = { { 1, 2, 3, 4 }, { 4, 3, 2, 1 } } }
    check(s.ss_token { earlier = scores, keep = 0.5, gamma = 1 }, columns, { { 1, 1, 0, 0 }, { 0, 0, 1, 1 } }, 4)
    -- Row 1: minmax 1, 2/3, 1/3, 0; with half the weight on attention 0.5, 0.58, 0.67, 0.1.
    columns.prompt_attention = { { 0, 0.5, 1, 0.2 }, { 0, 0, 0, 0 } }
    check(s.ss_token { earlier = scores, keep = 0.5 }, columns, { { 0, 1, 1, 0 }, { 0, 0, 1, 1 } }, 4)
  end)

  it("history_excess keeps what has fallen below the run's own mean", function()
    check(s.history_excess { keep = 0.5 }, { history = { 3, 3, 3, 3 }, loss = { 1, 2, 4, 5 } }, { 1, 1, 0, 0 }, 2)
    check(s.history_excess { keep = 0.5, of = "risen" }, { history = { 3, 3, 3, 3 }, loss = { 1, 2, 4, 5 } }, { 0, 0, 1, 1 }, 2)
  end)

  it("middle_loss drops both ends", function()
    check(s.middle_loss {}, { loss = { 5, 1, 4, 2, 3 } }, { 0, 0, 1, 1, 1 }, 3)
    check(s.middle_loss { scores = scores, low = 0, high = 0.4 },
      { loss = { 1, 2, 3, 4, 5 }, reference_loss = { 5, 4, 3, 2, 1 } }, { 0, 0, 0, 1, 1 }, 2)
  end)

  it("stm keeps low perplexity under the base model", function()
    check(s.stm { scores = scores, perplexity = math.exp(2) }, { loss = { 9, 9, 9 }, reference_loss = { 1, 2.5, 1.9 } }, { 1, 0, 1 }, 2)
  end)

  it("profit keeps probable tokens and divides by all", function()
    check(s.profit { threshold = 0.5 }, { loss = nats { 0.9, 0.4, 0.6 } }, { 1, 0, 1 }, 3)
  end)

  it("ent drops confident errors", function()
    check(s.ent { threshold = 1.3 }, { loss = { 1, 1, 1 }, squared_error = { 0.1, 1.5, 1.9 } }, { 1, 1, 0 }, 3)
  end)

  it("conf_po keeps tokens below the row's mean probability", function()
    check(s.conf_po {}, { loss = { nats { 0.9, 0.1, 0.6 }, nats { 0.2, 0.3, 0.4 } } }, { { 0, 1, 0 }, { 1, 0, 0 } }, 2)
  end)

  it("t_shirt ranks the change in either direction", function()
    check(s.t_shirt { scores = scores, unconditional = scores, keep = 0.5 },
      { loss = { 0, 0, 0, 0 }, reference_loss = { 1, 1, 1, 1 }, unconditional_loss = { 1.5, 0, 1, 4 } }, { 0, 1, 0, 1 }, 2)
  end)

  it("mixed_references takes the weighted mean of several losses", function()
    -- Means 0.25, 1.25, 2.25, 2.25; excess 1.75, 0.75, -0.25, 0.75, the tie to the lower position.
    check(s.mixed_references { references = { { scores, 1 }, { scores, 3 } }, keep = 0.5 },
      { loss = { 2, 2, 2, 3 }, reference_loss_1 = { 1, 2, 3, 0 }, reference_loss_2 = { 0, 1, 2, 3 } }, { 1, 1, 0, 0 }, 2)
    expect.error("weights that add up to more than 0", s.mixed_references, { references = { { scores } } })
  end)

  it("conditional_gain ranks what the prompt changes", function()
    check(s.conditional_gain { keep = 0.5 }, { loss = { 1, 1, 1, 1 }, unconditional_loss = { 3, 1, 0, 1.5 } }, { 1, 0, 1, 0 }, 2)
  end)

  it("ada_eslm moves its share against the tail's mean", function()
    local policy = s.ada_eslm { alpha = 0.5, rate = 1 }
    check(policy, { loss = { 1, 2, 3, 4 } }, { 0, 0, 1, 1 }, 2)
    -- The tail's mean of 3.5 becomes 7: alpha = 0.5 exp(-1) = 0.184 for the step after.
    check(policy, { loss = { 2, 4, 6, 8 } }, { 0, 0, 1, 1 }, 2)
    check(policy, { loss = { 2, 4, 6, 8 } }, { 0, 1, 1, 1 }, 3)
    check(policy:start(), { loss = { 2, 4, 6, 8 } }, { 0, 0, 1, 1 }, 2)
  end)

  it("loss_threshold divides by all tokens", function()
    check(s.loss_threshold { drop = 0 }, { loss = { 0.5, 1, 2 } }, { 0, 1, 1 }, 3)
    local loss = {}
    for i = 1, 200 do loss[i] = 2 end
    local weights, total = s.loss_threshold {}:apply { loss = from(loss) }
    expect.equal(weights:sum():item(), 190.0)
    expect.equal(total, 200.0)
  end)

  it("q_tuning keeps certain errors in part and uncertain successes whole", function()
    -- Row means of the loss: 1, 1, 3, 3; of the entropy: 1, 3, 1, 3. Row 1 is known, row 4 is noise.
    check(s.q_tuning { keep = 0.5, lambda = 0.5 }, {
      loss = { { 1, 1, 1, 1 }, { 1, 1, 1, 1 }, { 1, 1, 5, 5 }, { 3, 3, 3, 3 } },
      entropy = { { 1, 1, 1, 1 }, { 3, 3, 3, 3 }, { 1, 1, 1, 1 }, { 3, 3, 3, 3 } },
    }, { { 0, 0, 0, 0 }, { 1, 1, 1, 1 }, { 1, 1, 0, 0 }, { 0, 0, 0, 0 } }, 6)
  end)

  it("live_excess has the sign of excess loss", function()
    check(s.live_excess { reference = reference, keep = 0.5 },
      { loss = { 1, 2, 3, 4 }, reference_loss = { 1, 1, 4, 1 } }, { 0, 1, 0, 1 }, 2)
  end)
end)

describe("weights", function()
  local p = { 0.9, 0.5, 0.1 }
  it("dft weighs by probability", function() check(s.dft {}, { loss = nats(p) }, p, 3) end)
  it("focal weighs the other way", function() check(s.focal { gamma = 2 }, { loss = nats(p) }, { 0.01, 0.25, 0.81 }, 3) end)
  it("eaft weighs by a power of entropy", function()
    check(s.eaft { alpha = 2 }, { loss = { 1, 1 }, entropy = { 3, 1.5 } }, { 1, 0.25 }, 2)
  end)
  it("mile weighs up with entropy", function()
    check(s.mile { gamma = 0.5 }, { loss = { 1, 1 }, entropy = { 3, 0 } }, { 2, 1 }, 2)
  end)
  it("trim_sft is a band-pass on the margin", function()
    check(s.trim_sft { centre = 1, width = 2 }, { loss = { 1, 1, 1 }, margin = { 1, 3, -3 } }, { 1, math.exp(-0.5), math.exp(-2) }, 3)
  end)
  it("lin_upper is linear up to the middle and flat above", function()
    -- Row means 1, 2, 5: minmax 0, 1/4, 1; twice that, at most 1: 0, 1/2, 1.
    local w = { math.exp(0), math.exp(1), math.exp(2) }
    check(s.lin_upper { r = 0.5 }, { loss = { { 0, 2 }, { 1, 3 }, { 5, 5 } } },
      { { w[1], w[1] }, { w[2], w[2] }, { w[3], w[3] } }, 2 * (w[1] + w[2] + w[3]))
  end)
  it("clipped_excess is the soft form of excess loss", function()
    check(s.clipped_excess { scores = scores, cap = 2 }, { loss = { 1, 2, 0 }, reference_loss = { 1, 1, 1 } },
      { 1, 2, math.exp(-1) }, 3 + math.exp(-1))
  end)
  it("long_ce is capped", function()
    check(s.long_ce { short = 8 }, { loss = { 2, 2, 2 }, short_loss = { 3, 10, 1 } }, { math.exp(1), 5, math.exp(-1) }, 3)
  end)
end)

describe("live columns", function()
  local model = fixture.model { seed = 1 }
  local loader = fixture.loader(corpus)
  local function run(policy, batch)
    local losses = rho.no_grad(function() return model:loss(batch, policy) end)
    return policy:weights(batch, losses), losses
  end

  it("run on real batches", function()
    local batch = loader:batch(1)
    for _, policy in ipairs {
      s.ent { threshold = 1.4 }, s.long_ce { short = 8 }, s.live_excess { reference = reference, keep = 0.5 }, s.conf_po {},
      s.eaft {}, s.trim_sft {}, s.history_excess {}, s.ada_eslm {}, s.q_tuning {}, s.mean_reference {}, s.loss_threshold {},
      s.blade { clean = corpus, every = 2, updates = 1, batch = 2 }, s.lin_upper {}, s.conditional_gain {}, s.token_cleaning { scores = scores, base = scores, keep = 0.5 },
    } do
      local weights = run(policy, batch)
      expect.equal(weights:shape(), { 4, 32 })
      expect.truthy(weights:ge(0):sum():item() == 4 * 32)
    end
  end)

  it("see the model in training, and no gradient", function()
    local batch = loader:batch(2)
    local policy = s.policy {
      columns = { twice = function(b, m) return 2 * m:loss(b) end }, weights = s.column("twice") - s.loss,
    }
    local weights, losses = run(policy, batch)
    expect.near((weights - losses):abs():max():item(), 0, 1e-5)
    local wrong = s.policy { columns = { x = function() return from { 1 } end }, weights = s.column("x") }
    expect.error("must return a tensor of shape (4, 32)", run, wrong, batch)
    expect.error("no token column is called 'nothing'", s.policy, { score = s.column("nothing"), rule = s.top(0.5) })
    expect.error("columns.x must be scores or a function", s.policy, { columns = { x = 3 }, weights = s.column("x") })
  end)

  it("squared_error of ent is what logits say", function()
    local seen
    local ids = loader:batch(1):ids()
    local policy = s.ent { threshold = 1 }
    local weights = run(policy, loader:batch(1))
    local p = model:logits({ math.tointeger(ids:get(1, 1)), math.tointeger(ids:get(1, 2)) }):softmax()
    local target = math.tointeger(ids:get(1, 2)) + 1
    seen = (p:slice(1, 1) * p:slice(1, 1)):sum():item() - 2 * p:get(1, target) + 1
    expect.equal(weights:get(1, 1), seen < 1 and 1 or 0)
  end)

  it("short contexts see only their block", function()
    local batch = loader:batch(1)
    local near = rho.no_grad(function() return model:loss(batch:short(1)) end)
    local alone = rho.no_grad(function() return model:logits { math.tointeger(batch:ids():get(1, 5)) } end)
    local target = math.tointeger(batch:targets():get(1, 5)) + 1
    expect.near(near:get(1, 5), -alone:log_softmax():get(1, target), 1e-4)
    local far = rho.no_grad(function() return model:loss(batch:short(32)) end)
    local plain = rho.no_grad(function() return model:loss(batch) end)
    expect.near((far - plain):abs():max():item(), 0, 1e-6)
  end)

  it("history is the run's own mean at the same place", function()
    local policy = s.policy { weights = s.history, history = 0.5, normaliser = "valid" }
    local batch = loader:batch(1)
    local losses = rho.no_grad(function() return model:loss(batch) end)
    expect.near((policy:weights(batch, losses) - losses):abs():max():item(), 0, 1e-6)
    policy:weights(batch, losses * 3)
    local third = policy:weights(batch, losses * 7)
    expect.near((third - losses * 2):abs():max():item(), 0, 1e-4)
  end)

  it("scope corpus keeps the share of the corpus, not of each batch", function()
    local policy = s.token_cleaning { scores = scores, base = rho.score { reference = model, data = corpus }, keep = 0.25 }
    local pass = fixture.loader(corpus, { order = "sequential" })
    local kept, valid, shares = 0, 0, {}
    for batch in pass:steps(pass:steps_per_pass()) do
      run(policy, batch)
      local stats = policy:stats()
      kept, valid = kept + stats.selected, valid + stats.valid
      shares[("%.4f"):format(stats.kept)] = true
    end
    expect.near(kept / valid, 0.25, 0.01)
    local different = 0
    for _ in pairs(shares) do different = different + 1 end
    expect.truthy(different > 1)
  end)

  it("refuse a reference of another tokenizer", function()
    local bpe = rho.tokenizer.train_bpe { data = corpus, vocab_size = 300 }
    local policy = s.live_excess { reference = fixture.model { seed = 1, tokenizer = bpe }, keep = 0.5 }
    expect.error("the batch was tokenised with another tokenizer than the model's", function() run(policy, loader:batch(1)) end)
  end)

  it("let a smaller model be the reference of a larger one", function()
    local small = fixture.model { seed = 3, dim = 8, heads = 1 }
    local batch = loader:batch(3)
    local live = run(s.live_excess { reference = small, keep = 0.5 }, batch)
    local scored = run(s.excess_loss { scores = rho.score { reference = small, data = corpus }, keep = 0.5 }, batch)
    expect.truthy((live - scored):abs():sum():item() <= 2)
  end)

  it("schedules and bad shares are refused where they are written", function()
    expect.error("keep must be in [0, 1]", s.rho_loss, { scores = scores, keep = 60 })
    expect.error("alpha is required", s.eslm, {})
    expect.error("unknown option 'keeep'", s.rho_loss, { scores = scores, keeep = 0.5 })
  end)
end)
