-- Hypothesis (Rho-1, tables 1 and 2): what selection gains in pre-training shows in every kind of problem, and a part of it
-- survives fine-tuning on clean solutions, where the arms meet the same tokens without selection.
local rho = require "rho"
local output = require "parts.output"
local words = require "parts.words"

return rho.experiment {
  name = "tuning",
  doc = "Tables 1 and 2: exact match by kind of problem after pre-training, and after fine-tuning each arm on clean solutions.",
  params = words.params({
    tuning_tokens = { 50e3, doc = "clean tokens of the fine-tuning" }, tuning_lr = { 5e-4, doc = "its peak learning rate" },
  }, { tuning_tokens = 2e3 }, { tuning_tokens = 30e6, tuning_lr = 2e-5 }),
  run = function(p)
    local s = words.setting(p)
    local scores = s.score(s.reference())
    local arms = {
      { "full", rho.select.all {} }, { "random", rho.select.random { keep = p.keep } },
      { "excess-loss", rho.select.excess_loss { scores = scores, keep = p.keep } },
    }
    -- Other clean problems than those of the reference and of the tests.
    local lessons = rho.data.generate { kind = "clean", seed = 16, documents = math.max(20, p.documents // 2), largest = p.largest }
    local kinds = rho.data.problem_kinds()
    local tests = {}
    for i, kind in ipairs(kinds) do
      tests[i] = rho.data.problems { seed = 17, count = p.problems, largest = p.largest, kinds = { kind } }
    end

    --- Accuracy of `model` on each kind of problem, and their mean, in percent.
    local function examine(model)
      local line, sum = {}, 0
      for i, test in ipairs(tests) do
        line[i] = 100 * rho.eval.exact_match {
          model = model, prompts = test.prompts, answers = test.answers, max_tokens = test.max_tokens, stop = test.stop,
        }.accuracy
        sum = sum + line[i]
      end
      line[#line + 1] = sum / #tests
      return line
    end

    local stages = { "pre-trained", "fine-tuned" }
    local lines = {} -- lines[stage][arm][seed] = { accuracy by kind, mean }
    for _, stage in ipairs(stages) do lines[stage] = {} end
    for seed = 1, p.seeds do
      for _, arm in ipairs(arms) do
        local name = ("%s-seed%d"):format(arm[1], seed)
        local run = s.train(arm[2], seed, name)
        local tuned = s.train(nil, seed, name .. "-tuned", { model = run.model, data = lessons, tokens = p.tuning_tokens, lr = p.tuning_lr })
        for i, model in ipairs { run.model, tuned.model } do
          local of = lines[stages[i]]
          of[arm[1]] = of[arm[1]] or {}
          of[arm[1]][seed] = examine(model)
        end
      end
    end

    local header = { "arm", table.unpack(kinds) }
    header[#header + 1], header[#header + 2] = "mean", "mean versus full"
    local sections, rows = {}, {}
    for _, stage in ipairs(stages) do
      local cells = {}
      for _, arm in ipairs(arms) do
        local seeds, cell, row = lines[stage][arm[1]], { arm[1] }, { arm = arm[1], stage = stage }
        for column, kind in ipairs(header) do
          if column > 1 and column < #header then
            local values = {}
            for i, line in ipairs(seeds) do values[i] = line[column - 1] end
            cell[column], row[kind] = output.figure(values, "%.1f"), values
          end
        end
        local differences = {}
        for i, line in ipairs(seeds) do differences[i] = line[#line] - lines[stage].full[i][#line] end
        row.versus_full = rho.analysis.interval(differences)
        cell[#header] = arm[1] == "full" and "-" or output.figure(differences, "%+.1f")
        cells[#cells + 1], rows[#rows + 1] = cell, row
      end
      sections[#sections + 1] = {
        kind = "table", title = "Exact match (%), " .. stage, header = header, rows = cells,
        notes = { ("%d problems of each kind, %d seeds; differences are taken within seeds."):format(p.problems, p.seeds) },
      }
    end
    return output.result { title = "Before and after fine-tuning", rows = rows, sections = sections }
  end,
}
