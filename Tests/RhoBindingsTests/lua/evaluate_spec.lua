local rho = require "rho"
local fixture = require "fixture"

local model = fixture.model { seed = 1, context = 64 }
local items = {
  { question = "One and one?", choices = { "two", "three" }, answer = 0 },
  { question = "Two and one?", choices = { "two", "three" }, answer = 1 },
}

describe("rho.eval.choice", function()
  it("gives three accuracies and says what was asked", function()
    local r = rho.eval.choice { model = model, items = items, details = true }
    expect.equal(r.n, 2)
    expect.equal(#r.items[1].log_probability, 2)
    expect.equal(r.items[1].bytes, { 4, 6 })
    for _, name in ipairs { "accuracy", "accuracy_per_token", "accuracy_per_byte" } do
      expect.truthy(r[name] == 0 or r[name] == 0.5 or r[name] == 1)
    end
    expect.equal(r.task.style, "text")
    expect.equal(#r.task.prompt_hash, 16)
    local again = rho.eval.choice { model = model, items = items }
    expect.equal(again.task.prompt_hash, r.task.prompt_hash)
    local other = rho.eval.choice { model = model, items = items, template = "{question}" }
    expect.truthy(other.task.prompt_hash ~= r.task.prompt_hash)
    local shots = rho.eval.choice { model = model, items = items, shots = 1, examples = items, style = "letters" }
    expect.equal(shots.task.shots, 1)
  end)

  it("fills blanks", function()
    local r = rho.eval.choice {
      model = model, style = "blank", items = { { question = "Ann met Bea so _ smiled.", choices = { "Ann", "Bea" }, answer = 1 } },
    }
    expect.equal(r.n, 1)
  end)

  it("says what is wrong with items", function()
    expect.error("needs at least two", rho.eval.choice, { model = model, items = { { question = "x", choices = { "a" }, answer = 0 } } })
    expect.error("an item needs a question", rho.eval.choice, { model = model, items = { { choices = { "a" } } } })
    expect.error("one '_' in the question", rho.eval.choice, { model = model, items = items, style = "blank" })
    expect.error("there are no items", rho.eval.choice, { model = model, items = {} })
    expect.error("shots need examples", rho.eval.choice, { model = model, items = items, shots = 2 })
    expect.error("3 examples were asked for, but there are 2", rho.eval.choice, { model = model, items = items, shots = 3, examples = items })
    expect.error("cannot open nowhere.jsonl", rho.eval.choice, { model = model, items = "nowhere.jsonl" })
  end)
end)

describe("rho.eval.last_word and answers", function()
  it("run", function()
    local last = rho.eval.last_word { model = model, items = { { question = "The farm has", answer = "hens" } } }
    expect.truthy(last.perplexity > 1)
    local graded = rho.eval.answers { model = model, items = { { question = "1+1?", answer = "2" } }, max_tokens = 8, details = true }
    expect.equal(graded.n, 1)
    expect.equal(graded.items[1].reference, "2")
  end)
end)

describe("grading", function()
  it("finds and compares final answers", function()
    expect.truthy(rho.eval.grade { solution = [[so it is \boxed{\frac{1}{2}}.]], answer = "0.5" }.correct)
    expect.equal(rho.eval.grade { solution = "no idea", answer = "0.5" }.correct, false)
    expect.equal({ rho.eval.final_answer("a\n#### 1,200") }, { "1,200", "marked" })
    expect.equal(rho.eval.final_answer("none"), nil)
    expect.truthy(rho.eval.equal("75", "7500"))
    expect.equal(rho.eval.equal("75", "7500", false), false)
  end)
end)
