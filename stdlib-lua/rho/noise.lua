--- Web noise with ground truth: what scraping leaves around and inside useful text.
--
-- A noisy document is a flat list of spans, { text, label, text, label, ... }, label one of "useful", "noise",
-- "wrong". Labels let selection be scored against the truth. Every draw comes from the stream passed in.

local M = {}

local USERS = { "davidjl", "xx_ray", "kat", "bob_z", "mod", "spamking", "lena", "user", "qwertz", "ninja" }
local MONTHS = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" }
local CHATTER = {
  "lol so true ", "anyone know a good phone? ", "first! ", "my cat does this too ", "did you see the game? ",
  "this thread again... ", "so bored at work ", "who else is here in 2024 ", "thx for sharing ",
}
local BOILERPLATE = {
  "Accept all cookies to continue. ", "Subscribe to our newsletter. ", "All rights reserved. ", "Log in | Sign up | Help ",
  "Share this on: FB TW IN ", "Read more >> ", "You may also like: ", "Terms of use - Privacy ",
}
local TAGS = { "div", "span", "p", "td", "li" }

local HEX = "0123456789abcdef"
local LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

--- `count` characters drawn from `alphabet`: identifiers that no model can foresee.
local function scramble(random, alphabet, count)
  local out = {}
  for i = 1, count do
    local at = random:int(1, #alphabet)
    out[i] = alphabet:sub(at, at)
  end
  return table.concat(out)
end

-- Each kind of noise takes a stream and returns one piece of text that ends in a space.
local KINDS = {
  { 4, function(r) return ("<%s%d %d:%02d> "):format(r:pick(MONTHS), r:int(1, 28), r:int(0, 23), r:int(0, 59)) end },
  { 3, function(r) return ("##%s%d says "):format(r:pick(USERS), r:int(0, 999)) end },
  { 2, function(r) return ("BUY NOW %d%% off at shop%d.biz "):format(r:int(1, 9) * 10, r:int(0, 999)) end },
  { 2, function(r) return ("<%s class=%s%d> "):format(r:pick(TAGS), r:pick(USERS), r:int(0, 99)) end },
  { 2, function(r) return ("http://www.%s%d.com/?id=%s "):format(r:pick(USERS), r:int(0, 99), scramble(r, LETTERS, 8)) end },
  { 3, function(r) return ("ref=%s "):format(scramble(r, HEX, r:int(8, 16))) end },
  { 2, function(r) return ("[img%s.jpg] "):format(scramble(r, LETTERS, r:int(5, 10))) end },
  { 2, function(r) return r:pick(BOILERPLATE) end },
  { 2, function(r) return ("@%s%d: "):format(r:pick(USERS), r:int(0, 999)) .. r:pick(CHATTER) end },
}
local WEIGHT = 0
for _, kind in ipairs(KINDS) do WEIGHT = WEIGHT + kind[1] end

--- One piece of noise.
function M.piece(random)
  local at = random:int(1, WEIGHT)
  for _, kind in ipairs(KINDS) do
    at = at - kind[1]
    if at <= 0 then return kind[2](random) end
  end
end

--- Swaps two neighbouring letters of `word`, a typing error; nil where the word is too short to have one.
local function misspell(random, word)
  if #word < 4 or word:find("[^%a]") then return nil end
  local at = random:int(2, #word - 2)
  local a, b = word:sub(at, at), word:sub(at + 1, at + 1)
  if a == b then return nil end
  return word:sub(1, at - 1) .. b .. a .. word:sub(at + 2)
end

--- Appends useful `text` word by word, a few words misspelled (label "noise") at rate `typos`.
local function append_words(spans, random, text, typos)
  if typos <= 0 then
    spans[#spans + 1], spans[#spans + 2] = text, "useful"
    return
  end
  local clean = {}
  local function flush()
    if #clean > 0 then
      spans[#spans + 1], spans[#spans + 2] = table.concat(clean), "useful"
      clean = {}
    end
  end
  clean[1] = text:match("^%s+") -- gmatch below starts at the first word
  for word, gap in text:gmatch("(%S+)(%s*)") do
    local bad = random:uniform() < typos and misspell(random, word)
    if bad then
      flush()
      spans[#spans + 1], spans[#spans + 2] = bad .. gap, "noise"
    else
      clean[#clean + 1] = word .. gap
    end
  end
  flush()
end

--- A wrong total near the right one.
local function wrong_total(random, value)
  local total = value + random:pick { -11, -10, -3, -2, -1, 1, 2, 3, 10, 11 }
  return total >= 0 and total or value + 7
end

--- A problem as a web page would carry it.
-- options: noise (chance of noise at each gap), wrong (chance of a wrong total), typos (chance per word).
function M.problem(random, problem, options)
  local spans = {}
  local function gap()
    while random:uniform() < options.noise do
      spans[#spans + 1], spans[#spans + 2] = M.piece(random), "noise"
    end
  end
  gap()
  for _, piece in ipairs(problem.statement) do
    append_words(spans, random, piece, options.typos)
    gap()
  end
  append_words(spans, random, problem.question, options.typos)
  gap()
  spans[#spans + 1], spans[#spans + 2] = problem.working, "useful"
  if random:uniform() < options.wrong then
    local total = ("%d"):format(wrong_total(random, tonumber(problem.answer)))
    spans[#spans + 1], spans[#spans + 2] = total, "wrong"
    spans[#spans + 1], spans[#spans + 2] = ". Answer: ", "useful"
    spans[#spans + 1], spans[#spans + 2] = total, "wrong"
    spans[#spans + 1], spans[#spans + 2] = "\n", "useful"
  else
    spans[#spans + 1], spans[#spans + 2] = problem.result .. ". Answer: " .. problem.answer .. "\n", "useful"
  end
  if random:uniform() < options.noise then
    gap()
    spans[#spans + 1], spans[#spans + 2] = M.piece(random) .. "\n", "noise"
  end
  return spans
end

--- Any text with noise after some of its sentences and lines, and typing errors in some words.
-- The text itself keeps its order: with the noise spans taken out, what is left is the original but for the typos.
function M.text(random, text, options)
  local spans = {}
  local from = 1
  while from <= #text do
    local stop = text:find("[.!?\n]%s", from)
    local to = stop and stop + 1 or #text
    append_words(spans, random, text:sub(from, to), options.typos)
    while random:uniform() < options.noise do
      spans[#spans + 1], spans[#spans + 2] = M.piece(random), "noise"
    end
    from = to + 1
  end
  return spans
end

return M
