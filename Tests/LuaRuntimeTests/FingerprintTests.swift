import LuaRuntime
import RhoCore
import Testing

@Suite struct FingerprintTests {
    private func fingerprint(_ source: String) throws -> String {
        let bench = try Bench()
        return describe(try bench.run("local t = require 't'\n" + source))
    }

    @Test func commentsAndPlacesDoNotCount() throws {
        let plain = "local k = 0.6 return t.fingerprint(function(x) local y = x * k return function() return y end end)"
        let moved = """

            -- a comment
            local k = 0.6
            return t.fingerprint(function(x)
              -- another
              local y = x * k

              return function() return y end
            end)
            """
        #expect(try fingerprint(plain) == fingerprint(moved))
        #expect(try fingerprint(plain).count == 64)
    }

    @Test(arguments: [
        (
            "local k = 0.6 return t.fingerprint(function(x) return x * k end)",
            "local k = 0.7 return t.fingerprint(function(x) return x * k end)"
        ),
        (
            "local k = 1 return t.fingerprint(function(x) return x * k end)",
            "local k = 1.0 return t.fingerprint(function(x) return x * k end)"
        ),
        ("return t.fingerprint(function(x) return x + 1 end)", "return t.fingerprint(function(x) return x + 2 end)"),
        (
            "local k = { a = 1 } return t.fingerprint(function() return k end)",
            "local k = { a = 2 } return t.fingerprint(function() return k end)"
        ),
        (
            "local function g() return 1 end return t.fingerprint(function() return g() end)",
            "local function g() return 2 end return t.fingerprint(function() return g() end)"
        ),
        (
            "local f = math.floor return t.fingerprint(function(x) return f(x) end)",
            "local f = math.ceil return t.fingerprint(function(x) return f(x) end)"
        ),
        (
            "local f = t.add return t.fingerprint(function(x) return f(x) end)",
            "local f = t.half return t.fingerprint(function(x) return f(x) end)"
        ),
        (
            "local a = t.thing(1) return t.fingerprint(function() return a end)",
            "local a = t.thing(2) return t.fingerprint(function() return a end)"
        ),
    ])
    func contentCounts(_ one: String, _ other: String) throws {
        #expect(try fingerprint(one) == fingerprint(one))
        #expect(try fingerprint(one) != fingerprint(other))
    }

    @Test func orderOfKeysAndModuleStateDoNotCount() throws {
        let one = "local k = {} k.a = 1 k.b = 2 k.self = k return t.fingerprint(function() return k, t, print end)"
        let other =
            "local k = {} k.b = 2 k.self = k k.a = 1 t.x = 1 return t.fingerprint(function() return k, t, print end)"
        #expect(try fingerprint(one) == fingerprint(other))
    }

    @Test func unstableContentIsRefused() throws {
        let bench = try Bench()
        let source = "local c = coroutine.create(print) require 't'.fingerprint(function() return c end)"
        #expect(
            bench.failure(source) == "x.lua:1: t.fingerprint: a function that captures a thread has no fingerprint")
    }
}
