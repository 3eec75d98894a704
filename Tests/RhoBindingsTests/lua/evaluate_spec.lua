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

describe("suites", function()
  local context = require "rho.context"
  local run = rho.run.open { experiment = "spec", params = { suite = 1 }, dir = os.getenv "RHO_TEST_DIR" .. "/suite" }
  local folder = run:arm("eval"):dir()
  local function write(count)
    local file <close> = assert(io.open(folder .. "/copa.jsonl", "w"))
    for i = 1, count do file:write(rho.json.encode { question = i .. " is followed by", choices = { "x", tostring(i + 1) }, answer = 1 }, "\n") end
  end
  local function suite(seed, name)
    context.start(run, {})
    local result = rho.eval.suite { model = fixture.model { seed = seed, context = 64 }, data = folder:match("^(.*)/eval$"), tasks = { "copa" }, name = name }
    context.run = nil
    return result
  end

  it("record versions and prompts, and can be set side by side", function()
    write(4)
    local a, b = suite(1, "first"), suite(2, "second")
    expect.equal(a.path, run:dir() .. "/first.json")
    local file <close> = assert(io.open(a.path))
    local kept = rho.json.decode(file:read("a"))
    expect.equal(kept.rows[1].prompt_hash, a.rows[1].prompt_hash)
    expect.equal(kept.rows[1].version, a.rows[1].version)
    expect.equal(kept.model, fixture.model({ seed = 1, context = 64 }):fingerprint())
    local both = rho.eval.compare { one = a, two = b.path, baseline = "one" }
    expect.near(both.rows[1].two_difference.value, b.rows[1].accuracy - a.rows[1].accuracy)
    expect.near(both.rows[1].two_difference.stderr, (a.rows[1].stderr ^ 2 + b.rows[1].stderr ^ 2) ^ 0.5)
    expect.truthy(tostring(both):find("difference", 1, true))
  end)

  it("of other prompts or versions are refused", function()
    local a = suite(1)
    write(3)
    local fewer = suite(1)
    expect.error("copa of 'a' and 'b' cannot be compared: its prompt hash is", rho.eval.compare, { a = a, b = fewer, baseline = "a" })
    local newer = suite(1)
    newer.rows[1].version = newer.rows[1].version + 1
    expect.error("its version is", rho.eval.compare, { a = fewer, b = newer, baseline = "a" })
    expect.error("no suite is called 'c'", rho.eval.compare, { a = a, baseline = "c" })
    expect.error("must be a suite or the path", rho.eval.compare, { a = a, b = 3, baseline = "a" })
    expect.error("cannot read", rho.eval.compare, { a = a, b = "nowhere.json", baseline = "a" })
  end)
end)

describe("rho.eval.loss", function()
  it("measures each part of a mixture", function()
    local clean, noisy = fixture.clean(20), fixture.noisy(20)
    local small = fixture.model { seed = 3 }
    local mixed = rho.eval.loss { model = small, data = rho.data.mix { { clean, 1 }, { noisy, 5 } } }
    expect.equal(#mixed.domains, 2)
    expect.near(mixed.domains[1].loss, rho.eval.loss({ model = small, data = clean }).loss, 1e-9)
    expect.near(mixed.domains[2].bits_per_byte, rho.eval.loss({ model = small, data = noisy }).bits_per_byte, 1e-9)
    expect.equal(mixed.domains[1].tokens + mixed.domains[2].tokens, mixed.tokens)
    expect.equal(rho.eval.loss({ model = small, data = clean }).domains, nil)
  end)
end)
