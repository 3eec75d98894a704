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

    @Test func statesStartQuickly() throws {
        let start = Clock.monotonicSeconds()
        for _ in 0..<10 { _ = try LuaState() }
        let each = (Clock.monotonicSeconds() - start) / 10
        print("a state starts in \(Int(each * 1e6)) µs")
        #expect(each < 0.02)
    }
}
