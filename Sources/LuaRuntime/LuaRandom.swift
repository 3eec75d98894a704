import CLua
import RhoCore

/// The generator behind `math.random`: a counter-based stream named `lua/math.random`, so that seed and index are its
/// whole state.
public struct LuaRandom: Sendable, Equatable {
    public let seed: UInt64
    /// Draws so far.
    public private(set) var index: UInt64
    private let stream: RandomStream

    public init(seed: UInt64, index: UInt64 = 0) {
        self.seed = seed
        self.index = index
        stream = RandomStream(seed: seed, name: "lua/math.random")
    }

    public static func == (a: LuaRandom, b: LuaRandom) -> Bool { a.seed == b.seed && a.index == b.index }

    mutating func next() -> UInt64 {
        defer { index &+= 1 }
        return stream.bits(at: index)
    }

    /// Uniform in [0, 1), of 53 bits.
    mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Uniform in 0...last, without bias: draws above the largest multiple of the range are thrown away.
    mutating func upTo(_ last: UInt64) -> UInt64 {
        if last == .max { return next() }
        let range = last + 1
        let excess = (UInt64.max % range + 1) % range
        while true {
            let bits = next()
            if bits <= UInt64.max - excess { return bits % range }
        }
    }
}

extension LuaState {
    /// `math.random()`, `math.random(n)`, `math.random(m, n)` as in Lua, from the run's seed.
    func mathRandom() throws(RhoError) -> Int32 {
        let count = lua_gettop(thread)
        if count == 0 {
            lua_pushnumber(thread, random.uniform())
            return 1
        }
        let first = try randomBound(1)
        let low = count == 1 ? 1 : first
        let high = count == 1 ? first : try randomBound(2)
        if count == 1 && high == 0 {
            lua_pushinteger(thread, lua_Integer(bitPattern: random.next()))
            return 1
        }
        guard low <= high else { throw RhoError(.value, "math.random: the interval [\(low), \(high)] is empty") }
        let offset = random.upTo(UInt64(bitPattern: high &- low))
        lua_pushinteger(thread, lua_Integer(low &+ Int64(bitPattern: offset)))
        return 1
    }

    private func randomBound(_ index: Int32) throws(RhoError) -> Int64 {
        guard fits(index, .integer()) else { throw complaint(index, .integer(), "math.random: argument \(index)") }
        return Int64(lua_tointegerx(thread, index, nil))
    }

    /// `math.randomseed(x)` restarts the generator from `x`; without an argument, from the run's seed: never from the
    /// clock.
    func mathRandomSeed() -> Int32 {
        switch read(1) {
        case .integer(let value): random = LuaRandom(seed: UInt64(bitPattern: Int64(value)))
        case .number(let value): random = LuaRandom(seed: value.bitPattern)
        default: random = LuaRandom(seed: initialSeed)
        }
        return 0
    }
}
