--- Arithmetic word problems with worked solutions: the clean text of the embedded corpus.
--
-- A problem is a pure function of a random stream. It comes in pieces, so that noise can be put between them:
--   { statement = {"Tom has 12 hens ", "and 9 pigs. "}, question = "How many in all? ",
--     working = "12+9=", result = "21", answer = "21" }
-- Written out: statement, question, working, result, ". Answer: ", answer, "\n".

local M = {}

local NAMES = { "Tom", "Ann", "Li", "Omar", "Eva", "Raj", "Mia", "Sam", "Zoe", "Ben", "Ida", "Max" }
local THINGS = { "hens", "pigs", "pens", "cups", "books", "coins", "cards", "nuts", "eggs", "keys", "toys", "pies" }
local PLACES = { "farm", "shop", "school", "barn", "house", "park" }

--- Two different things to count.
local function two_things(random)
  local first = random:int(1, #THINGS)
  local second = (first + random:int(1, #THINGS - 1) - 1) % #THINGS + 1
  return THINGS[first], THINGS[second]
end

-- Each kind takes (random, largest) and returns statement pieces, question, expression, value.
local KINDS = {
  joining = function(random, largest)
    local a, b = random:int(1, largest), random:int(1, largest)
    local thing, other = two_things(random)
    local who = random:pick(NAMES)
    return { ("%s has %d %s "):format(who, a, thing), ("and %d %s. "):format(b, other) },
      "How many in all? ", ("%d+%d="):format(a, b), a + b
  end,
  place = function(random, largest)
    local a, b = random:int(1, largest), random:int(1, largest)
    local thing, other = two_things(random)
    return { ("The %s has %d %s "):format(random:pick(PLACES), a, thing), ("and %d %s. "):format(b, other) },
      "How many in total? ", ("%d+%d="):format(a, b), a + b
  end,
  taking = function(random, largest)
    local a, b = random:int(1, largest), random:int(1, largest)
    if b > a then a, b = b, a end
    local thing = two_things(random)
    return { ("%s had %d %s "):format(random:pick(NAMES), a, thing), ("and lost %d. "):format(b) },
      "How many are left? ", ("%d-%d="):format(a, b), a - b
  end,
  comparing = function(random, largest)
    local a, b = random:int(1, largest), random:int(1, largest)
    if b > a then a, b = b, a end
    local thing = two_things(random)
    local first = random:int(1, #NAMES)
    local second = (first + random:int(1, #NAMES - 1) - 1) % #NAMES + 1
    return { ("%s has %d %s. "):format(NAMES[first], a, thing), ("%s has %d. "):format(NAMES[second], b) },
      ("How many more has %s? "):format(NAMES[first]), ("%d-%d="):format(a, b), a - b
  end,
  groups = function(random, largest) -- kept small enough to stay within the tables a child learns
    local side = math.max(2, math.floor(largest ^ 0.5) + 1)
    local a, b = random:int(2, side), random:int(2, side)
    local thing = two_things(random)
    return { ("%s has %d bags "):format(random:pick(NAMES), a), ("with %d %s each. "):format(b, thing) },
      "How many in all? ", ("%d*%d="):format(a, b), a * b
  end,
}

--- The names of the kinds, in the order in which they are drawn.
M.kinds = { "joining", "place", "taking", "comparing", "groups" }

--- Draws one problem of one of `kinds` (default: all). `largest` bounds the numbers in its statement.
function M.draw(random, largest, kinds)
  local statement, question, working, value = KINDS[random:pick(kinds or M.kinds)](random, largest)
  local text = ("%d"):format(value)
  return { statement = statement, question = question, working = working, result = text, answer = text }
end

--- The problem up to the point where a model must compute: what an exact-match test prompts with.
function M.prompt(problem)
  return table.concat(problem.statement) .. problem.question .. problem.working
end

--- The problem written out without noise.
function M.text(problem)
  return M.prompt(problem) .. problem.result .. ". Answer: " .. problem.answer .. "\n"
end

return M
