-- ARC-Easy and LAMBADA with the engine's own evaluation: one line of JSON.
local rho = require "rho"

return rho.experiment {
  name = "smollm2-evaluate",
  params = {
    place = { ".models", doc = "where the model is" },
    data = { "../shared/data", doc = "folder with eval/ and lambada/" },
    limit = { 200, doc = "items of each task, from the start" },
  },
  run = function(p)
    local model = rho.model.load(p.place .. "/smollm2.gguf")
    local arc = rho.eval.choice { model = model, items = p.data .. "/eval/arc_easy.jsonl", limit = p.limit }
    local lambada = rho.eval.last_word { model = model, items = p.data .. "/lambada/test.jsonl.gz", limit = p.limit }
    print(rho.json.encode {
      arc_easy = { n = arc.n, accuracy = arc.accuracy, per_token = arc.accuracy_per_token, per_byte = arc.accuracy_per_byte, bits_per_byte = arc.bits_per_byte },
      lambada = { n = lambada.n, accuracy = lambada.accuracy, perplexity = lambada.perplexity },
    })
  end,
}
