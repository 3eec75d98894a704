import LuaRuntime
import RhoCore
import Testing

@Suite struct CostTests {
    /// Nanoseconds for one call of a simple declared function; the bound leaves room for a busy machine.
    @Test func callsAreCheap() throws {
        let bench = try Bench()
        let loop =
            "local f = %s local c = os.clock() for i = 1, 300000 do f(i, 2) end return (os.clock() - c) / 300000 * 1e9"
        func cost(_ function: String) throws -> Double {
            let source = loop.split(separator: "%s").joined(separator: function)
            return try (0..<3).map { _ in try bench.run(source)[0].doubleValue ?? 0 }.min() ?? 0
        }
        let native = try cost("require 't'.add")
        let method = try cost("(function() local a = require 't'.thing(1) return function() return a:get() end end)()")
        let floor = try cost("math.floor")
        print(
            "a call costs: declared function \(Int(native)) ns, method \(Int(method)) ns, math.floor \(Int(floor)) ns")
        #expect(native < 1000)
        #expect(method < 1000)
    }

    @Test func iterationInOrderIsAffordable() throws {
        let bench = try Bench()
        let source = """
            local t, list = {}, {}
            for i = 1, 1000 do t["key" .. i] = i list[i] = i end
            local function cost(t)
              local c = os.clock()
              for round = 1, 50 do for k, v in pairs(t) do end end
              return (os.clock() - c) / 50 * 1e6
            end
            return cost(t), cost(list)
            """
        let costs = try bench.run(source).compactMap(\.doubleValue)
        print("pairs costs: 1000 string keys \(Int(costs[0])) µs, a list of 1000 \(Int(costs[1])) µs")
        #expect(costs[0] < 10_000)
    }

    @Test func statesStartQuickly() throws {
        let start = Clock.monotonicSeconds()
        for _ in 0..<10 { _ = try LuaState() }
        let each = (Clock.monotonicSeconds() - start) / 10
        print("a state starts in \(Int(each * 1e6)) µs")
        #expect(each < 0.02)
    }
}
