--- rho.loss: losses beside cross entropy, token by token, on what a forward pass knows.

local rho = require "rho.native"

local M = {}

--- (log sum e^logit)^2 at each position.
function M.z(pass)
  return pass:logsumexp():square()
end

--- KL(p || q) of the pass's predictions p and those of `other`, q; KL(q || p) with of = "other".
function M.kl(pass, other, batch, o)
  local against = rho.no_grad(function() return other:forward(batch) end)
  local divergence = pass:map_logits(function(logits, row)
    local p = logits:log_softmax()
    local q = rho.no_grad(function() return against:logits(row):log_softmax() end)
    if o.of == "other" then return (q:exp() * (q - p)):sum(2) end
    return (p:exp() * (p - q)):sum(2)
  end)
  return divergence * pass:valid()
end

return M
