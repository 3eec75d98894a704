--- The embedded corpus (rho.data.generate, rho.data.problems) and noise for real text (rho.data.corrupt).

local rho = require "rho.native"
local noise = require "rho.noise"
local problems = require "rho.problems"

local M = {}

--- `o.kinds` where they are known kinds of problems; all where there are none.
local function kinds_of(o, call)
  if not o.kinds or #o.kinds == 0 then return problems.kinds end
  local known = {}
  for _, kind in ipairs(problems.kinds) do known[kind] = true end
  for _, kind in ipairs(o.kinds) do
    if not known[kind] then
      rho.fail("value", ("%s: no kind of problem is called '%s'%s; there are %s"):format(
        call, kind, rho.suggestion(kind, problems.kinds), table.concat(problems.kinds, ", ")))
    end
  end
  return o.kinds
end

--- The stream behind document `index`: the text of a corpus is a pure function of (seed, kind, index).
local function stream(seed, kind, index)
  return rho.random.stream { seed = seed, name = kind, step = index }
end

--- Arithmetic word problems, clean or as the web would carry them, `documents` of them.
function M.generate(o)
  local kinds = kinds_of(o, "rho.data.generate")
  local function draw(index)
    local random = stream(o.seed, "rho.generate/" .. o.kind, index)
    local problem = problems.draw(random, o.largest, kinds)
    if o.kind == "clean" then return problems.text(problem) end
    return noise.problem(random, problem, o)
  end
  return rho.data.documents {
    draw, count = o.documents, source = "generated/" .. o.kind,
    name = ("%s problems (seed %d)"):format(o.kind, o.seed),
  }
end

--- Problems to answer: { prompts = {...}, answers = {...} }, for exact match. Use a seed that no corpus uses.
function M.problems(o)
  local kinds = kinds_of(o, "rho.data.problems")
  local set = { prompts = {}, answers = {}, max_tokens = 8, stop = "." }
  for index = 1, o.count do
    local problem = problems.draw(stream(o.seed, "rho.generate/problems", index), o.largest, kinds)
    set.prompts[index], set.answers[index] = problems.prompt(problem), problem.result
  end
  return set
end

--- The kinds of problems there are.
function M.problem_kinds()
  return { table.unpack(problems.kinds) }
end

--- `options.data` with web noise put between its sentences and typing errors into its words, labelled.
function M.corrupt(o)
  return o.data:map(function(document)
    return noise.text(stream(o.seed, "rho.corrupt", document.index), document.text, o)
  end, { name = "corrupted " .. o.data:name() })
end

return M
