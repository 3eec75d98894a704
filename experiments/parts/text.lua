--- Real text by name from a data folder, or generated text in its place, so that a script runs where there is no folder.
--
-- The folder holds gsm8k/, math/, corpus/ and eval/. The folder "generated" stands for none: questions become arithmetic
-- word problems, web pages their noisy twins; the numbers then mean nothing but that the script works.
local rho = require "rho"

local M = {}

local GENERATED = "generated"

local FILES = {
  gsm8k_train = "gsm8k/train.jsonl.gz", gsm8k_test = "gsm8k/test.jsonl", math_train = "math/train.jsonl.gz",
  math_test = "math/math500.jsonl", svamp_test = "svamp/test.jsonl", web = "corpus/noisy_web.jsonl.gz",
  textbooks = "corpus/clean_math.jsonl.gz", code = "corpus/code.jsonl.gz",
}

-- What stands in for a text without a folder: options of rho.data.generate.
local STAND_INS = {
  gsm8k_train = { seed = 21, documents = 400 }, gsm8k_test = { seed = 22, documents = 40 },
  math_train = { seed = 23, documents = 400, largest = 50 }, math_test = { seed = 24, documents = 40, largest = 50 },
  web = { seed = 26, documents = 200, kind = "noisy", noise = 0.7 }, textbooks = { seed = 27, documents = 300, largest = 30 },
  code = { seed = 28, documents = 300, largest = 5 },
}

--- Questions to be answered, without a folder: the last result of a problem, or one of two.
local function problems(name, limit) return rho.data.problems { seed = 30 + #name, count = limit or 10 } end

local function choices(limit)
  local set, items = problems("choices", limit), {}
  for i, prompt in ipairs(set.prompts) do
    local right, wrong = set.answers[i], ("%d"):format(tonumber(set.answers[i]) + 1)
    items[i] = { question = prompt, choices = { right, wrong }, answer = 0 }
  end
  return items
end

--- The texts below `folder`.
function M.source(folder)
  local source, generated = {}, folder == GENERATED
  local function path(name) return folder .. "/" .. FILES[name] end

  --- Worked problems as documents: question, line break, solution.
  function source.solutions(name)
    if generated then return rho.data.generate(STAND_INS[name]) end
    return rho.data.jsonl { path(name), text = "{question}\n{solution}\n" }
  end

  --- Documents of a corpus, until they reach `bytes`.
  function source.documents(name, bytes)
    if generated then return rho.data.generate(STAND_INS[name]) end
    return rho.data.jsonl({ path(name), text = "{text}\n" }):take { bytes = math.tointeger(bytes // 1) }
  end

  --- Prompts with exact answers.
  function source.answers(name, limit)
    if generated then return problems(name, limit) end
    return rho.data.answers { path(name), prompt = "{question}\n", answer = "{answer}", limit = limit }
  end

  --- Few-shot accuracy of worked answers: { accuracy =, stderr =, n = }.
  function source.worked(model, name, examples, limit, shots)
    local items, solved = path and FILES[name] and not generated and path(name), nil
    if items then
      solved = shots > 0 and path(examples) or nil
    else
      items = {}
      local set = problems(name, limit)
      for i, prompt in ipairs(set.prompts) do items[i] = { question = prompt, answer = set.answers[i] } end
      solved = shots > 0 and items or nil
    end
    return rho.eval.answers { model = model, items = items, examples = solved, shots = shots, limit = limit, max_tokens = 64 }
  end

  --- Multiple-choice benchmarks by name, as rho.eval.suite gives them.
  function source.suite(model, tasks, limit)
    if not generated then return rho.eval.suite { model = model, data = folder, tasks = tasks, limit = limit } end
    local result = { rows = {}, mean = 0 }
    for i, task in ipairs(tasks) do
      local one = rho.eval.choice { model = model, items = choices(limit), template = "{question}" }
      result.rows[i] = { task = task, accuracy = one.accuracy, stderr = one.stderr, n = one.n, bits_per_byte = one.bits_per_byte }
      result.mean = result.mean + one.accuracy / #tasks
    end
    return result
  end

  return source
end

return M
