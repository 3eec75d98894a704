--- rho.train: the training loop, written on the same native parts that scripts have.
--
-- One step is: losses of a batch -> the policy's weights -> mean of the weighted losses -> backward -> AdamW. An
-- objective of one's own takes the place of the weighted losses.
-- Copy this file to change the loop; with the same parts it gives the same bits.

local rho = require "rho.native"
local context = require "rho.context"
local cost = require "rho.cost"
local dry = require "rho.dry"

local Run = {}
Run.__index = Run
Run.__name = "rho.Run"

function Run:__tostring()
  return ("run '%s': %d steps, %d tokens seen, %d selected"):format(self.name, self.steps, self.tokens, self.selected)
end

local M = {}

--- True where `value` came from rho.train.
function M.is_run(value)
  return getmetatable(value) == Run
end

--- Held-out loss and bits per byte of each named corpus, and exact match of greedy answers.
local function evaluate(o, model, state)
  local point = { step = state.step, tokens = state.tokens, ["train/selected"] = state.selected }
  for _, name in ipairs(o.eval_names) do
    local result = rho.eval.loss {
      model = model, data = o.eval[name], context = o.context, batch = o.batch, limit_tokens = o.eval_tokens,
      mask_documents = o.mask_documents,
    }
    point["eval/" .. name .. "/loss"], point["eval/" .. name .. "/bpb"] = result.loss, result.bits_per_byte
  end
  return point
end

local function answer(o, model, point)
  if o.answers then
    local result = rho.eval.exact_match {
      model = model, prompts = o.answers.prompts, answers = o.answers.answers,
      max_tokens = o.answers.max_tokens or 16, stop = o.answers.stop or "\n",
    }
    point["eval/exact_match"] = result.accuracy
  end
end

--- Loss of each token of a piece, and the pass behind it where an objective may want more of it.
local function losses_of(o, model, policy, piece)
  if not o.objective then return model:loss(piece, policy) end
  local pass = model:forward(piece, policy)
  return pass:loss(), pass
end

--- What is to be lowered, summed over the tokens of a piece and not yet divided.
local function sum_of(o, model, piece, losses, weights, pass, share)
  if not o.objective then return (losses * weights):sum() end
  local sum = o.objective {
    loss = losses, weights = weights, pass = pass, model = model, batch = piece, step = piece.step, progress = share,
  }
  local shape = type(sum) == "userdata" and sum.shape and sum:shape()
  if not shape or #shape > 0 then
    local got = shape and "one of shape (" .. table.concat(shape, ", ") .. ")" or type(sum)
    rho.fail("shape", "rho.train: objective must return a tensor of one number, the sum over the tokens, got " .. got)
  end
  return sum
end

--- Loss, weights and gradient of one batch, cut into `o.accumulate` pieces. Returns what the gradient is still to be
-- scaled by, 0 where the policy kept nothing, and the objective for the log. With one piece the gradient is that of
-- sum(loss * weight) / total exactly as written.
local function accumulate_gradient(o, model, policy, batch, share)
  if o.accumulate == 1 then
    local losses, pass = losses_of(o, model, policy, batch)
    local weights, total = policy:weights(batch, losses, share)
    if total <= 0 then return 0 end
    local objective = sum_of(o, model, batch, losses, weights, pass, share) / total
    objective:backward()
    return 1, objective:item()
  end
  -- The divisor belongs to the whole window, so every weight is needed before it is known: pieces are
  -- differentiated undivided and the optimiser divides. A policy that ranks across the window first looks at all
  -- losses without a gradient, at the price of a second forward pass.
  local pieces = batch:split(o.accumulate)
  local plan = policy:ranks_across_pieces() and rho.no_grad(function()
    local losses = {}
    for i, piece in ipairs(pieces) do losses[i] = model:loss(piece, policy) end
    return policy:plan(batch, losses, share)
  end)
  local total, objective = 0, 0
  for i, piece in ipairs(pieces) do
    local losses, pass = losses_of(o, model, policy, piece)
    local weights, part
    if plan then
      weights, part = plan[i].weights, plan[i].total
    else
      weights, part = policy:weights(piece, losses, share)
    end
    if part > 0 then
      local sum = sum_of(o, model, piece, losses, weights, pass, share)
      sum:backward()
      objective = objective + sum:item()
    end
    total = total + part
  end
  if total <= 0 then return 0 end
  return 1 / total, objective / total
end

-- The optimiser passes over a gradient that is no number; so many in a row are no accident.
local MOST_SKIPPED = 3

--- What the log keeps of a step.
local function record(point, stats, lr, norm)
  point["train/loss"], point["train/kept"] = stats.loss, stats.kept
  point["train/loss_kept"], point["train/loss_dropped"] = stats.mean_kept, stats.mean_dropped
  point["train/lr"], point["train/grad_norm"] = lr, norm
  point["select/score_kept"], point["select/score_dropped"] = stats.score_kept, stats.score_dropped
  point["select/precision"], point["select/recall"] = stats.precision, stats.recall
  return point
end

--- Adds a step's label counts, { useful = { kept=, valid= }, ... }, to the run's.
local function count_labels(totals, labels)
  for label, counts in pairs(labels or {}) do
    local total = totals[label] or { kept = 0, valid = 0 }
    total.kept, total.valid = total.kept + counts.kept, total.valid + counts.valid
    totals[label] = total
  end
end

--- Of what was kept, how much was useful; of what was useful, how much was kept. Nil without labels.
local function precision_recall(labels)
  if not next(labels) then return {} end
  local kept = 0
  for _, counts in pairs(labels) do kept = kept + counts.kept end
  local useful = labels.useful or { kept = 0, valid = 0 }
  return { precision = kept > 0 and useful.kept / kept or nil, recall = useful.valid > 0 and useful.kept / useful.valid or nil }
end

--- Options that change nothing in the result: what the run is called, and how often it is saved.
local ASIDE = { name = true, checkpoint_every = true, checkpoint_seconds = true }

--- The key of a training: every option, resolved, but those aside.
local function key_of(o, given)
  local parts = {}
  for name, value in pairs(given) do
    if not ASIDE[name] then parts[name] = value end
  end
  if given.schedule then parts.lr = nil end
  parts.tokenizer, parts.context, parts.select = o.tokenizer, o.context, o.select
  parts.tokens, parts.flops = o.tokens, nil
  return rho.store.key { verb = "rho.train", parts = parts, notes = { data = o.data:name(), select = o.select:name() } }
end

--- The tokens to see: those asked for, or as many whole steps as a budget of operations pays for.
local function tokens_of(given, r)
  if (given.tokens == nil) == (given.flops == nil) then
    rho.fail("usage", "rho.train: give tokens, how many to see, or flops, how many operations to spend")
  end
  if given.tokens then return given.tokens end
  local spent = cost.of_policy(r.select)
  local before, step = spent.reference + spent.scoring, given.batch * r.context
  local steps = (given.flops - before) // (given.model:flops_per_token(r.context) * step)
  if steps < 1 then
    rho.fail("value", ("rho.train: %g operations do not pay for a step of %d tokens%s"):format(given.flops, step,
      before > 0 and (": reference and scoring took %g"):format(before) or ""))
  end
  return steps * step
end

--- Fills in what was not given.
local function resolve(given)
  local r = {}
  for key, value in pairs(given) do r[key] = value end
  r.tokenizer = given.tokenizer or given.model:tokenizer()
  r.context = given.context or given.model:context()
  r.select = given.select or rho.select.all {}
  r.tokens = tokens_of(given, r)
  r.steps = math.max(1, math.ceil(r.tokens / (given.batch * r.context)))
  r.schedule = given.schedule or rho.optim.cosine {
    peak = given.lr, warmup = math.ceil(r.steps * 0.05), steps = r.steps, final = 0.1,
  }
  r.eval = given.eval and (type(given.eval) == "table" and given.eval or { heldout = given.eval }) or {}
  r.eval_names = {}
  for name in pairs(r.eval) do r.eval_names[#r.eval_names + 1] = name end
  table.sort(r.eval_names)
  r.eval_every = given.eval_every or math.max(1, math.ceil(r.steps / 20))
  r.log_every = given.log_every or math.max(1, math.ceil(r.steps / 200))
  r.name = given.name or r.select:name()
  return r
end

--- Looks where the training stands: finished in its own folder, finished in the store, begun, or nowhere.
-- Returns the step it goes on after, or nil, and whether it is in the store.
local function look_up(o, key, arm)
  local at = arm:at(key:digest())
  if at == o.steps then
    rho.store.note(key, o.name, "kept")
    return at, false
  end
  local object = rho.store.find(key, o.name, at and "resumed" or "miss")
  if object then return arm:take(object), true end
  return at, false
end

--- Says when to save by the clock: what is saved changes no number, so when it is saved does not either.
local function saver(o)
  local last, cost = rho.time(), 0
  return {
    due = function(step)
      if o.checkpoint_every and step % o.checkpoint_every == 0 then return true end
      -- Fifty times its own cost keeps saving below two hundredths of the time, however large the model.
      return rho.time() - last > math.max(o.checkpoint_seconds, 50 * cost)
    end,
    save = function(write)
      local started = rho.time()
      write()
      last = rho.time()
      cost = last - started
    end,
  }
end

--- Refuses a training that cannot fit, before anything of it is there; says what one takes that is not small.
local function need_memory(o)
  local memory = o.model:memory { batch = math.ceil(o.batch / o.accumulate), context = o.context, require = true }
  if memory.available and memory.total > memory.available / 10 then rho.run.log(("%s: %s"):format(o.name, memory.text)) end
end

--- Makes the contents of `target` those of `source`.
local function refill(target, source)
  for name in pairs(target) do target[name] = nil end
  for name, value in pairs(source) do target[name] = value end
end

--- Trains a copy of `o.model` on `o.data` and returns the run; see `help rho.train` for the options.
function M.train(given)
  context.check_frozen()
  local o = resolve(given)
  if rho.dry.active() then return setmetatable(dry.train(o), Run) end
  local random <close> = rho.store.random(o.seed)
  local key = key_of(o, given)
  local identity = key:digest()
  local arm = context.open_run("rho.train"):arm(context.name(o.name))
  local began = rho.time()
  arm:config { name = o.name, steps = o.steps, tokens = o.tokens, batch = o.batch, context = o.context, seed = o.seed, key = identity }
  local found, stored = look_up(o, key, arm)
  local inner <close> = rho.store.inner()
  if found ~= o.steps then need_memory(o) end

  local model = o.model:start(o.seed)
  local policy = o.select:start()
  local optimiser = rho.optim.adamw {
    model = model, betas = o.betas, eps = o.eps, weight_decay = o.weight_decay,
  }
  local guard = rho.run.guard {}
  local state = arm:restore {
    model = model, optimiser = optimiser, policy = policy, identity = identity, mark = found ~= o.steps,
  } or { step = 0, tokens = 0, selected = 0, seconds = 0, flops = 0, skipped = 0, labels = {}, history = {}, watched = {} }
  if state.step > 0 then
    random:restore(state.random)
    guard:restore(state.guard)
    if o.state then refill(o.state, state.user) end
  end
  local earlier = state.seconds

  local saving = saver(o)
  local function checkpoint()
    saving.save(function()
      state.random, state.guard, state.user = random:position(), guard:state(), o.state
      state.seconds = earlier + (rho.time() - began)
      arm:checkpoint {
        step = state.step, model = model, optimiser = optimiser, policy = policy, state = state, identity = identity,
      }
    end)
  end

  local function look(point)
    local seen = evaluate(o, model, state)
    for tag, value in pairs(point or {}) do seen[tag] = value end
    state.history[#state.history + 1] = seen
    if o.watch then
      state.watched[#state.watched + 1] = { step = state.step, tokens = state.tokens, value = o.watch(model, seen) }
    end
    return seen
  end

  local evaluates = #o.eval_names > 0 or o.watch ~= nil
  local function finish_step(batch, scale, objective)
    local lr = o.schedule(batch.step)
    local norm, moved = 0, true
    if scale > 0 then norm, moved = optimiser:step { lr = lr, clip = o.clip, scale = scale } end
    local stats = policy:stats()
    state.step = batch.step
    state.tokens, state.selected = state.tokens + stats.valid, state.selected + stats.selected
    count_labels(state.labels, stats.labels)
    guard:check(state.step, stats.loss, stats.bad_loss)
    state.skipped = moved and 0 or state.skipped + 1
    if state.skipped == MOST_SKIPPED then
      rho.fail("diverged", ("step %d: the gradient has not been a finite number for %d steps; lower the learning rate"):format(state.step, MOST_SKIPPED))
    end
    local last = state.step == o.steps
    local evaluating = evaluates and (last or state.step % o.eval_every == 0)
    if evaluating or last or state.step % o.log_every == 0 then
      local point = record({ step = state.step, tokens = state.tokens }, stats, lr, norm)
      if o.objective then point["train/objective"] = objective end
      if evaluating then point = look(point) end
      if last then answer(o, model, point) end
      arm:log(point)
      -- Only at an evaluation: one more would make another history than that of a training that does not pause.
      if evaluating and not last and context.pauses(arm:name(), state.tokens) then rho.run.pause() end
    end
    return stats, last
  end

  if state.step < o.steps then
    local loader = rho.loader {
      data = o.data, tokenizer = o.tokenizer, batch = o.batch, context = o.context, seed = o.seed,
      mask_documents = o.mask_documents,
    }
    local progress = rho.run.progress { label = o.name, steps = o.steps, first = state.step }
    local section <close> = rho.run.graceful()
    if state.step == 0 and evaluates then arm:log(look()) end
    for batch in loader:steps(o.steps, state.step + 1) do
      local before = rho.work()
      local scale, objective = accumulate_gradient(o, model, policy, batch, (batch.step - 1) / o.steps)
      state.flops = state.flops + (rho.work() - before)
      local stats, last = finish_step(batch, scale, objective)
      progress:update { step = state.step, loss = stats.loss, kept = stats.kept, tokens = stats.valid }
      if rho.run.interrupted() then
        checkpoint()
        rho.run.stop(arm)
      elseif last or saving.due(state.step) then
        checkpoint()
      end
    end
    progress:finish()
  end

  local spent, quality = cost.of_policy(o.select), precision_recall(state.labels)
  local run = setmetatable({
    name = o.name, arm = arm, model = model, tokenizer = o.tokenizer, policy = policy, context = o.context,
    seed = o.seed, steps = o.steps, tokens = state.tokens, selected = state.selected, history = state.history,
    final = state.history[#state.history], labels = state.labels, watched = state.watched,
    precision = quality.precision, recall = quality.recall,
    compute = { training = state.flops, reference = spent.reference, scoring = spent.scoring },
  }, Run)
  arm:finish {
    steps = run.steps, tokens = run.tokens, selected = run.selected, final = run.final, compute = run.compute,
    select = policy:describe(), seed = run.seed, labels = run.labels, precision = run.precision, recall = run.recall,
  }
  if not stored then arm:keep(key, { step = o.steps, label = o.name, seconds = state.seconds }) end
  context.trained(run)
  return run
end

return M
