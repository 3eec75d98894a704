/// A shuffle of 0..<count that needs no memory: element i of the shuffled order, for any i at any time.
///
/// An unbalanced Feistel network over the smallest power of two that holds `count`, walked along its cycle until the
/// result is below `count` (Black and Rogaway, CT-RSA 2002); fewer than two steps on average.
public struct Permutation: Sendable {
    public let count: Int
    private let lowBits: UInt64
    private let lowMask: UInt64
    private let highMask: UInt64
    private let key: UInt64
    private static let rounds = 12

    public init(count: Int, seed: UInt64, name: String) {
        self.count = max(0, count)
        let bits = count > 2 ? UInt64(Int.bitWidth - (count - 1).leadingZeroBitCount) : 2
        lowBits = bits / 2
        lowMask = 1 << lowBits - 1
        highMask = 1 << (bits - lowBits) - 1
        key = Philox.key(seed: seed, name: name)
    }

    /// The element at place `i` of the shuffled order; `i` in 0..<count.
    public subscript(i: Int) -> Int {
        guard count > 1 else { return i }
        var value = UInt64(i)
        repeat { value = encrypt(value) } while value >= UInt64(count)
        return Int(value)
    }

    /// One pass of the network: each round changes one half by a function of the other, so it can be undone.
    private func encrypt(_ value: UInt64) -> UInt64 {
        var low = value & lowMask
        var high = value >> lowBits
        for round in 0..<Self.rounds {
            let roundKey = key &+ UInt64(round) &* 0xD6E8_FEB8_6659_FD93
            if round & 1 == 0 {
                high ^= Philox.mix(low ^ roundKey) & highMask
            } else {
                low ^= Philox.mix(high ^ roundKey) & lowMask
            }
        }
        return high << lowBits | low
    }
}
