--- rho.score: the reference model's loss of every token of a corpus, computed once and kept.

local rho = require "rho.native"
local context = require "rho.context"
local cost = require "rho.cost"

local native = rho.score

--- Scores `options.data` with `options.reference`, a trained run or a model.
-- What the reference cost to train travels with the scores, so that comparisons count it.
return function(options)
  local reference = options.reference
  local run = type(reference) == "table" and reference.model and reference or nil
  local compute = rho.dry.active() and rho.dry.scores or native
  local scores = compute {
    reference = run and run.model or reference, data = options.data, tokenizer = options.tokenizer,
    context = options.context, entropy = options.entropy, mask_documents = options.mask_documents, file = options.file,
    reference_flops = options.reference_flops or run and cost.of_run(run),
  }
  if not rho.dry.active() then context.scored(reference, scores:flops(), scores:describe().tokens) end
  return scores
end
