import LuaRuntime
import RhoCore
import Testing

/// No Swift object outlives its use, however the error that ends a call travels.
@Suite struct LeakTests {
    /// 100,000 thrown errors in all.
    @Test(arguments: [
        ("pcall", "for i = 1, 30000 do pcall(t.fail) end"),
        ("pcall with a callback", "for i = 1, 10000 do pcall(t.call, t.fail) end"),
        ("plain code under one pcall", "for i = 1, 10000 do pcall(function() local a = t.thing(i) t.fail(a) end) end"),
        (
            "coroutines",
            """
            for i = 1, 10000 do
              local co = coroutine.create(function() local a = t.thing(i) coroutine.yield() t.fail(a) end)
              coroutine.resume(co) assert(not coroutine.resume(co))
            end
            """
        ),
        ("wrapped coroutines", "for i = 1, 5000 do pcall(coroutine.wrap(function() t.fail(t.thing(i)) end)) end"),
        (
            "metamethods",
            """
            local m = setmetatable({}, { __add = t.fail, __index = t.fail, __concat = t.fail, __lt = t.fail })
            for i = 1, 5000 do
              pcall(function() return m + 1 end) pcall(function() return m.x end)
              pcall(function() return m .. "" end) pcall(function() return m < m end)
            end
            """
        ),
        (
            "class operators",
            "local a = t.thing(1) for i = 1, 5000 do pcall(function() return a + 'x' end) pcall(a.snap, a) end"
        ),
        (
            "__close",
            """
            for i = 1, 5000 do
              pcall(function() local c <close> = setmetatable({}, { __close = t.fail }) end)
              pcall(function() local c <close> = t.thing(1) t.fail() end)
            end
            """
        ),
        ("__gc", "for i = 1, 5000 do setmetatable({}, { __gc = t.fail }) end"),
        ("xpcall", "for i = 1, 5000 do xpcall(t.fail, function(e) t.try(t.fail) return e end) end"),
        (
            "arguments",
            """
            local a = t.thing(1)
            for i = 1, 5000 do pcall(t.add, a) pcall(a.plus, 1) pcall(t.excess_loss, { scores = a }) end
            """
        ),
    ])
    func errorsLeakNothing(_ name: String, _ loop: String) throws {
        let bench = try Bench()
        try bench.run("local t = require 't'\n" + loop)
        bench.state.collectGarbage()
        bench.state.collectGarbage()
        #expect(bench.ledger.live == 0, "\(name)")
    }

    /// 50,000 objects of a megabyte each, made and dropped, stay under 200 MB.
    @Test func outsideMemoryDrivesTheCollector() throws {
        let bench = try Bench()
        try bench.run("local t = require 't' for i = 1, 50000 do local x = t.thing(i, 1 << 20) end")
        #expect(bench.state.memory.externalPeak < 200 << 20)
        bench.state.collectGarbage()
        #expect(bench.state.memory.external == 0 && bench.state.memory.objects == 0)
    }

    /// A large live set is no reason to collect for ever, nor to stop collecting.
    @Test func pressureWorksAboveALargeLiveSet() throws {
        let bench = try Bench()
        try bench.run(
            """
            local t = require 't'
            local kept = {}
            for i = 1, 2000 do kept[i] = t.thing(i, 1 << 20) end
            for i = 1, 20000 do local x = t.thing(i, 1 << 20) end
            """)
        #expect(bench.state.memory.externalPeak < 4500 << 20)
    }

    @Test func releaseAndCloseGiveMemoryBackAtOnce() throws {
        let bench = try Bench()
        try bench.run("local t = require 't' for i = 1, 5000 do local x <close> = t.thing(i, 1 << 20) end")
        #expect(bench.state.memory.externalPeak <= 1 << 20)
    }

    @Test func referencesFromSwiftLetGo() throws {
        let bench = try Bench()
        var functions: [LuaFunction] = []
        let function = try #require(
            try bench.run("local a = require 't'.thing(1) return function() return a end")[0].functionValue)
        functions.append(function)
        bench.state.collectGarbage()
        #expect(bench.ledger.live == 1)
        functions = []
        _ = try function.call()
    }

    @Test func referencesOutliveTheirState() throws {
        var bench: Bench? = try Bench()
        let function = try #require(try bench?.run("return function() end")[0].functionValue)
        let table = try #require(bench?.state.makeTable())
        bench = nil
        #expect(throws: LuaError.self) { try function.call() }
        #expect(throws: RhoError.self) { try table.get("x") }
    }
}
