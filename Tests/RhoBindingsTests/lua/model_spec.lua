local rho = require "rho"
local fixture = require "fixture"

describe("models", function()
  it("are architectures until they are started", function()
    local architecture = fixture.model()
    expect.error("the model has no weights yet", function() architecture:fingerprint() end)
    local a, b, c = architecture:start(1), architecture:start(1), architecture:start(2)
    expect.equal(a:fingerprint(), b:fingerprint())
    expect.truthy(a:fingerprint() ~= c:fingerprint())
    expect.equal(fixture.model({ seed = 1 }):fingerprint(), a:fingerprint())
    expect.equal(a:start(9):fingerprint(), a:fingerprint())
  end)

  it("give losses in nats with a gradient", function()
    local model = fixture.model { seed = 1 }
    local batch = fixture.loader():batch(1)
    local losses = model:loss(batch)
    expect.equal(losses:shape(), { 4, 32 })
    expect.near(losses:mean():item(), math.log(257), 0.2)
    losses:mean():backward()
    local with = 0
    for _, parameter in ipairs(model:parameters()) do
      if parameter.tensor:grad() then with = with + 1 end
    end
    expect.equal(with, #model:parameters())
  end)

  it("say how large they are", function()
    local about = fixture.model():describe()
    expect.equal(about.parameters, fixture.model():parameter_count())
    expect.equal(about.has_weights, false)
    expect.truthy(fixture.model():flops_per_token(32) > 6 * 1000)
    expect.near(fixture.model():flops_per_token(32, "forward") * 3, fixture.model():flops_per_token(32), 1)
  end)

  it("explain sizes that do not fit", function()
    expect.error("dim must be divisible by heads, got dim 16 and heads 3", fixture.model, { heads = 3 })
    expect.error("heads must be divisible by kv_heads", fixture.model, { kv_heads = 3, dim = 16, heads = 4 })
    expect.error("unknown option 'layrs' (did you mean 'layers'?)", fixture.model, { layrs = 2 })
    expect.error("tokenizer is required", rho.model.llama, { dim = 16 })
    expect.error("dropout must be", fixture.model, { dropout = 60 })
  end)

  it("write and read Hugging Face directories", function()
    local model = fixture.model { seed = 3 }
    local dir = os.getenv("RHO_TEST_DIR") .. "/model"
    model:save(dir)
    local again = rho.model.load(dir)
    expect.equal(again:fingerprint(), model:fingerprint())
    expect.equal(again:tokenizer():fingerprint(), fixture.tokenizer:fingerprint())
    expect.error("no such directory", rho.model.load, dir .. "-nowhere")
  end)

  it("continue texts", function()
    local model = fixture.model { seed = 1 }
    local text = model:generate { "The farm", max_tokens = 5 }
    expect.equal(model:generate { "The farm", max_tokens = 5 }, text)
    expect.equal(#model:generate { prompts = { "a", "b" }, max_tokens = 3 }, 2)
    expect.truthy(#model:generate { "The farm", max_tokens = 8, temperature = 1, seed = 4, stop = "e" } <= 8)
    expect.error("top_p must be", function() model:generate { "a", top_p = 2 } end)
    local shown = { "", "" }
    local both = model:generate {
      prompts = { "a", "b" }, temperature = 1, seed = 4, max_tokens = 9, repetition_penalty = 1.2,
      on_text = function(piece, prompt) shown[prompt] = shown[prompt] .. piece end,
    }
    expect.equal(shown, both)
    local pieces = 0
    model:generate { "a", max_tokens = 9, temperature = 1, on_text = function() pieces = pieces + 1 return pieces < 2 end }
    expect.truthy(pieces <= 2)
    expect.error("boom", function() model:generate { "a", on_text = function() error("boom") end } end)
  end)

  it("carry low-rank adapters", function()
    local model = fixture.model { seed = 1 }
    local adapted = model:lora { rank = 2, targets = { "q_proj", "down_proj" } }
    expect.equal(#adapted:parameters(), 4)
    local batch = fixture.loader():batch(1)
    expect.near(adapted:loss(batch):mean():item(), model:loss(batch):mean():item(), 1e-5)
    local place = rho.run.open { experiment = "lora", params = {}, dir = os.getenv("RHO_TEST_DIR") .. "/lora-run" }
    require("rho.context").start(place, {})
    local run = rho.train {
      model = adapted, data = fixture.noisy(), tokens = 4 * 32 * 6, batch = 4, lr = 1e-2, seed = 1, eval = fixture.clean(8),
    }
    expect.error("training needs about", rho.train, { name = "huge", model = model, data = fixture.noisy(), tokens = 1, batch = 1 << 30 })
    require("rho.context").run = nil
    place:finish {}
    local merged = run.model:merge()
    expect.equal(merged:parameter_count(), model:parameter_count())
    expect.near(merged:loss(batch):mean():item(), run.model:loss(batch):mean():item(), 1e-4)
    expect.truthy(run.model:fingerprint() ~= adapted:fingerprint())
    local dir = os.getenv("RHO_TEST_DIR") .. "/lora"
    run.model:save(dir)
    expect.near(rho.model.load(dir):loss(batch):mean():item(), merged:loss(batch):mean():item(), 1e-5)
    run.model:save_adapter(dir .. "/adapter", "base")
    expect.error("has no LoRA adapters", model.save_adapter, model, dir .. "/none")
    expect.error("one of", function() model:lora { targets = { "q" } } end)
  end)

  it("tell what training takes", function()
    local model = fixture.model { seed = 1 }
    local memory = model:memory { batch = 4 }
    expect.equal(memory.weights, 4 * model:parameter_count())
    expect.equal(memory.total, memory.weights * 4 + memory.activations)
    expect.equal(model:memory({ copies = 2, batch = 4 }).total, memory.total + 2 * memory.weights)
    expect.truthy(memory.text:find("weights", 1, true))
    expect.error("training needs about", function() model:memory { batch = 1 << 30, require = true } end)
    expect.truthy(model:lora({ rank = 1 }):memory({ batch = 4 }).optimiser < memory.optimiser)
  end)

  it("travel as GGUF", function()
    local model = fixture.model { seed = 3 }
    local file = os.getenv("RHO_TEST_DIR") .. "/model.gguf"
    model:save(file, { type = "f32" })
    expect.equal(rho.model.load(file):fingerprint(), model:fingerprint())
    model:save(file, { type = "q8_0" })
    expect.truthy(rho.model.load(file):fingerprint() ~= model:fingerprint())
    expect.error("is written as f32, f16 or q8_0", model.save, model, file, { type = "bf16" })
    expect.error("is a format of .gguf files", model.save, model, file .. "/dir", { type = "q8_0" })
  end)

  it("measure texts token by token", function()
    local model = fixture.model { seed = 1 }
    local seen = model:token_losses("35 hens")
    expect.equal(#seen.pieces, 7)
    expect.equal(table.concat(seen.pieces), "35 hens")
    expect.truthy(seen.loss[1] == seen.loss[1])
    expect.near(seen.loss[7], math.log(257), 1.5)
    expect.equal(#model:token_losses(("x"):rep(100)).loss, 100)
  end)

  it("refuse a batch of another tokenizer", function()
    local other = rho.tokenizer.train_bpe { data = fixture.clean(40), vocab_size = 300 }
    local loader = rho.loader { data = fixture.noisy(), tokenizer = other, batch = 2, context = 16 }
    expect.error("another tokenizer", function() fixture.model({ seed = 1 }):loss(loader:batch(1)) end)
  end)
end)

describe("tokenizers", function()
  it("round-trip any bytes", function()
    local tokenizer = rho.tokenizer.train_bpe { data = fixture.clean(60), vocab_size = 320 }
    for _, text in ipairs { "The farm has 35 hens", "\0\255\xC3", "<|endoftext|>", "naïve ☃" } do
      expect.equal(tokenizer:decode(tokenizer:encode(text)), text)
      expect.equal(table.concat(tokenizer:pieces(text)), text)
    end
    expect.equal(tokenizer:vocab_size(), 320)
    local id = tokenizer:id("<|endoftext|>")
    for _, token in ipairs(tokenizer:encode("<|endoftext|>")) do expect.truthy(token ~= id) end
    local path = os.getenv("RHO_TEST_DIR") .. "/tok"
    tokenizer:save(path .. "/")
    expect.equal(rho.tokenizer.load(path):fingerprint(), tokenizer:fingerprint())
  end)
end)

describe("schedules", function()
  it("rise, hold and fall", function()
    local s = rho.optim.wsd { peak = 1, warmup = 10, steps = 100, final = 0.1, decay = 20 }
    expect.near(s(1), 0.1)
    expect.equal(s(10), 1.0)
    expect.equal(s(80), 1.0)
    expect.near(s(101), 0.1)
    expect.near(rho.optim.cosine({ peak = 2, steps = 10 })(6), 1)
    expect.equal(rho.optim.constant({ peak = 3 })(77), 3.0)
    expect.error("must be an integer >= 1, got 0", s, 0)
    expect.error("warmup must not exceed", rho.optim.linear, { peak = 1, warmup = 9, steps = 3 })
    expect.error("steps is required", rho.optim.cosine, { peak = 1 })
  end)
end)
