-- Hypothesis (Rho-1, figures 3 and 10): most tokens hardly change in loss over training; useful tokens fall (H->L), noise
-- stays high (H->H) or rises. Selection does not hurry the useful ones by learning the noise less: noise ends higher.
local rho = require "rho"
local output = require "parts.output"
local words = require "parts.words"
local CATEGORIES = rho.analysis.categories

return rho.experiment {
  name = "dynamics",
  doc = "Figures 3, 10 and 11: token categories over checkpoints, by ground truth, for full training and excess loss.",
  params = words.params({ checkpoints = { 15, doc = "looks at the same tokens" }, look = { 20e3, doc = "tokens looked at" } },
    { checkpoints = 3, look = 500 }, { look = 320e3 }),
  run = function(p)
    local s = words.setting(p)
    local seen_text = s.look_at(15)
    local look_tokens = math.tointeger(p.look)
    local function observe(model) return rho.analysis.observe { model = model, data = seen_text, limit_tokens = look_tokens } end
    local scores = s.score(s.reference())
    local arms = {
      { "full", rho.select.all {} }, { "excess-loss", rho.select.excess_loss { scores = scores, keep = p.keep } },
    }
    local cells, rows, sections = {}, {}, {}
    for _, arm in ipairs(arms) do
      local run = s.train(arm[2], 1, arm[1], {
        eval_every = s.every(p.checkpoints), watch = function(model) return observe(model).loss:totable() end,
      })
      -- The paper's first checkpoint has been trained: from the untrained model every token would fall.
      local losses, x = {}, {}
      for i, look in ipairs(run.watched) do
        if i > 1 then losses[i - 1], x[i - 1] = rho.tensor.from(look.value), look.tokens end
      end
      local result, now = rho.analysis.dynamics { losses = losses }, observe(run.model)
      local function row(label, members)
        local count = members:sum():item()
        local line, data = { arm[1], label, ("%d"):format(count) }, { arm = arm[1], label = label, tokens = count }
        for _, category in ipairs(CATEGORIES) do
          local share = (result.masks[category] * members):sum():item() / count
          line[#line + 1], data[category] = ("%.3f"):format(share), share
        end
        local loss = (losses[#losses] * members):sum():item() / count
        line[#line + 1], data.loss = ("%.3f"):format(loss), loss
        cells[#cells + 1], rows[#rows + 1] = line, data
      end
      row("all", rho.tensor.ones { now.count })
      for key, label in ipairs { "useful", "noise", "wrong" } do
        local members = now.label:eq(key - 1)
        if members:sum():item() > 0 then row(label, members) end
      end
      local series = {}
      for _, category in ipairs(CATEGORIES) do
        local y = result.curves[category]
        if y[1] == y[1] then series[#series + 1] = { name = category, x = x, y = y } end
      end
      sections[#sections + 1] = output.plot {
        name = "dynamics-" .. arm[1], title = "Mean loss by category: " .. arm[1], x = "tokens seen", y = "loss (nats per token)", series = series,
      }
      sections[#sections + 1] = rho.analysis.category_section {
        masks = result.masks, ids = now.id, tokenizer = s.tokenizer, title = "Categories: " .. arm[1],
      }
    end
    table.insert(sections, 1, { kind = "table", title = "Shares of tokens", header = { "arm", "label", "tokens", "H->H", "L->H", "H->L", "L->L", "last loss" }, rows = cells,
      notes = { ("Looked at %d times from the first twentieth of the run on; a change of 0.2 nats counts."):format(p.checkpoints) } })
    return output.result { title = "Token dynamics", rows = rows, sections = sections }
  end,
}
