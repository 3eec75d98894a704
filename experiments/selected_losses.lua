-- Hypothesis (Rho-1, figures 6 to 8): under selection the loss of the selected tokens and of the clean text falls faster
-- than under full training while that of the unselected tokens rises; accuracy follows the loss of the selected tokens, and
-- the sets that successive checkpoints select drift apart.
local rho = require "rho"
local output = require "parts.output"
local words = require "parts.words"

--- Figure 7 and equation 7: exact match of one arm's checkpoints against the loss of one of the sets.
local function fit(rows, arm, kind)
  local o = { loss = {}, accuracy = {} }
  for _, row in ipairs(rows) do
    -- The untrained model has no accuracy to explain.
    if row.arm == arm and row.tokens > 0 then o.loss[#o.loss + 1], o.accuracy[#o.accuracy + 1] = row[kind], row.accuracy end
  end
  local result = #o.loss >= 3 and rho.analysis.fit_accuracy(o) or nil
  return result and { kind = kind, a = result.a, c = result.c, r2 = result.r2, rmse = result.rmse }
end

return rho.experiment {
  name = "selected_losses",
  doc = "Figures 6 to 8: selected, unselected and clean loss over checkpoints, overlap and perplexity of the selected sets, accuracy fit.",
  params = words.params({ checkpoints = { 7, doc = "looks at the same tokens" }, look = { 20e3, doc = "tokens looked at" } },
    { checkpoints = 3, look = 500 }, { tokens = 4e9, look = 320e3 }),
  run = function(p)
    local s, a = words.setting(p), rho.analysis
    local seen_text = s.look_at(15)
    local look_tokens = math.tointeger(p.look)
    local function observe(model) return a.observe { model = model, data = seen_text, limit_tokens = look_tokens }.loss end
    local reference = s.reference()
    local excess = rho.select.excess_loss { scores = s.score(reference), keep = p.keep }
    local reference_loss = observe(reference.model)

    local function train(name, policy)
      local run = s.train(policy, 1, name, {
        eval_every = s.every(p.checkpoints),
        watch = function(model) return { loss = observe(model):totable(), accuracy = s.exact_match(model) } end,
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
    local rows, cells, sections = {}, {}, {}
    local kinds = { "selected", "unselected", "clean" }
    local series = {}
    for _, kind in ipairs(kinds) do series[kind] = {} end
    for _, arm in ipairs(arms) do
      local lines = {}
      for _, kind in ipairs(kinds) do
        lines[kind] = { name = arm.name, x = {}, y = {} }
        table.insert(series[kind], lines[kind])
      end
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
          arm.name, rho.text.count(row.tokens), ("%.4f"):format(row.selected), ("%.4f"):format(row.unselected),
          ("%.4f"):format(row.clean), ("%.1f%%"):format(row.accuracy * 100), ("%.3f"):format(row.overlap),
        }
        for _, kind in ipairs(kinds) do
          if i > 1 then table.insert(lines[kind].x, row.tokens); table.insert(lines[kind].y, row[kind]) end
        end
      end
    end
    sections[1] = { kind = "table", title = "Figure 6: losses over checkpoints", rows = cells,
      header = { "arm", "tokens", "selected", "unselected", "clean", "exact match", "overlap with last" },
      notes = { "selected: tokens that the selecting run selects at its end, the same for both arms (nats per token)." } }
    for _, kind in ipairs(kinds) do
      sections[#sections + 1] = output.plot { name = kind, title = "Loss: " .. kind, x = "tokens seen", y = "loss (nats per token)", series = series[kind] }
    end

    local matrix = a.perplexity_matrix { sets = slm.sets, losses = slm.losses }
    local header, lines, sets = { "selected at" }, {}, {}
    for i, line in ipairs(matrix) do
      local at = rho.text.count(slm.run.watched[i].tokens)
      header[i + 1], lines[i] = "under " .. at, { at }
      sets[i] = { name = "selected at " .. at, x = {}, y = {} }
      for j, value in ipairs(line) do
        lines[i][j + 1] = ("%.3f"):format(value)
        if j > 1 then table.insert(sets[i].x, slm.run.watched[j].tokens); table.insert(sets[i].y, value) end
      end
    end
    table.remove(sets, 1) -- what the untrained model selects
    sections[#sections + 1] = { kind = "table", title = "Figure 8: perplexity of the set selected at a checkpoint (row) under another", header = header, rows = lines }
    sections[#sections + 1] = output.plot { name = "sets", title = "Perplexity of selected sets", x = "tokens seen", y = "perplexity", series = sets }

    local fits, fit_cells = {}, {}
    for _, kind in ipairs(kinds) do
      local one = fit(rows, slm.name, kind)
      fits[#fits + 1] = one
      if one then
        fit_cells[#fit_cells + 1] = { kind, ("%.3f"):format(one.a), ("%.3f"):format(one.c), one.r2 and ("%.3f"):format(one.r2) or "-" }
      end
    end
    sections[#sections + 1] = { kind = "table", title = "Figure 7: accuracy = log(a L + c) over the selecting run's checkpoints", header = { "loss", "a", "c", "r2" }, rows = fit_cells }
    return output.result { title = "Selected and unselected losses", rows = { losses = rows, perplexity = matrix, fits = fits }, sections = sections }
  end,
}
