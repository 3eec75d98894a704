-- Holds the engine to golden.lua, which transformers wrote, and uses the model as a researcher would.
local rho = require "rho"

local function close(name, ours, theirs, tolerance)
  assert(#ours == #theirs, ("%s: %d numbers here, %d there"):format(name, #ours, #theirs))
  local worst = 0
  for i = 1, #ours do worst = math.max(worst, math.abs(ours[i] - theirs[i])) end
  assert(worst <= tolerance, ("%s: off by %g, allowed %g"):format(name, worst, tolerance))
  print(("  %-14s off by %.2g at most"):format(name, worst))
end

local function same(name, ours, theirs)
  assert(#ours == #theirs, ("%s: %d here, %d there"):format(name, #ours, #theirs))
  for i = 1, #ours do
    assert(ours[i] == theirs[i], ("%s: place %d: %s here, %s there"):format(name, i, ours[i], theirs[i]))
  end
end

--- Every 97th logit after token `row`.
local function sampled(logits, row)
  local all, result = logits:slice(row, row):reshape({ -1 }):totable(), {}
  for i = 1, #all, 97 do result[#result + 1] = all[i] end
  return result
end

local function against_transformers(model, golden)
  local tokenizer = model:tokenizer()
  assert(model:parameter_count() == golden.parameters)
  for _, case in ipairs(golden.cases) do
    print((case.text:sub(1, 60):gsub("\n", " ")))
    local ids = tokenizer:encode(case.text)
    table.insert(ids, 1, tokenizer:id "<|endoftext|>")
    same("ids", ids, case.ids)
    local logits = rho.no_grad(function() return model:logits(ids) end)
    close("last logits", sampled(logits, #ids), case.last, 1e-3)
    close("middle logits", sampled(logits, #ids // 2 + 1), case.middle, 1e-3)
    close("losses", model:token_losses(case.text).loss, case.losses, 1e-3)
  end
  local text = model:generate { golden.prompt_text, max_tokens = #golden.continuation }
  same("continuation", tokenizer:encode(text), golden.continuation)
  print("greedy continuation of '" .. golden.prompt_text .. "':" .. text)
end

--- A few steps of the paper's recipe: a reference, its scores, and training on the tokens of highest excess loss.
local function continue_training(model)
  local clean = rho.data.generate { kind = "clean", seed = 1, documents = 60 }
  local noisy = rho.data.generate { kind = "noisy", seed = 2, documents = 60 }
  local held = rho.data.generate { kind = "clean", seed = 3, documents = 10 }
  local function train(name, base, data, select, steps)
    return rho.train {
      name = name, model = base, data = data, context = 128, batch = 2, tokens = 2 * 128 * steps, lr = 3e-4, seed = 1,
      select = select, eval = held, eval_tokens = 1000,
    }
  end
  local reference = train("reference", model:lora { rank = 8 }, clean, nil, 4)
  local scores = rho.score { reference = reference, data = noisy, context = 128 }
  local slm = train("slm", model, noisy, rho.select.excess_loss { scores = scores, keep = 0.6 }, 4)
  local first, last = slm.history[1]["eval/heldout/loss"], slm.final["eval/heldout/loss"]
  print(("held-out loss: %.4f before, %.4f after 4 selective steps"):format(first, last))
  assert(last < first, "training did not lower the held-out loss")
  return slm.model, reference.model
end

return rho.experiment {
  name = "smollm2-check",
  params = { place = { ".models", doc = "where the model and golden.lua are" } },
  run = function(p)
    local golden = dofile(p.place .. "/golden.lua")
    local model = rho.model.load(p.place .. "/smollm2.gguf")
    against_transformers(model, golden)
    local trained, adapted = continue_training(model)
    trained:save(p.place .. "/saved")
    trained:save(p.place .. "/saved-bf16", { type = "bf16", shard_bytes = 100e6 })
    for _, type in ipairs { "f32", "f16", "q8_0" } do trained:save(p.place .. "/saved-" .. type .. ".gguf", { type = type }) end
    model:save(p.place .. "/base")
    adapted:save_adapter(p.place .. "/adapter", p.place .. "/base")
    for name, each in pairs { saved = trained, adapted = adapted } do
      local ids = model:tokenizer():encode(golden.cases[4].text)
      local logits = rho.no_grad(function() return each:logits(ids) end)
      print(("%s %s"):format(name, rho.json.encode { ids = ids, logits = sampled(logits, #ids) }))
    end
  end,
}
