import LuaRuntime
import RhoCore
import Testing

/// Memory that runs out at any one moment is an error like another: nothing leaks, and the state lives on.
@Suite struct FailingAllocationTests {
    /// Every allocation that each script makes fails once.
    @Test(arguments: [
        ("plain", "local s = {} for i = 1, 20 do s[i] = 'x' .. i end return table.concat(s)"),
        (
            "native",
            "local a = t.thing(1) for i = 1, 5 do a = a:plus(t.thing(i)) end local s = { tostring(a), t.add(1, 2) } return s"
        ),
        ("options", "return t.excess_loss { scores = t.thing(2), keep = 0.5 }"),
        (
            "pcall",
            "for i = 1, 5 do pcall(t.fail) pcall(error, { i }) end return xpcall(t.fail, function(e) return { e } end)"
        ),
        (
            "coroutine",
            "local co = coroutine.wrap(function(a) for i = 1, 5 do a = coroutine.yield({ a, t.thing(i) }) end end) for i = 1, 5 do co(i) end"
        ),
        (
            "closed",
            "for i = 1, 3 do local c <close> = t.thing(i) local d <close> = setmetatable({}, { __close = function() return { i } end }) end"
        ),
        ("collected", "for i = 1, 20 do setmetatable({}, { __gc = function() return { i } end }) end collectgarbage()"),
        (
            "ordered",
            "local n = 0 for k in pairs { 3, x = {}, [{}] = 2, [print] = 'y', [1.5] = 0 } do n = n + 1 end return next({ a = 1 })"
        ),
        ("sorted", "local s = { 5, 3, 9, 1 } table.sort(s, function(a, b) return a < b end) return #s"),
        ("callback", "return t.call(function() local x = {} for i = 1, 5 do x[i] = { t.thing(i) } end return #x end)"),
        ("loaded", "return assert(load('local a = {...} return #a + 1'))(1, 2, 3)"),
        (
            "metamethods",
            "local m = setmetatable({}, { __index = function(_, k) return { k } end, __tostring = function() return ('m'):rep(40) end }) return m.x[1], tostring(m)"
        ),
        ("random", "return math.random(5), require('rho.host').suggestion('ab', { 'abc', 'x' })"),
    ])
    func everyAllocationMayFail(_ name: String, _ script: String) throws {
        let bench = try Bench()
        // What is made on first use is made.
        try bench.run("local t = require 't'\n" + script)
        for count in 0..<5000 {
            bench.state.failAllocation(after: count)
            let error = bench.error("local t = require 't'\n" + script)
            let failed = bench.state.allocationHasFailed
            bench.state.failAllocation(after: -1)
            if let error {
                // `load` gives the sentence back as a string.
                let isMemory = error.code == .memory || error.message == "not enough memory"
                #expect(isMemory, "\(name), allocation \(count): \(error)")
            }
            if !failed {
                #expect(error == nil && count > 0)
                break
            }
        }
        try bench.run("local t = require 't'\n" + script)
        bench.state.collectGarbage()
        bench.state.collectGarbage()
        #expect(bench.ledger.live == 0, "\(name)")
    }
}
