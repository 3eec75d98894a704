/// How often each pair of neighbouring symbols occurs; a merged pair keeps the count it was left with.
struct PairCounts {
    private var keys: [UInt64]
    private var counts: [Int64]
    private var mask: Int
    private var shift: UInt64
    private var used = 0

    init() {
        keys = Array(repeating: PairTable.none, count: 1 << 16)
        counts = Array(repeating: 0, count: 1 << 16)
        mask = (1 << 16) - 1
        shift = 48
    }

    @inline(__always)
    private func slot(_ key: UInt64) -> Int {
        var slot = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) &>> shift)
        while keys[slot] != key && keys[slot] != PairTable.none { slot = (slot + 1) & mask }
        return slot
    }

    /// The count of a pair (as `PairTable.key`); 0 for one never seen.
    @inline(__always)
    func count(_ key: UInt64) -> Int64 { counts[slot(key)] }

    /// Adds to the count of a pair and returns the sum.
    @inline(__always)
    @discardableResult
    mutating func add(_ key: UInt64, _ change: Int64) -> Int64 {
        let place = slot(key)
        if keys[place] == PairTable.none {
            keys[place] = key
            used += 1
            if used * 2 > keys.count {
                counts[place] = change
                grow()
                return change
            }
        }
        counts[place] += change
        return counts[place]
    }

    private mutating func grow() {
        let (oldKeys, oldCounts) = (keys, counts)
        keys = Array(repeating: PairTable.none, count: oldKeys.count * 2)
        counts = Array(repeating: 0, count: oldKeys.count * 2)
        mask = keys.count - 1
        shift -= 1
        for (key, count) in zip(oldKeys, oldCounts) where key != PairTable.none {
            let place = slot(key)
            keys[place] = key
            counts[place] = count
        }
    }
}
