import LuaRuntime
import RhoCore
import Testing

@Suite struct DeclareTests {
    private static let library = """
        local host = require "rho.host"
        local M = {}
        M.train = host.declare({
          name = "rho.train", doc = "Trains a model.\\nLong.",
          example = [[ rho.train { model = m } ]],
          options = {
            { "model", "Thing", required = true, doc = "the model" },
            { "tokens", "integer", min = 1, default = 2e6, unit = "tokens", doc = "how many" },
            { "keep", "number", min = 0, max = 1, open_min = true, default = 0.6, doc = "share" },
            { "betas", "list<number>", default = { 0.9, 0.95 }, doc = "decays" },
            { "eval", "Thing|table", doc = "held out" },
            { "kind", one_of = { "clean", "noisy" }, default = "clean", doc = "which" },
            { "run", "rho.Run", doc = "a run" },
          },
          returns = { { "rho.Run", "the run" } },
        }, function(o) return o end)
        M.square = host.declare { function(x, y) return x * x, y end, name = "rho.square", doc = "Squares.",
          parameters = {
            { "x", "number", required = true, doc = "number" }, { "y", "integer", default = 3, doc = "more" },
          } }
        M.compare = host.declare({ name = "rho.compare", doc = "Compares.", open = "the runs, by name",
          options = { { "baseline", "string", default = "clm", doc = "arm" } } }, function(o) return o end)
        M.yields = host.declare({ name = "rho.yields", doc = "Yields.", parameters = {} },
          function() return coroutine.yield(5) end)
        M.deep = host.declare({ name = "rho.deep", doc = "Fails inside.", parameters = {} },
          function() return M.square("x") end)
        return M
        """

    private func bench() throws -> Bench {
        let bench = try Bench()
        bench.state.addLibrary(name: "lib", source: Self.library)
        return bench
    }

    @Test(arguments: [
        ("m.train { model = t.thing(1) }.tokens", "2000000"),
        ("math.type(m.train { model = t.thing(1), tokens = 1e3 }.tokens)", "integer"),
        ("m.train { model = t.thing(1) }.betas[2]", "0.95"), ("m.train { model = t.thing(1) }.eval", "nil"),
        ("m.train { model = t.thing(1), kind = 'noisy' }.kind", "noisy"), ("m.square(3)", "9 3"),
        ("m.square(3, 4)", "9 4"), ("m.compare { slm = 1, clm = 2 }.slm", "1"), ("m.compare {}.baseline", "clm"),
        ("(function() local e = {} return m.train { model = t.thing(1), eval = e }.eval == e end)()", "true"),
        ("(function() local f = coroutine.wrap(m.yields) return f() + f(6) end)()", "11"),
        ("m.train { model = t.thing(1), run = setmetatable({}, { __name = 'rho.Run' }) } ~= nil", "true"),
    ])
    func accepts(_ call: String, _ expected: String) throws {
        #expect(describe(try bench().run("local t, m = require 't', require 'lib' return \(call)")) == expected)
    }

    @Test(arguments: [
        ("m.train { modle = 1 }", "rho.train: unknown option 'modle' (did you mean 'model'?)"),
        ("m.train {}", "rho.train: model is required (a Thing)"),
        ("m.train()", "rho.train: model is required (a Thing)"),
        ("m.train { model = 5 }", "rho.train: model must be a Thing, got 5"),
        (
            "m.train { model = t.thing(1), keep = 60 }",
            "rho.train: keep must be in (0, 1], got 60 (did you mean 0.6?)"
        ),
        (
            "m.train { model = t.thing(1), run = {} }", "rho.train: run must be a rho.Run, got a table"
        ),
        (
            "m.train { model = t.thing(1), kind = 'nosy' }",
            "rho.train: kind must be one of \"clean\", \"noisy\", got \"nosy\" (did you mean 'noisy'?)"
        ),
        ("m.square()", "rho.square: x is required (a number)"),
        ("m.square(1, 2, 3)", "rho.square: takes at most 2 arguments, got 3"),
        ("m.deep()", "rho.square: x must be a number, got \"x\""),
        ("h.declare({ nmae = 'x' }, print)", "rho.declare: unknown entry 'nmae' (did you mean 'name'?)"),
        ("h.declare({ name = 'x' })", "rho.declare: x has no function"),
        ("h.fail('nonsense', 'x')", "rho.fail: code must be one of"),
        ("h.fail('value', 'keep is odd')", "keep is odd"),
    ])
    func refuses(_ call: String, _ sentence: String) throws {
        let source = "local t, m, h = require 't', require 'lib', require 'rho.host'\nlocal _ = \(call)"
        let failure = try bench().failure(source)
        #expect(
            failure == "x.lua:2: " + sentence || (sentence.hasSuffix("one of") && failure.contains(sentence)),
            "\(failure)")
    }

    @Test func declarationsAreDocumented() throws {
        let bench = try bench()
        try bench.run("require 'lib'")
        let docs = DocsEmitter(bench.state.catalog)
        let help = try docs.help("rho.train")
        #expect(help.hasPrefix("rho.train { … }\n\nTrains a model."))
        #expect(help.contains("  tokens  how many (an integer >= 1, default 2000000, in tokens)"))
        #expect(help.contains("  keep    share (in (0, 1], default 0.6)"))
        #expect(help.contains("returns rho.Run: the run"))
        #expect(throws: RhoError(.usage, "there is no help for 'rho.trian' (did you mean 'rho.train'?)")) {
            try docs.help("rho.trian")
        }
        let manual = docs.markdown()
        #expect(manual.contains("## `t.add(a, [b])`"))
        #expect(manual.contains("| `kind` | one of \"clean\", \"noisy\" | `\"clean\"` | which |"))
        #expect(manual.contains("Further entries: the runs, by name."))
        #expect(manual.contains("### `Thing:plus(other)`"))
        let stubs = docs.stubs()
        #expect(stubs.hasPrefix("---@meta rho"))
        #expect(stubs.contains("---@class (exact) rho.train.options"))
        #expect(stubs.contains("---@field tokens? number how many (default 2000000)"))
        #expect(stubs.contains("function Thing:plus(other) end"))
        #expect(stubs.contains("---@operator add(any): any"))
        // Stubs are Lua themselves.
        #expect(describe(try bench.run("return load([==[\(stubs)]==]) ~= nil")) == "true")
        #expect(describe(try bench.run("return #require 'rho.host'.help('Thing') > 0")) == "true")
    }
}
