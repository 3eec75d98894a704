-- Small corpora, tokenizer and models that the suites share. Everything is a pure function of its arguments.
local rho = require "rho"

local M = {}

--- A clean and a noisy corpus of `n` problems.
function M.clean(n) return rho.data.generate { kind = "clean", seed = 3, documents = n or 60, largest = 9 } end
function M.noisy(n) return rho.data.generate { kind = "noisy", seed = 4, documents = n or 60, largest = 9 } end

M.tokenizer = rho.tokenizer.bytes()

--- A model of a few thousand parameters.
function M.model(options)
  local all = { tokenizer = M.tokenizer, dim = 16, layers = 1, heads = 2, context = 32 }
  for key, value in pairs(options or {}) do all[key] = value end
  return rho.model.llama(all)
end

function M.loader(data, options)
  local all = { data = data or M.noisy(), tokenizer = M.tokenizer, batch = 4, context = 32, seed = 1 }
  for key, value in pairs(options or {}) do all[key] = value end
  return rho.loader(all)
end

return M
