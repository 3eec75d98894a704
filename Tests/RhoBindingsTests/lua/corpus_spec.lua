-- The embedded corpus: kinds of problems, and what stays the same when options change.

local rho = require "rho"

describe("the embedded corpus", function()
  it("draws only the kinds asked for", function()
    local set = rho.data.problems { seed = 3, count = 40, kinds = { "taking", "groups" } }
    for _, prompt in ipairs(set.prompts) do expect.truthy(prompt:find("%d+[-*]%d+=$")) end
    for _, document in ipairs(rho.data.generate { seed = 3, documents = 40, kinds = { "joining" } }:documents { limit = 40 }) do
      expect.truthy(document.text:find("^%a+ has %d+ %a+ and %d+ %a+%. How many in all%? (%d+)%+(%d+)="))
    end
  end)

  it("has every kind by default", function()
    local signs = { joining = "in all%? %d+%+", place = "^The ", taking = " lost ", comparing = "more has", groups = " bags " }
    local prompts = rho.data.problems { seed = 3, count = 200 }.prompts
    for _, kind in ipairs(rho.data.problem_kinds()) do
      local count = 0
      for _, prompt in ipairs(prompts) do count = count + (prompt:find(signs[kind]) and 1 or 0) end
      expect.truthy(count > 20 and count < 60)
    end
  end)

  it("answers rightly what it asks", function()
    local set = rho.data.problems { seed = 9, count = 100, largest = 30 }
    for i, prompt in ipairs(set.prompts) do
      local a, sign, b = prompt:match("(%d+)([-+*])(%d+)=$")
      local value = sign == "+" and a + b or sign == "-" and a - b or a * b
      expect.equal(set.answers[i], ("%d"):format(value))
    end
  end)

  it("names the nearest kind", function()
    expect.error("rho.data.problems: no kind of problem is called 'joinning' (did you mean 'joining'?); there are joining, place",
      function() rho.data.problems { kinds = { "joinning" } } end)
    expect.error("rho.data.generate: no kind of problem is called 'sums'", function() rho.data.generate { kinds = { "sums" } } end)
  end)
end)
