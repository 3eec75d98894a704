--- Policies that compare the model in training with another: scored ahead, run beside it, or its own past.

local rho = require "rho.native"
local fields = require "rho.policy_fields"
local keep, number, SCORES = fields.keep, fields.number, fields.scores
local s = rho.select

--- A copy of the model after `updates` steps of AdamW on clean text, batches `first + 1` on: a pure function of the
-- model and the step. A policy's columns are computed without recording, so the updates switch it on.
local function follow(model, clean, batch, first, updates, lr, rows)
  return rho.with_grad(function()
    local reference = model:clone()
    local optimiser = rho.optim.adamw { model = reference }
    local loader = rho.loader { data = clean, tokenizer = model:tokenizer(), batch = rows, context = batch.context }
    for piece in loader:steps(first + updates, first + 1) do
      local mean = reference:loss(piece):sum() / math.max(1, piece.tokens)
      mean:backward()
      optimiser:step { lr = lr, clip = 1 }
    end
    return reference
  end)
end

return {
  {
    name = "rho_loss", paper = "RHO-LOSS, arXiv:2206.07137",
    doc = "Whole rows with the highest mean excess loss: selection by sample.",
    formula = "rows(top(keep)) of mean over the row of loss - reference_loss",
    options = { SCORES, keep(0.1) },
    make = function(o) return { score = s.excess, rule = s.rows(s.top(o.keep)) } end,
  },
  {
    name = "token_cleaning", paper = "Token Cleaning, arXiv:2502.01968", scope = "corpus",
    doc = "Fixed scores of two frozen models, ranked over the whole corpus once.",
    formula = "top(keep) over the corpus of base_loss - reference_loss",
    options = { SCORES, { "base", "Scores", required = true, doc = "losses of the model before training" }, keep(0.6) },
    make = function(o)
      return { score = s.column("base_loss") - s.reference_loss, rule = s.top(o.keep), columns = { base_loss = o.base } }
    end,
  },
  {
    name = "ss_token", paper = "ssToken, arXiv:2510.18250; there the attention is that of the token itself, here of the position that predicts it", scope = "sequence",
    doc = "Tokens whose loss has fallen most since an earlier checkpoint of the same model, and that attend to the prompt. The sign is the reverse of excess loss.",
    formula = "top(keep) per row of gamma * minmax(earlier_loss - loss) + (1 - gamma) * prompt_attention",
    options = { { "earlier", "Scores", required = true, doc = "losses of the earlier checkpoint" }, keep(0.6),
      number("gamma", 0.5, "share of the fall in loss; 1 leaves attention, and the forward pass it takes, out"),
      { "layer", "integer", min = 1, doc = "layer whose attention counts (default: the last)" } },
    make = function(o)
      local fall, layer = (s.column("earlier_loss") - s.loss):minmax(), o.layer
      if o.gamma == 1 then return { score = fall, rule = s.top(o.keep), columns = { earlier_loss = o.earlier } } end
      return {
        score = o.gamma * fall + (1 - o.gamma) * s.column("prompt_attention"), rule = s.top(o.keep),
        columns = { earlier_loss = o.earlier, prompt_attention = function(batch, model) return model:attention(batch, layer) end },
      }
    end,
  },
  {
    name = "history_excess", paper = "REL with an exponential mean; reported by an independent replication to lose to full training",
    doc = "Tokens whose loss has fallen most below the run's own mean at that place of the corpus, or with of = \"risen\" most above it. Means something from the second pass on.",
    formula = "top(keep) of history - loss; risen: of loss - history",
    options = { keep(0.6), number("momentum", 0.9, "share of the old mean kept at each visit"),
      { "of", one_of = { "fallen", "risen" }, default = "fallen", doc = "the sign: published code has had it either way" } },
    make = function(o)
      return { score = o.of == "fallen" and s.history - s.loss or s.loss - s.history, rule = s.top(o.keep), history = o.momentum }
    end,
  },
  {
    name = "t_shirt", paper = "T-SHIRT without its sample score, arXiv:2506.01317", scope = "corpus",
    doc = "Tokens whose loss the instruction changes most, in either direction, ranked over the whole corpus.",
    formula = "top(keep) over the corpus of |reference_loss - unconditional_loss|",
    options = { SCORES, { "unconditional", "Scores", required = true, doc = "losses of the same model without the instruction" }, keep(0.5) },
    make = function(o)
      return {
        score = (s.reference_loss - s.column("unconditional_loss")):abs(), rule = s.top(o.keep),
        columns = { unconditional_loss = o.unconditional },
      }
    end,
  },
  {
    name = "conditional_gain", paper = "the score of T-SHIRT, arXiv:2506.01317, live and within the batch",
    doc = "Tokens whose loss the prompt changes most for the model in training. Costs one more forward pass, in which answers do not see their prompts.",
    formula = "top(keep) of |unconditional_loss - loss|", options = { keep(0.5) },
    make = function(o)
      return {
        score = (s.column("unconditional_loss") - s.loss):abs(), rule = s.top(o.keep),
        columns = { unconditional_loss = function(batch, model) return model:loss(batch:without_prompt()) end },
      }
    end,
  },
  {
    name = "mixed_references", paper = "several references, named as an extension in Rho-1, arXiv:2404.07965, appendix C",
    doc = "Excess loss against a weighted mean of several references' losses.",
    formula = "top(keep) of loss - sum(weight * reference_loss) / sum(weight)",
    options = { { "references", "list<list<any>>", required = true, doc = "{ {scores, weight}, ... }" }, keep(0.6) },
    make = function(o)
      local columns, mean, sum = {}, 0, 0
      for _, pair in ipairs(o.references) do sum = sum + (tonumber(pair[2]) or 0) end
      if not (sum > 0) then rho.fail("value", "rho.select.mixed_references: references must be { {scores, weight}, ... } with weights that add up to more than 0") end
      for i, pair in ipairs(o.references) do
        local name = "reference_loss_" .. i
        columns[name] = pair[1]
        mean = mean + (tonumber(pair[2]) or 0) / sum * s.column(name)
      end
      return { score = s.loss - mean, rule = s.top(o.keep), columns = columns }
    end,
  },
  {
    name = "live_excess", paper = "Rho-1 with the reference run beside the model, as RHO-LOSS and Rho-1 replications do",
    doc = "Excess loss against a model that is run on every batch instead of scored ahead: of any size, with the same tokenizer.",
    formula = "top(keep) of loss - reference_loss",
    options = { { "reference", "rho.Run|Model", required = true, doc = "the reference; its weights are read at every step" }, keep(0.6) },
    make = function(o)
      local reference = type(o.reference) == "table" and o.reference.model or o.reference
      return {
        score = s.excess, rule = s.top(o.keep),
        columns = { reference_loss = function(batch) return reference:loss(batch) end },
      }
    end,
  },
  {
    name = "mean_reference", paper = "an exponential mean of the model as its reference, as mean teachers are, arXiv:1703.01780",
    doc = "Excess loss against the exponential mean of the model's own weights. At the first step the two are one and every excess is 0: train on everything until they part.",
    formula = "top(keep) of loss - reference_loss, the reference's weights being decay * old + (1 - decay) * model's after each step",
    options = { { "keep", "number|KeepSchedule", doc = "share kept (default: all for the first tenth, then 0.6)" },
      number("decay", 0.99, "share of the old mean kept at each step") },
    make = function(o)
      local share = 1 - o.decay
      return {
        score = s.excess, rule = s.top(o.keep or s.schedule { { 0, 1.0 }, { 0.1, 0.6 } }),
        columns = {
          reference_loss = function(batch, model, memory)
            memory.mean = memory.mean or model:clone()
            -- The pieces of a batch share a step, and the mean moves once a step.
            if memory.step ~= batch.step then memory.mean:blend(model, share) end
            memory.step = batch.step
            return memory.mean:loss(batch)
          end,
        },
      }
    end,
  },
  {
    name = "blade", paper = "BLADE, arXiv:2606.18650; its learning rates and batch are not those here",
    doc = "Excess loss against a reference that follows the model: every so many steps it is made equal to the model and updated a few steps on clean text. All of it is counted as the training's work.",
    formula = "top(keep) of loss - reference_loss, the reference being the model of the last synchronisation + updates steps on clean text",
    options = { { "clean", "Corpus", required = true, doc = "text the reference is updated on" },
      { "every", "integer", min = 1, default = 100, unit = "steps", doc = "between synchronisations" },
      { "updates", "integer", min = 1, default = 10, unit = "steps", doc = "of the reference after each" },
      { "lr", "number", min = 0, default = 1e-3, doc = "learning rate of the updates, constant" },
      { "batch", "integer", min = 1, default = 8, unit = "rows", doc = "rows of an update" }, keep(0.6) },
    make = function(o)
      local clean, every, updates, lr, rows = o.clean, o.every, o.updates, o.lr, o.batch
      return {
        score = s.excess, rule = s.top(o.keep),
        columns = {
          reference_loss = function(batch, model, memory)
            local due = memory.step ~= batch.step and (batch.step - 1) % every == 0
            memory.step = batch.step
            if due or not memory.reference then memory.reference = follow(model, clean, batch, (batch.step - 1) // every * updates, updates, lr, rows) end
            return memory.reference:loss(batch)
          end,
        },
      }
    end,
  },
}
