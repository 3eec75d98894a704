--- rho.eval.suite: the benchmarks of the data folder side by side, as the table of a paper has them.

local rho = require "rho.native"
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

function Suite:__tostring()
  return (tables.text({ "task", "accuracy", "stderr", "n", "bits/byte", "rule", "prompts" }, self.cells):gsub("\n$", ""))
end

--- Evaluates `o.tasks` (default: all) and their unweighted mean.
function M.suite(o)
  local result = setmetatable({ rows = {}, cells = {} }, Suite)
  local sum, squares = 0, 0
  for i, name in ipairs(#o.tasks > 0 and o.tasks or M.names) do
    local row = evaluate(o, find(name))
    result.rows[i] = row
    result.cells[i] = {
      row.task, ("%.1f%%"):format(row.accuracy * 100), ("%.1f%%"):format(row.stderr * 100), tostring(row.n),
      row.bits_per_byte and ("%.3f"):format(row.bits_per_byte) or "-", row.rule or "greedy", row.prompt_hash,
    }
    sum, squares = sum + row.accuracy, squares + row.stderr ^ 2
  end
  local n = #result.rows
  result.mean, result.stderr = sum / n, squares ^ 0.5 / n
  result.cells[n + 1] = { "mean", ("%.1f%%"):format(result.mean * 100), ("%.1f%%"):format(result.stderr * 100), "-", "-", "-", "-" }
  return result
end

return M
