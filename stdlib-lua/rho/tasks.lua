--- rho.eval.suite: the benchmarks of the data folder side by side, as the table of a paper has them.

local rho = require "rho.native"
local context = require "rho.context"
local tables = require "rho.table"

local M = {}

local QUESTION = "Question: {question}\nAnswer:"
local LETTERS = "Question: {question}\n{choices}\nAnswer:"

-- File below the data folder, style, prompt, and the accuracy that papers report for it: "" by the sum of
-- log-probabilities, "per_byte" per byte of the choice.
local TASKS = {
  { "arc_easy", "eval/arc_easy.jsonl", "text", QUESTION, "per_byte" },
  { "arc_challenge", "eval/arc_challenge.jsonl", "text", QUESTION, "per_byte" },
  { "piqa", "eval/piqa.jsonl", "text", QUESTION, "per_byte" },
  { "commonsense_qa", "eval/commonsense_qa.jsonl", "text", QUESTION, "per_byte" },
  { "copa", "eval/copa.jsonl", "text", "{question}", "" },
  { "boolq", "eval/boolq.jsonl.gz", "text", "{question}?\nAnswer:", "" },
  { "winogrande", "eval/winogrande.jsonl", "blank", nil, "" },
  { "winograd_wsc", "eval/winograd_wsc.jsonl", "blank", nil, "" },
  { "mmlu_stem", "eval/mmlu_stem.jsonl", "letters", LETTERS, "" },
  { "aqua", "eval/aqua_test.jsonl", "letters", LETTERS, "" },
  { "mathqa", "eval/mathqa_test.jsonl", "letters", LETTERS, "" },
  { "bbh", "eval/bbh.jsonl.gz", "text", "{question}\nAnswer:", "" },
  { "misconceptions", "eval/bigbench_misconceptions.jsonl", "text", "{question}\nAnswer:", "" },
  { "strategy_qa", "eval/bigbench_strategy_qa.jsonl", "text", QUESTION, "" },
  { "strange_stories", "eval/bigbench_strange_stories.jsonl", "text", "{question}\nAnswer:", "per_byte" },
  { "understanding_fables", "eval/bigbench_understanding_fables.jsonl", "text", QUESTION, "per_byte" },
  { "novel_concepts", "eval/bigbench_novel_concepts.jsonl", "text", QUESTION, "per_byte" },
  { "conceptual_combinations", "eval/bigbench_conceptual_combinations.jsonl", "text", QUESTION, "per_byte" },
  { "lambada", "lambada/test.jsonl.gz", "last_word" },
}

M.names = {}
for i, task in ipairs(TASKS) do M.names[i] = task[1] end

local function find(name)
  for _, task in ipairs(TASKS) do
    if task[1] == name then return task end
  end
  rho.fail("value", ("rho.eval.suite: no task is called '%s'%s"):format(name, rho.suggestion(name, M.names)))
end

local function evaluate(o, task)
  local name, file, style, template, rule = table.unpack(task, 1, 5)
  local path = o.data .. "/" .. file
  if style == "last_word" then
    local result = rho.eval.last_word { model = o.model, items = path, limit = o.limit }
    return { task = name, accuracy = result.accuracy, stderr = result.stderr, n = result.n, chance = 0, perplexity = result.perplexity,
      version = result.task.version, prompt_hash = result.task.prompt_hash, flops = result.flops }
  end
  local result = rho.eval.choice {
    model = o.model, items = path, style = style, template = template, limit = o.limit, shots = o.shots,
    examples = o.shots > 0 and path or nil, seed = o.seed,
  }
  local suffix = rule == "" and "" or "_" .. rule
  return {
    task = name, accuracy = result["accuracy" .. suffix], stderr = result["stderr" .. suffix], n = result.n,
    bits_per_byte = result.bits_per_byte, rule = rule == "" and "sum" or rule, version = result.task.version,
    prompt_hash = result.task.prompt_hash, shots = result.task.shots, flops = result.flops,
  }
end

local Suite = {}
Suite.__index = Suite
Suite.__name = "rho.Suite"

local function percent(value, format) return ((format or "%.1f%%"):format(value * 100)) end

function Suite:__tostring()
  local cells = {}
  for i, row in ipairs(self.rows) do
    cells[i] = {
      row.task, percent(row.accuracy), percent(row.stderr), tostring(row.n),
      row.bits_per_byte and ("%.3f"):format(row.bits_per_byte) or "-", row.rule or "greedy", row.prompt_hash,
    }
  end
  cells[#cells + 1] = { "mean", percent(self.mean), percent(self.stderr), "-", "-", "-", "-" }
  return (tables.text({ "task", "accuracy", "stderr", "n", "bits/byte", "rule", "prompts" }, cells):gsub("\n$", ""))
end

--- Evaluates `o.tasks` (default: all) and their unweighted mean, and writes both into the run directory.
function M.suite(o)
  local result = setmetatable({ rows = {}, model = o.model:fingerprint() }, Suite)
  local sum, squares = 0, 0
  for i, name in ipairs(#o.tasks > 0 and o.tasks or M.names) do
    local row = evaluate(o, find(name))
    result.rows[i] = row
    sum, squares = sum + row.accuracy, squares + row.stderr ^ 2
  end
  local n = #result.rows
  result.mean, result.stderr = sum / n, squares ^ 0.5 / n
  if context.run then
    result.path = context.run:dir() .. "/" .. context.name(o.name) .. ".json"
    local file <close> = assert(io.open(result.path, "w"))
    file:write(rho.json.encode { model = result.model, rows = result.rows, mean = result.mean, stderr = result.stderr }, "\n")
  end
  return result
end

--- A suite, or the path of the eval.json it was written to.
local function suite_of(value, name)
  if type(value) ~= "string" then
    if getmetatable(value) == Suite then return value end
    rho.fail("value", ("rho.eval.compare: '%s' must be a suite or the path of its eval.json, got %s"):format(name, type(value)))
  end
  local file <close> = io.open(value) or rho.fail("io", ("rho.eval.compare: '%s': cannot read %s"):format(name, value))
  local known = rho.json.decode(file:read("a"))
  if type(known) ~= "table" or type(known.rows) ~= "table" then
    rho.fail("format", ("rho.eval.compare: '%s': %s holds no suite"):format(name, value))
  end
  return known
end

--- The row of a task, which must have been measured in the same way as `row`.
local function same_task(suite, row, name, base)
  for _, other in ipairs(suite.rows) do
    if other.task == row.task then
      for _, key in ipairs { "version", "prompt_hash", "n", "rule" } do
        if tostring(other[key]) ~= tostring(row[key]) then
          rho.fail("mismatch", ("rho.eval.compare: %s of '%s' and '%s' cannot be compared: its %s is %s there and %s here; evaluate both again in the same way"):format(
            row.task, base, name, key == "n" and "number of items" or key:gsub("_", " "), tostring(row[key]), tostring(other[key])))
        end
      end
      return other
    end
  end
  rho.fail("mismatch", ("rho.eval.compare: '%s' was not evaluated on %s, which '%s' was"):format(name, row.task, base))
end

local Table = {}
Table.__index = Table
Table.__name = "rho.SuiteComparison"

function Table:__tostring() return (tables.text(self.header, self.cells):gsub("\n$", "")) end

--- Suites side by side; see `help rho.eval.compare`.
function M.compare(o)
  local names, suites = {}, {}
  for name, value in pairs(o) do
    if name ~= "baseline" then
      names[#names + 1] = name
      suites[name] = suite_of(value, name)
    end
  end
  local base = suites[o.baseline]
  if not base then
    rho.fail("value", ("rho.eval.compare: no suite is called '%s'%s"):format(o.baseline, rho.suggestion(o.baseline, names)))
  end
  table.sort(names)
  local result = setmetatable({ rows = {}, cells = {}, header = { "task", o.baseline } }, Table)
  for _, name in ipairs(names) do
    if name ~= o.baseline then
      result.header[#result.header + 1] = name
      result.header[#result.header + 1] = "difference"
    end
  end
  for i, row in ipairs(base.rows) do
    local out, cells = { task = row.task, [o.baseline] = row.accuracy }, { row.task, percent(row.accuracy) }
    for _, name in ipairs(names) do
      if name ~= o.baseline then
        local other = same_task(suites[name], row, name, o.baseline)
        local difference = { value = other.accuracy - row.accuracy, stderr = (other.stderr ^ 2 + row.stderr ^ 2) ^ 0.5 }
        out[name], out[name .. "_difference"] = other.accuracy, difference
        cells[#cells + 1] = percent(other.accuracy)
        cells[#cells + 1] = ("%+.1f ± %.1f"):format(difference.value * 100, difference.stderr * 100)
      end
    end
    result.rows[i], result.cells[i] = out, cells
  end
  return result
end

return M
