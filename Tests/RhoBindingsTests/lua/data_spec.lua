local rho = require "rho"
local fixture = require "fixture"

describe("corpora", function()
  local function lines(n) return rho.data.documents { function(i) return ("line %d\n"):format(i) end, count = n } end

  it("come from functions and lists", function()
    local documents, bytes = lines(9):count()
    expect.equal(documents, 9)
    expect.equal(bytes, 63)
    expect.equal(rho.data.documents({ from = { "a", { text = "b", source = "x" } } }):documents()[2], { text = "b", source = "x" })
    expect.equal(rho.data.documents({ function(i) if i % 2 == 0 then return "even" end end, count = 4 }):count(), 2)
  end)

  it("carry labels from spans, flat or nested", function()
    local flat = rho.data.documents { function() return { "12 hens ", "useful", "<Apr12> ", "noise" } end, count = 1 }
    local nested = rho.data.documents { function() return { { "12 hens ", "useful" }, { "<Apr12> ", "noise" } } end, count = 1 }
    expect.equal(flat:documents()[1].spans, { { "12 hens ", "useful" }, { "<Apr12> ", "noise" } })
    expect.equal(flat:hash(), nested:hash())
    local loader = rho.loader { data = flat, tokenizer = rho.tokenizer.bytes(), batch = 1, context = 16, order = "sequential" }
    expect.equal(loader:batch(1):labels():totable()[1], { 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0 })
  end)

  it("read prompts without predicting them", function()
    local spans = rho.data.documents { { { "1+1?", "prompt", "2", "useful", "+1?", "prompt", "3", "useful" } } }
    local loader = rho.loader { data = spans, tokenizer = rho.tokenizer.bytes(), batch = 1, context = 12, order = "sequential" }
    local batch = loader:batch(1)
    -- Read 1+1?2+1?3 and the end of text; predicted are 2, 3 and the end of text alone.
    expect.equal(batch:prompt():totable()[1], { 1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0 })
    expect.equal(batch:targets():ge(0):totable()[1], { 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0 })
    expect.equal(batch.tokens, 3)
    expect.equal(batch:labels(), nil)
    expect.equal(batch:text(1), "1+1?2+1?3")
    expect.equal(batch:split(1)[1]:prompt():sum():item(), 7.0)
    expect.equal(spans:documents()[1].spans[1], { "1+1?", "prompt" })
    local plain = rho.loader { data = rho.data.documents { { "1+1?2" } }, tokenizer = rho.tokenizer.bytes(), batch = 1, context = 8 }
    expect.equal(plain:batch(1):prompt(), nil)
  end)

  it("take prompts from rows of JSON", function()
    local path = os.tmpname() .. ".jsonl"
    local file = assert(io.open(path, "w"))
    file:write('{"question":"1+1?","solution":"2","n":1}\n')
    file:close()
    local corpus = rho.data.jsonl { path, prompt = "Q{n}: {question}\n", text = "{solution} ({n})" }
    expect.equal(corpus:documents()[1].spans, { { "Q1: 1+1?\n", "prompt" }, { "2 (1)", "useful" } })
    expect.truthy(corpus:hash() ~= rho.data.jsonl({ path, text = "Q{n}: {question}\n{solution} ({n})" }):hash())
    expect.error("the template asks for field 'quest'", function() rho.data.jsonl({ path, prompt = "{quest}", text = "{solution}" }):count() end)
    os.remove(path)
  end)

  it("say what is wrong with a document", function()
    local function corpus(value) return rho.data.documents { function() return value end, count = 1 } end
    expect.error("the label of span 2 must be one of useful, noise, wrong, prompt, got 'nosie' (did you mean 'noise'?)",
      function() corpus({ "a", "useful", "b", "nosie" }):count() end)
    expect.error("a document must be a string or a list of labelled spans, got number", function() corpus(12):count() end)
    expect.error("flat spans come in pairs", function() corpus({ "a", "useful", "b" }):count() end)
    expect.error("a document has no field 'txt' (did you mean 'text'?)", function() corpus({ txt = "a" }):count() end)
    expect.error("count is required with a function", rho.data.documents, { function() return "a" end })
  end)

  it("split by content, take, filter and map", function()
    local train, held = lines(400):split { held_out = 0.25 }
    local kept, out = train:count(), held:count()
    expect.equal(kept + out, 400)
    expect.truthy(out > 60 and out < 140)
    expect.error("must be in (0, 1)", function() lines(4):split { held_out = 0 } end)
    expect.equal(lines(50):take({ documents = 7 }):count(), 7)
    expect.equal(lines(50):filter(function(d) return d.text:find("1") end):count(), 14)
    local upper = lines(3):map(function(d) return d.text:upper() .. d.index end)
    expect.equal(upper:documents()[3].text, "LINE 3\n3")
    expect.equal(lines(5):hash(), lines(5):hash())
    expect.truthy(lines(5):hash() ~= lines(6):hash())
  end)

  it("mix by weight", function()
    local a = rho.data.documents { function() return ("a"):rep(200) end, count = 40, name = "a" }
    local b = rho.data.documents { function() return ("b"):rep(200) end, count = 40, name = "b" }
    local mixture = rho.data.mix { { a, 1 }, { b, 3 } }
    local loader = rho.loader { data = mixture, tokenizer = rho.tokenizer.bytes(), batch = 16, context = 8, seed = 5 }
    local seen = { a = 0, b = 0 }
    for batch in loader:steps(20) do
      for _, row in ipairs(batch:describe().origin) do seen[row.source] = seen[row.source] + 1 end
    end
    expect.near(seen.b / (seen.a + seen.b), 0.75, 0.02)
    expect.error("part 2 must be {corpus, weight}", rho.data.mix, { { a, 1 }, { b } })
    expect.error("the weight of part 1 must be > 0, got 0", rho.data.mix, { { a, 0 } })
    expect.error("did you mean 'name'", rho.data.mix, { { a, 1 }, nmae = "x" })
  end)

  it("are tokenised once and found again", function()
    local tokenizer = rho.tokenizer.bytes()
    local one = rho.data.prepare { data = lines(20), tokenizer = tokenizer }
    local two = rho.data.prepare { data = lines(20), tokenizer = tokenizer }
    expect.equal(one:paths(), two:paths())
    expect.equal(one:count(), one:bytes() + one:documents())
  end)

  it("refuse to be empty", function()
    local none = rho.data.documents { function() end, count = 3, name = "none" }
    expect.error("corpus none is empty", function() return rho.data.prepare { data = none, tokenizer = rho.tokenizer.bytes() } end)
  end)
end)

describe("files", function()
  local root = os.getenv("RHO_TEST_DIR") .. "/files"
  rho.tokenizer.bytes():save(root .. "/tokenizer.json")

  local function write(name, text)
    local file <close> = assert(io.open(root .. "/" .. name, "w"))
    file:write(text)
    return root .. "/" .. name
  end

  local function texts(corpus)
    local found = {}
    for i, document in ipairs(corpus:documents { limit = 100 }) do found[i] = document.text end
    return found
  end

  local rows = write("rows.jsonl", [[
{"question": "2+2?", "solution": "4", "level": 1, "kind": "add", "lang": "en"}
{"question": "2*3?", "solution": "6", "level": 2, "kind": "times", "lang": "en"}
{"question": "7-5?", "solution": "2", "level": 3, "kind": "minus", "lang": "de", "note": "checked"}
]])

  local function kept(filter) return texts(rho.data.jsonl { rows, text = "{solution}", filter = filter }) end

  it("of rows fill a template", function()
    expect.equal(texts(rho.data.jsonl { rows, text = "{question}\n{solution}", limit = 1 }), { "2+2?\n4" })
    expect.equal(rho.data.jsonl({ rows, text = "{kind}", fields = { "level" } }):documents()[2].fields, { level = 2 })
    expect.error("the template asks for field 'solutoin' (did you mean 'solution'?)",
      function() return rho.data.jsonl({ rows, text = "{solutoin}" }):count() end)
  end)

  it("of rows are filtered by their fields", function()
    expect.equal(kept { lang = "en" }, { "4", "6" })
    expect.equal(kept { kind = { "add", "minus" } }, { "4", "2" })
    expect.equal(kept { level = { at_least = 2 } }, { "6", "2" })
    expect.equal(kept { level = { at_least = 2, at_most = 2 }, lang = "en" }, { "6" })
    expect.equal(kept { kind = { contains = "i" } }, { "6", "2" })
    expect.equal(kept { lang = { differs = "en" } }, { "2" })
    expect.equal(kept { note = { exists = true } }, { "2" })
    expect.equal(kept { note = { contains = "check", exists = true } }, { "2" })
    expect.equal(kept(function(row) return row.level % 2 == 1 end), { "4", "2" })
  end)

  it("say what is wrong with a filter", function()
    expect.error("no condition is called 'atleast' (did you mean 'at_least'?)", kept, { level = { atleast = 2 } })
    expect.error("at_least of 'level' must be a number, got string", kept, { level = { at_least = "2" } })
    expect.error("exists of 'note' can only be true", kept, { note = { exists = false } })
    expect.error("the condition on 'kind' is an empty table", kept, { kind = {} })
    expect.error("the filter asks for field 'note', the row has", kept, { note = "checked" })
    expect.error("field 'kind' is a string, the filter needs a number", kept, { kind = { at_most = 1 } })
  end)

  it("of text are documents, and so are the files of a directory", function()
    write("b.txt", "bee")
    write("a.md", "ay")
    write("c.bin", "sea")
    expect.equal(texts(rho.data.text { root }), { "ay", "bee" })
    expect.equal(texts(rho.data.text { root, suffix = { ".bin" } }), { "sea" })
    expect.equal(texts(rho.data.text { write("d.log", "one\n--\ntwo\n--\n"), separator = "\n--\n" }), { "one", "two" })
    expect.error("holds no file that ends in .rst", rho.data.text, { root, suffix = { ".rst" } })
    expect.error("cannot open", rho.data.text, { root .. "/none.txt" })
  end)

  it("skip bad rows when told to", function()
    local bad = write("bad.jsonl", '{"text": "a"}\n{"text": \n{"text": "c"}\n')
    expect.equal(texts(rho.data.jsonl { bad, on_bad_row = "skip" }), { "a", "c" })
    expect.error("bad.jsonl:2: bad JSON at byte", function() return rho.data.jsonl({ bad }):count() end)
  end)
end)

describe("tokenizers", function()
  it("give no special token for text that spells one, and any bytes back", function()
    local corpus = rho.data.documents { { "the hens and the pigs <|endoftext|> and the hens", "and 12 more" } }
    for _, tok in ipairs { rho.tokenizer.bytes(), rho.tokenizer.train_bpe { data = corpus, vocab_size = 300 } } do
      local special = tok:id("<|endoftext|>")
      local text = "a<|endoftext|>b \xff\xfe\0 é 日本 \xe2\x82"
      local ids = tok:encode(text)
      for _, id in ipairs(ids) do expect.truthy(id ~= special) end
      expect.equal(tok:decode(ids), text)
      expect.equal(table.concat(tok:pieces(text)), text)
      expect.equal(tok:token(special), "<|endoftext|>")
      expect.equal(tok:encode("a<|endoftext|>", { specials = true }), { tok:id("a"), special })
    end
  end)

  it("learn with the special tokens they are given", function()
    local corpus = rho.data.documents { { "the hens and the pigs and the hens", "the hens" } }
    local tok = rho.tokenizer.train_bpe { data = corpus, vocab_size = 400, specials = { "<|user|>", "<|endoftext|>" }, min_frequency = 2 }
    expect.equal(tok:id("<|user|>"), 0)
    expect.equal(tok:id("<|endoftext|>"), 1)
    expect.equal(tok:pieces("the pigs"), { "the", " ", "p", "i", "g", "s" })
    expect.error("the special token '<x>' is given twice", rho.tokenizer.train_bpe,
      { data = corpus, vocab_size = 400, specials = { "<x>", "<x>" } })
  end)
end)

describe("loaders", function()
  local corpus = rho.data.documents { function(i) return ("row %d "):format(i):rep(9) end, count = 30 }
  local function loader(seed) return rho.loader { data = corpus, tokenizer = rho.tokenizer.bytes(), batch = 4, context = 16, seed = seed } end

  it("give batches that depend on seed and step alone", function()
    expect.equal(loader(1):batch(5):ids():totable(), loader(1):batch(5):ids():totable())
    expect.truthy(loader(1):batch(5):text(1) ~= loader(2):batch(5):text(1) or loader(1):batch(5):text(2) ~= loader(2):batch(5):text(2))
    local steps = {}
    for batch in loader(1):steps(5, 3) do steps[#steps + 1] = batch.step end
    expect.equal(steps, { 3, 4, 5 })
    expect.equal(loader(1):batch(4):ids():totable(), (function() for b in loader(1):steps(4, 4) do return b:ids():totable() end end)())
  end)

  it("predict the next token", function()
    local batch = rho.loader({ data = corpus, tokenizer = rho.tokenizer.bytes(), batch = 2, context = 8, order = "sequential" }):batch(1)
    local ids, targets = batch:ids():totable(), batch:targets():totable()
    expect.equal(ids[1][2], targets[1][1])
    expect.equal(batch.tokens, 16)
    expect.equal(batch.rows, 2)
    expect.equal(batch:text(1), "row 1 ro")
    expect.error("row must be in 1 ... 2, got 3", batch.text, batch, 3)
  end)

  it("keep documents apart when told to", function()
    local model = fixture.model { seed = 3 }
    -- The second document's losses, after a first one of nine bytes and its end.
    local function losses(first, mask)
      local two = rho.data.documents { { first, "3 hens, 4 pigs and more" } }
      local batch = rho.loader({
        data = two, tokenizer = fixture.tokenizer, batch = 1, context = 32, order = "sequential", mask_documents = mask,
      }):batch(1)
      local found = {}
      for i, loss in ipairs(model:loss(batch):totable()[1]) do
        if i > 10 then found[#found + 1] = ("%.5f"):format(loss) end
      end
      return found
    end
    expect.equal(losses("aaaaaaaaa", true), losses("12 + 35 =", true))
    expect.truthy(losses("aaaaaaaaa", false)[1] ~= losses("12 + 35 =", false)[1])
  end)

  it("need a tokenizer for a corpus", function()
    expect.error("tokenizer is required", rho.loader, { data = corpus })
  end)
end)
