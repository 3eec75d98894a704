import LuaRuntime
import RhoCore
import Testing

@Suite struct ClassTests {
    @Test(arguments: [
        ("t.thing(2):plus(t.thing(3)):get()", "5.0"), ("(t.thing(2) + 1).value", "3.0"),
        ("(2 * t.thing(4)).value", "8.0"), ("(-t.thing(4)).value", "-4.0"), ("#t.thing(1)", "7"),
        ("tostring(t.thing(1))", "Thing(1.0)"), ("t.thing(1)[3]", "30"), ("t.thing(1)('a', 2)", "a 2"),
        ("t.thing(1) == t.thing(1)", "false"),
    ])
    func works(_ expression: String, _ expected: String) throws {
        let bench = try Bench()
        #expect(describe(try bench.run("local t = require 't' return \(expression)")) == expected)
    }

    @Test(arguments: [
        ("a.plus(b)", "Thing:plus: other is required (a Thing)"),
        ("a.get()", "Thing:get: the object must be a Thing, got nothing (use thing:get(...), not thing.get(...))"),
        ("a.get(5)", "Thing:get: the object must be a Thing, got 5 (use thing:get(...), not thing.get(...))"),
        ("a:plsu(b)", "Thing has no member 'plsu' (did you mean 'plus'?)"),
        ("a.valeu", "Thing has no member 'valeu' (did you mean 'value'?)"),
        ("a:plus(5)", "Thing:plus: other must be a Thing, got 5"),
        ("a:plus(io.stdout)", "Thing:plus: other must be a Thing, got a userdata"),
        ("a:plus(setmetatable({}, { __name = 'Fake' }))", "Thing:plus: other must be a Thing, got a Fake"),
        ("a + 'x'", "Thing +: b must be a Thing or a number, got \"x\""),
        ("a:get(1)", "Thing:get: takes no arguments, got 1"),
        ("a:release():get()", "attempt to index a nil value"),
        ("a:release() or a:get()", "Thing was released at x.lua:3"),
        ("a:release() or b:plus(a)", "Thing was released at x.lua:3"),
        ("a:release() or a.value", "Thing was released at x.lua:3"),
        ("a:snpa()", "Thing has no member 'snpa' (did you mean 'snap'?)"),
        ("a:snap()", "Thing:snap: 2.0 is broken"),
    ])
    func refuses(_ expression: String, _ sentence: String) throws {
        let bench = try Bench()
        let source = "local t = require 't'\nlocal a, b = t.thing(2), t.thing(3)\nlocal _ = \(expression)"
        #expect(bench.failure(source) == "x.lua:3: " + sentence)
    }

    @Test func propertiesAreAssignedOnlyWhereDeclared() throws {
        let bench = try Bench()
        let prefix = "local a = require 't'.thing(1) "
        #expect(describe(try bench.run(prefix + "a.label = 'x' return a.label")) == "x")
        #expect(bench.failure(prefix + "a.value = 1") == "x.lua:1: Thing.value cannot be assigned")
        #expect(bench.failure(prefix + "a.get = 1") == "x.lua:1: Thing.get cannot be assigned")
        #expect(bench.failure(prefix + "a.lable = 1") == "x.lua:1: Thing has no member 'lable' (did you mean 'label'?)")
        #expect(bench.failure(prefix + "a.label = 1") == "x.lua:1: Thing: label must be a string, got 1")
    }

    @Test func oneObjectIsOneValue() throws {
        let bench = try Bench()
        let source =
            "local a = require 't'.thing(1) return a == a:same(), rawequal(a, a:same()), ({ [a] = 5 })[a:same()]"
        #expect(describe(try bench.run(source)) == "true true 5")
        #expect(bench.ledger.live <= 1)
    }

    @Test func releaseIsIdempotentAndCloses() throws {
        let bench = try Bench()
        try bench.run(
            """
            local t = require 't'
            local a = t.thing(1)
            a:release() a:release()
            do local b <close> = t.thing(2) end
            pcall(function() local c <close> = t.thing(3) error("x") end)
            assert(t.live() == 0, t.live())
            assert(tostring(a) == "Thing (released)")
            """)
        #expect(bench.ledger.released == 3)
    }

    @Test func aReleasedObjectThatLivesOnComesBackInANewBox() throws {
        let bench = try Bench()
        let kept = Thing(bench.ledger, 9)
        try bench.state.register(
            LuaModuleDeclaration(
                "kept", doc: "",
                functions: [LuaFunctionDeclaration("kept.get", doc: "") { _ in [.object(kept, class: "Thing")] }]))
        let source = "local k = require 'kept' k.get():release() return k.get():get()"
        #expect(describe(try bench.run(source)) == "9.0")
    }

    @Test func metatablesAreOutOfReach() throws {
        let bench = try Bench()
        let values = try bench.run(
            "local a = require 't'.thing(1) return getmetatable(a), pcall(setmetatable, a, {}), debug.setmetatable")
        #expect(describe([values[0], values[1]]) == "Thing false")
        let forged = "debug.getmetatable(require 't'.thing(1)).__gc(io.stdout) return io.type(io.stdout)"
        #expect(describe(try bench.run(forged)) == "file")
    }

    @Test func everythingGoesWithTheState() throws {
        var bench: Bench? = try Bench()
        let ledger = try #require(bench?.ledger)
        try bench?.run("local t = require 't' rawset(_G, 'kept', { t.thing(1), t.thing(2) })")
        #expect(ledger.live == 2)
        bench = nil
        #expect(ledger.live == 0)
    }
}
