-- Hypothesis (Rho-1, figures 6 to 8): under selection the loss of the selected tokens and of the clean text falls faster
-- than under full training while that of the unselected tokens rises; accuracy follows the loss of the selected tokens, and
-- the sets that successive checkpoints select drift apart.
local rho = require "rho"
local words = require "parts.words"
local tables = require "rho.table"

return rho.experiment {
  name = "selected_losses",
  doc = "Figures 6 to 8: selected, unselected and clean loss over checkpoints, overlap and perplexity of the selected sets, accuracy fit.",
  params = words.params({ checkpoints = { 5, doc = "looks at the same tokens" }, look = { 20e3, doc = "tokens looked at" } },
    { checkpoints = 3, look = 500 }, { tokens = 4e9, look = 320e3 }),
  run = function(p)
    local s, a = words.setting(p), rho.analysis
    local seen_text = rho.data.generate {
      kind = "noisy", seed = 15, documents = math.max(20, p.documents // 20), largest = p.largest, noise = p.noise, wrong = p.wrong,
    }
    local look_tokens = math.tointeger(p.look)
    local function observe(model) return a.observe { model = model, data = seen_text, limit_tokens = look_tokens }.loss end
    local reference = s.reference()
    local excess = rho.select.excess_loss { scores = s.score(reference), keep = p.keep }
    local reference_loss = observe(reference.model)
    local steps = math.ceil(p.tokens / (p.batch * p.context))
    local problems = s.problems

    local function train(name, policy)
      local run = s.train(policy, 1, name, {
        eval_every = math.max(1, steps // p.checkpoints),
        watch = function(model)
          local answers = rho.eval.exact_match {
            model = model, prompts = problems.prompts, answers = problems.answers, max_tokens = 8, stop = ".",
          }
          return { loss = observe(model):totable(), accuracy = answers.accuracy }
        end,
      })
      local losses, sets = {}, {}
      for i, look in ipairs(run.watched) do
        losses[i] = rho.tensor.from(look.value.loss)
        sets[i] = excess:apply { loss = losses[i], reference_loss = reference_loss }
      end
      return { name = name, run = run, losses = losses, sets = sets }
    end
    local arms = { train("full", rho.select.all {}), train("excess-loss", excess) }

    -- One set of tokens for both arms: what the selecting run selects at its end.
    local slm = arms[2]
    local chosen = slm.sets[#slm.sets]
    local header = { "arm", "tokens", "selected", "unselected", "clean", "exact match", "overlap with last" }
    local rows, cells = {}, {}
    for _, arm in ipairs(arms) do
      for i, look in ipairs(arm.run.watched) do
        local loss = arm.losses[i]
        local row = {
          arm = arm.name, tokens = look.tokens, selected = (loss * chosen):sum():item() / chosen:sum():item(),
          unselected = (loss * (1 - chosen)):sum():item() / (1 - chosen):sum():item(),
          clean = arm.run.history[i]["eval/clean/loss"], accuracy = look.value.accuracy,
          overlap = a.jaccard(arm.sets[i], arm.sets[#arm.sets]),
        }
        rows[#rows + 1] = row
        cells[#cells + 1] = {
          arm.name, tables.count(row.tokens), ("%.4f"):format(row.selected), ("%.4f"):format(row.unselected),
          ("%.4f"):format(row.clean), ("%.1f%%"):format(row.accuracy * 100), ("%.3f"):format(row.overlap),
        }
      end
    end
    local text = { tables.text(header, cells), "\nperplexity of the set selected at checkpoint i (row) under checkpoint j (column):\n" }
    local matrix = a.perplexity_matrix { sets = slm.sets, losses = slm.losses }
    for _, line in ipairs(matrix) do
      local parts = {}
      for j, value in ipairs(line) do parts[j] = ("%7.3f"):format(value) end
      text[#text + 1] = table.concat(parts, " ") .. "\n"
    end
    local fits = {}
    for _, kind in ipairs { "selected", "unselected" } do
      local o = { loss = {}, accuracy = {} }
      for _, row in ipairs(rows) do
        if row.arm == slm.name then o.loss[#o.loss + 1], o.accuracy[#o.accuracy + 1] = row[kind], row.accuracy end
      end
      fits[kind] = a.fit_accuracy(o)
      text[#text + 1] = ("accuracy = log(%.3f L + %.3f) of the %s loss, r2 %s\n"):format(
        fits[kind].a, fits[kind].c, kind, fits[kind].r2 and ("%.3f"):format(fits[kind].r2) or "-")
    end
    return setmetatable({ rows = { losses = rows, perplexity = matrix, fits = fits } }, { __tostring = function() return table.concat(text) end })
  end,
}
