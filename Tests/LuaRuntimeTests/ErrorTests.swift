import LuaRuntime
import RhoCore
import Testing

@Suite struct ErrorTests {
    @Test(arguments: [
        ("error('boom')", "x.lua:1: boom"), ("error('boom', 0)", "x.lua:1: boom"),
        ("local a\nlocal b = a.c", "x.lua:2: attempt to index a nil value (local 'a')"),
        ("error { message = 'mine', code = 5 }", "x.lua:1: mine"),
        ("error(setmetatable({}, { __tostring = function() return 'shown' end }))", "x.lua:1: shown"),
        ("error()", "x.lua:1: error without a value (error(nil))"), ("error {}", "x.lua:1: the script raised a table"),
        ("error(42)", "x.lua:1: 42"), ("error(true)", "x.lua:1: the script raised a boolean"),
        ("local x = = 1", "x.lua:1: unexpected symbol near '='"),
        ("local function f() error('deep') end\n\nf()", "x.lua:1: deep"),
        ("coroutine.wrap(function()\n error('inside') end)()", "x.lua:2: inside"),
        ("coroutine.wrap(function()\n require 't'.add('x') end)()", "x.lua:2: t.add: a must be an integer, got \"x\""),
        ("require 't'.call(function()\n error('called') end)", "x.lua:2: called"),
        (
            "table.sort({ 3, 2, 1 }, function(a, b)\n return a.x < b end)",
            "x.lua:2: attempt to index a number value (local 'a')"
        ),
    ])
    func places(_ source: String, _ sentence: String) throws {
        let bench = try Bench()
        #expect(bench.failure(source) == sentence)
    }

    @Test func errorsAreValuesWithFields() throws {
        let bench = try Bench()
        let values = try bench.run(
            """
            local ok, e = pcall(require 't'.fail)
            assert(not ok and tostring(e) == "x.lua:1: t.fail: cannot open 1.0.jsonl", tostring(e))
            assert(e .. "!" == tostring(e) .. "!" and e:match("cannot open (%S+)") == "1.0.jsonl")
            return e.code, e.message, e.file, e.line, e.hint, getmetatable(e), e.nothing
            """)
        #expect(describe(values) == "io t.fail: cannot open 1.0.jsonl x.lua 1 make it first rho.error nil")
    }

    @Test func rethrownErrorsKeepTheirIdentity() throws {
        let bench = try Bench()
        let values = try bench.run(
            """
            local t = require 't'
            local mine = {}
            local _, a = pcall(t.call, function() error(mine) end)
            local _, native = pcall(t.fail)
            local _, b = pcall(t.call, function() t.call(function() error(native) end) end)
            local _, c = pcall(coroutine.wrap(function() t.call(error, native) end))
            return a == mine, rawequal(b, native), rawequal(c, native), b.line
            """)
        #expect(describe(values) == "true true true 4")
    }

    @Test func libraryFramesArePassedOver() throws {
        let bench = try Bench()
        bench.state.addLibrary(
            name: "rho.train",
            source: """
                local host = require "rho.host"
                local M = {}
                function M.fails() host.fail("value", "bad share", "use 0.6") end
                function M.breaks() local x = nil; return x.y end
                function M.calls(f) return f() end
                return M
                """)
        let prefix = "local m = require 'rho.train'\n"
        let error = try #require(bench.error(prefix + "m.fails()"))
        #expect("\(error)" == "x.lua:2: bad share")
        #expect(error.hint == "use 0.6" && error.code == .value)
        #expect(error.traceback == "x.lua:2: in main chunk")
        // A defect of the library keeps its own position in the sentence.
        #expect(
            bench.failure(prefix + "m.breaks()")
                == "x.lua:2: rho/train.lua:4: attempt to index a nil value (local 'x')")
        #expect(bench.failure(prefix + "m.calls(function()\n error('user') end)") == "x.lua:3: user")
        bench.state.fullTraceback = true
        let full = try #require(bench.error(prefix + "m.fails()")?.traceback)
        #expect(full.contains("rho/train.lua:3: in function 'rho.train.fails'") || full.contains("rho/train.lua:3: in"))
        #expect(full.contains("[native]"))
    }

    @Test func tracebacksShowTheUsersFrames() throws {
        let bench = try Bench()
        let error = try #require(
            bench.error(
                """
                local function inner() error("x") end
                local function outer()
                  inner()
                  return 1
                end
                local co = coroutine.wrap(function()
                  outer()
                  return 1
                end)
                co()
                """))
        #expect(
            error.traceback
                == "x.lua:1: in function 'inner'\nx.lua:3: in function 'outer'\n"
                + "x.lua:7: in function\nx.lua:10: in main chunk"
                || error.traceback?.hasPrefix("x.lua:1: in upvalue 'inner'") == true, "\(error.traceback ?? "")")
    }

    @Test func syntaxErrorsNameTheWholePath() throws {
        let folder = try ScratchFolder()
        let path = try folder.write(
            String(repeating: "long-", count: 20) + "name.lua", "#!/bin/env rhoscript\nlocal x\nx x")
        let bench = try Bench()
        do {
            _ = try bench.state.run(file: path)
            Issue.record("the file ran")
        } catch {
            #expect("\(error)" == "\(path):3: syntax error near 'x'")
        }
        do {
            _ = try bench.state.run(file: folder.path + "/none.lua")
            Issue.record("the file ran")
        } catch { #expect(error.code == .io) }
    }

    @Test func callbacksThatFailReachSwiftAsErrors() throws {
        let bench = try Bench()
        let function = try #require(try bench.run("return function(x) return x.y.z end")[0].functionValue)
        #expect(throws: LuaError.self) { try function.call([.list([.integer(1)])]) }
        do {
            _ = try function.call([.list([LuaValue]())])
        } catch {
            #expect("\(error)" == "x.lua:1: attempt to index a nil value (field 'y')")
        }
        #expect(describe(try bench.run("return require 't'.try(function() error('x') end)")) == "x.lua:1: x")
    }

    @Test func stackOverflowIsAnError() throws {
        let bench = try Bench()
        #expect(bench.failure("local function f() return 1 + f() end f()").contains("stack overflow"))
        let crossing = "local t = require 't' local function f() return t.call(f) end f()"
        #expect(bench.failure(crossing).contains("overflow"))
        #expect(describe(try bench.run("return 1")) == "1")
    }
}
