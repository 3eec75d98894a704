import LuaRuntime
import RhoCore
import Testing

/// What user code finds around it: globals, order of iteration, randomness, output, exit.
@Suite struct EnvironmentTests {
    @Test(arguments: [
        ("return pritn", "x.lua:1: global 'pritn' is not defined (did you mean 'print'?)"),
        ("return zzzzzz", "x.lua:1: global 'zzzzzz' is not defined"),
        ("t.add(1)", "x.lua:1: global 't' is not defined (a module: local t = require \"t\")"),
        (
            "\ncount = 1",
            "x.lua:2: assignment to the undefined global 'count': write \"local count\", "
                + "or rho.globals.count = ... where a global is meant"
        ),
        (
            "function helper() end",
            "x.lua:1: assignment to the undefined global 'helper': write \"local helper\", "
                + "or rho.globals.helper = ... where a global is meant"
        ),
        ("setmetatable(_G, nil)", "x.lua:1: cannot change a protected metatable"),
    ])
    func globalsAreStrict(_ source: String, _ sentence: String) throws {
        let bench = try Bench()
        #expect(bench.failure(source) == sentence)
    }

    @Test func globalsCanBeMadeOnPurpose() throws {
        let bench = try Bench()
        let source =
            "local g = require 'rho.host'.globals g.count = 1 count = count + 1 return count, g.none, rawget(_G, 'x')"
        #expect(describe(try bench.run(source)) == "2 nil nil")
        bench.state.addLibrary(name: "loose", source: "leak = 5 return { leak, undefined_thing }")
        bench.state.addLibrary(name: "tight", source: "leak = 5", strict: true)
        #expect(describe(try bench.run("return require 'loose', rawget(_G, 'leak')")) == "{5} nil")
        #expect(bench.failure("require 'tight'").contains("assignment to the undefined global 'leak'"))
    }

    @Test func pairsHasADefinedOrder() throws {
        let source = """
            local t = {}
            local objects = { {}, print, function() end, coroutine.create(print), require 't'.thing(1), {} }
            for i = #objects, 1, -1 do t[objects[i]] = i end
            local keys = { "b", "a", "ab", "", "Z", true, false, 3, -1, 2.5, 1e300, 1, math.mininteger }
            for _, k in ipairs(keys) do t[k] = 0 end
            local out = {}
            for k, v in pairs(t) do out[#out + 1] = type(k) .. ":" .. (v == 0 and tostring(k) or v) end
            local walk, k = {}, nil
            while true do
              local v
              k, v = next(t, k)
              if k == nil then break end
              walk[#walk + 1] = type(k) .. ":" .. (v == 0 and tostring(k) or v)
            end
            assert(table.concat(out, " ") == table.concat(walk, " "))
            return table.concat(out, " ")
            """
        let order = describe(try Bench().run(source))
        #expect(
            order
                == "number:-9223372036854775808 number:-1 number:1 number:2.5 number:3 number:1e+300 string: string:Z "
                + "string:a string:ab string:b boolean:false boolean:true "
                + "function:2 table:1 function:3 thread:4 userdata:5 table:6"
        )
    }

    @Test func iterationToleratesRemovalAndGrowth() throws {
        let bench = try Bench()
        let source = """
            local t, seen = {}, {}
            for i = 1, 50 do t["k" .. i] = i end
            for k in pairs(t) do t[k] = nil; t["x" .. k] = true; seen[#seen + 1] = k end
            local u, count = {}, 0
            for i = 1, 50 do u["k" .. i] = i end
            local k = next(u)
            while k do local following = next(u, k); u[k] = nil; count = count + 1; k = following end
            local q = {}
            for i = 1, 20 do q["k" .. i] = i end
            while next(q) do q[next(q)] = nil end
            local custom = setmetatable({}, { __pairs = function() return next, { z = 1 } end })
            for k in pairs(custom) do count = count .. k end
            return #seen, count, next(u), next({}), seen[1], seen[50]
            """
        #expect(describe(try bench.run(source)) == "50 50z nil nil k1 k9")
        #expect(
            bench.failure("for k in pairs(nil) do end").hasSuffix(
                "bad argument #1 to 'for iterator' (table expected, got nil)")
                || bench.failure("for k in pairs(nil) do end")
                    == "x.lua:1: bad argument #1 to 'pairs' (table expected, got nil)"
        )
    }

    @Test func sortIsStable() throws {
        let bench = try Bench()
        let source = """
            local list = {}
            for i = 1, 2000 do list[i] = { key = i * 7919 % 13, at = i } end
            table.sort(list, function(a, b) return a.key < b.key end)
            for i = 2, #list do
              local a, b = list[i - 1], list[i]
              assert(a.key < b.key or (a.key == b.key and a.at < b.at))
            end
            local words = { "b", "a", "C" }
            table.sort(words)
            table.sort(list, function() return true end)
            return table.concat(words), #list
            """
        #expect(describe(try bench.run(source)) == "Cab 2000")
    }

    @Test func randomnessComesFromTheSeed() throws {
        let source =
            "local o = {} for i = 1, 5 do o[i] = math.random(100) end return table.concat(o, ' '), math.random()"
        let first = describe(try Bench(seed: 7).run(source))
        #expect(first == describe(try Bench(seed: 7).run(source)))
        #expect(first != describe(try Bench(seed: 8).run(source)))
        let bench = try Bench(seed: 7)
        try bench.run("math.random()")
        let saved = bench.state.random
        let next = describe(try bench.run("return math.random(), math.random(3, 9), math.random(0)"))
        bench.state.random = LuaRandom(seed: saved.seed, index: saved.index)
        #expect(describe(try bench.run("return math.random(), math.random(3, 9), math.random(0)")) == next)
        #expect(bench.failure("math.random(5, 1)") == "x.lua:1: math.random: the interval [5, 1] is empty")
        let reseeded = "math.randomseed(5) local a = math.random() math.randomseed(5) return a == math.random()"
        #expect(describe(try bench.run(reseeded)) == "true")
    }

    @Test func printGoesToTheHost() throws {
        let bench = try Bench()
        try bench.run("print(1, nil, 'a', require 't'.thing(2)) io.write('x', 1, '\\n') io.stdout:write('') print()")
        #expect(bench.printed == "1\tnil\ta\tThing(2.0)\nx1\n\n")
    }

    @Test func exitUnwindsFromAnywhere() throws {
        let body = """
            local t = require 't'
            local log = t.thing(1)
            local function leave()
              local c <close> = setmetatable({}, { __close = function() print("closed") end })
              os.exit(3)
            end
            while true do
              pcall(function() while true do xpcall(coroutine.wrap(function() t.call(leave) end), print) end end)
            end
            """
        let bench = try Bench()
        let error = try #require(bench.error(body))
        #expect(error.exitCode == 3)
        #expect(bench.printed == "closed\n")
        #expect(bench.error("os.exit()")?.exitCode == 0)
        #expect(bench.error("os.exit(false)")?.exitCode == 1)
        #expect(bench.error("os.exit(true)")?.exitCode == 0)
        #expect(
            bench.failure("os.exit('x')")
                == "x.lua:1: os.exit: the status must be true, false or in [0, 255], got \"x\"")
        // The state goes on afterwards.
        #expect(describe(try bench.run("return pcall(error, 'x')")) == "false x")
    }
}
