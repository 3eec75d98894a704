--- What the verbs do under `rhoscript check`: everything is checked and estimated, nothing is trained.
--
-- A stand-in has the shape of the real result and the numbers of a model that knows nothing, so that the script goes on.

local rho = require "rho.native"
local cost = require "rho.cost"

local M = {}

--- Held-out texts as rho.dry.training wants them, and how often they are looked at.
local function evaluations(o)
  local list = {}
  for _, name in ipairs(o.eval_names) do list[#list + 1] = { data = o.eval[name], limit_tokens = o.eval_tokens } end
  return list, #list > 0 and math.ceil(o.steps / o.eval_every) + 1 or 0
end

--- The points of a run's history: at its beginning, at every evaluation and at its end.
local function history(o, estimate)
  local points, per_step = {}, o.batch * o.context
  if #o.eval_names == 0 then return points end
  local step = 0
  while true do
    local point = { step = step, tokens = step * per_step }
    for _, name in ipairs(o.eval_names) do
      point["eval/" .. name .. "/loss"], point["eval/" .. name .. "/bpb"] = estimate.loss, estimate.bits_per_byte
    end
    points[#points + 1] = point
    if step == o.steps then break end
    step = math.min(o.steps, (step // o.eval_every + 1) * o.eval_every)
  end
  if o.answers then points[#points]["eval/exact_match"] = 0 end
  return points
end

--- What watch gives for the stand-in at every evaluation; nothing where it needs what only a run has.
local function watched(o, model, points)
  local list = {}
  if not o.watch then return list end
  for _, point in ipairs(points) do
    local ok, value = pcall(o.watch, model, point)
    if not ok then
      if type(value) == "table" and value.code == "dry" then
        rho.dry.remark("what watch does with the model's weights is not checked", true)
        return list
      end
      error(value, 0)
    end
    list[#list + 1] = { step = point.step, tokens = point.tokens, value = value }
  end
  return list
end

--- The fields of the run that rho.train with the resolved options `o` would return.
function M.train(o)
  local held, looks = evaluations(o)
  local estimate = rho.dry.training {
    name = o.name, model = o.model, data = o.data, tokenizer = o.tokenizer, policy = o.select, steps = o.steps,
    batch = o.batch, accumulate = o.accumulate, context = o.context, evaluations = held, looks = looks,
  }
  local model = o.model:start(o.seed)
  local points, spent = history(o, estimate), cost.of_policy(o.select)
  local tokens = o.steps * o.batch * o.context
  return {
    name = o.name, model = model, tokenizer = o.tokenizer, policy = o.select, context = o.context, seed = o.seed,
    steps = o.steps, tokens = tokens, selected = tokens, history = points, final = points[#points], labels = {},
    watched = watched(o, model, points),
    compute = { training = estimate.flops, reference = spent.reference, scoring = spent.scoring },
  }
end

return M
