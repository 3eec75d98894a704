import Glibc

/// A named stream of random numbers: a pure function of (seed, name, step, index).
///
/// Streams of different names or steps are independent, so adding one consumer never shifts the numbers of another.
/// The n-th call of ``next()`` is `bits(seed:name:step:index: n)`.
public struct RandomStream: Sendable {
    private let key: UInt64
    private let step: UInt64
    /// Index of the next 64 bits; a Philox block holds two.
    private var index: UInt64 = 0
    /// The second half of the block that the latest even index came from.
    private var pending: UInt64 = 0
    private var spareNormal: Double?

    public init(seed: UInt64, name: String, step: UInt64 = 0) {
        key = Philox.key(seed: seed, name: name)
        self.step = step
    }

    /// The 64 bits at `index` of the stream.
    public static func bits(seed: UInt64, name: String, step: UInt64, index: UInt64) -> UInt64 {
        RandomStream(seed: seed, name: name, step: step).bits(at: index)
    }

    /// The 64 bits at `index`, wherever ``next()`` stands.
    public func bits(at index: UInt64) -> UInt64 {
        let halves = block(index >> 1)
        return index & 1 == 0 ? halves.low : halves.high
    }

    private func block(_ number: UInt64) -> (low: UInt64, high: UInt64) {
        let counter = SIMD4(
            UInt32(truncatingIfNeeded: number), UInt32(truncatingIfNeeded: number >> 32),
            UInt32(truncatingIfNeeded: step), UInt32(truncatingIfNeeded: step >> 32))
        let words = Philox.block(
            counter, key: SIMD2(UInt32(truncatingIfNeeded: key), UInt32(truncatingIfNeeded: key >> 32)))
        return (UInt64(words.y) << 32 | UInt64(words.x), UInt64(words.w) << 32 | UInt64(words.z))
    }

    public mutating func next() -> UInt64 {
        defer { index &+= 1 }
        // The index only grows by one, so an odd one follows the even one of its block.
        if index & 1 == 1 { return pending }
        let halves = block(index >> 1)
        pending = halves.high
        return halves.low
    }

    /// Uniform in [0, 1), of 53 bits.
    public mutating func uniform() -> Double { Self.unit(next()) }

    /// Uniform in [0, 1) from the bits at `index`, wherever ``next()`` stands.
    public func uniform(at index: UInt64) -> Double { Self.unit(bits(at: index)) }

    /// Uniform in 0..<n, without bias (Lemire, arXiv:1805.10941); 0 for n < 2.
    public mutating func below(_ n: Int) -> Int {
        guard n > 1 else { return 0 }
        let range = UInt64(n)
        var product = next().multipliedFullWidth(by: range)
        if product.low < range {
            let threshold = (0 &- range) % range
            while product.low < threshold { product = next().multipliedFullWidth(by: range) }
        }
        return Int(product.high)
    }

    /// Normal with mean 0 and variance 1 (Box-Muller; two numbers for every two draws).
    public mutating func normal() -> Double {
        if let spare = spareNormal {
            spareNormal = nil
            return spare
        }
        let radius = (-2 * log(1 - uniform())).squareRoot()
        let angle = 2 * Double.pi * uniform()
        spareNormal = radius * sin(angle)
        return radius * cos(angle)
    }

    private static func unit(_ bits: UInt64) -> Double { Double(bits >> 11) * 0x1p-53 }
}
