--- The presets that every experiment has: smoke (seconds, for tests), laptop (the defaults), and the paper's two sizes.

local M = {}

-- arXiv:2404.07965, section 3.1. TinyLlama-1.1B: 512 rows of 2048 tokens a step, 60 % kept. Mistral-7B: 256 rows of 4096,
-- 70 % kept. Token budgets are those of the maths runs; the reference sees half a billion tokens three times.
local PAPER_1B = {
  tokens = 15e9, reference_tokens = 1.5e9, vocab_size = 32000, dim = 2048, layers = 22, heads = 32, context = 2048,
  batch = 512, lr = 8e-5, keep = 0.6,
}
local PAPER_7B = {
  tokens = 15e9, reference_tokens = 1.5e9, vocab_size = 32000, dim = 4096, layers = 32, heads = 32, context = 4096,
  batch = 256, lr = 2e-5, keep = 0.7,
}

--- Parameters: `shared` with those of `own` beside or instead of them, and the presets: `smoke` and `more_smoke` together,
-- the paper's sizes with the changes of `paper`. A preset names only parameters that the experiment has.
function M.params(shared, own, smoke, more_smoke, paper)
  local params = {}
  for _, part in ipairs { shared, own or {} } do
    for name, entry in pairs(part) do params[name] = entry end
  end
  local presets = { smoke = { smoke, more_smoke or {} }, paper = { PAPER_1B, paper or {} }, paper_7b = { PAPER_7B, paper or {} } }
  for name, parts in pairs(presets) do
    local changes = {}
    for _, part in ipairs(parts) do
      for key, value in pairs(part) do
        if params[key] ~= nil then changes[key] = value end
      end
    end
    presets[name] = changes
  end
  params.preset = {
    "laptop", doc = "smoke (seconds), laptop (minutes to hours), paper or paper_7b (the paper's sizes)", presets = presets,
  }
  return params
end

return M
