import RhoCore

/// Deals an endless row of slots to parts in proportion to their weights: slot n goes to part p as its k-th, both
/// known at once for any n.
///
/// Part by part: a part with share w of what is left takes slot n iff floor((n+1)·w + u) > floor(n·w + u), and its k is
/// floor(n·w + u); the slots it leaves are numbered anew for the next part. The counts of the parts are never more than
/// the number of parts off their exact shares, so every batch has about the same composition. Integer arithmetic with
/// shares of 32 fractional bits keeps this exact for any n.
struct Mixture: Sendable {
    private let shares: [UInt64]
    private let phases: [UInt64]
    private static let one: UInt64 = 1 << 32

    init(weights: [Double], seed: UInt64) {
        var shares: [UInt64] = []
        var phases: [UInt64] = []
        var left = weights.reduce(0, +)
        for (index, weight) in weights.enumerated() {
            let last = index == weights.count - 1
            // A share below 2^-32 is rounded up to it, so that every part comes eventually.
            let share = last ? Self.one : UInt64(min(max(weight / left, 0x1p-32), 1) * 0x1p32)
            shares.append(share)
            // The last part takes every slot there is; a phase would skip its first.
            phases.append(
                last ? 0 : RandomStream.bits(seed: seed, name: "mixture", step: UInt64(index), index: 0) >> 32)
            left -= weight
        }
        self.shares = shares
        self.phases = phases
    }

    func slot(_ n: Int) -> (part: Int, ordinal: Int) {
        var n = UInt64(n)
        for part in shares.indices {
            let before = Self.floor(n, shares[part], phases[part])
            let after = Self.floor(n + 1, shares[part], phases[part])
            if after > before { return (part, Int(before)) }
            n -= before
        }
        // The last share is one, so the loop always returns; a mixture without parts has no slots to ask for.
        return (0, 0)
    }

    /// floor(n·share + phase), both of 32 fractional bits; phase < 1, so floor(0·share + phase) = 0.
    private static func floor(_ n: UInt64, _ share: UInt64, _ phase: UInt64) -> UInt64 {
        let product = n.multipliedFullWidth(by: share)
        let (low, carry) = product.low.addingReportingOverflow(phase)
        let high = product.high + (carry ? 1 : 0)
        return high << 32 | low >> 32
    }
}
