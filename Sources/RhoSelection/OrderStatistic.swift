/// Selection of the k largest values in O(n), whatever the data: a radix search over order-preserving integer keys.
enum OrderStatistic {
    /// Maps a Float to an integer with the same order; -0 and +0 agree. Must not be called with NaN.
    static func key(_ x: Float) -> UInt32 {
        // Adding +0 turns -0 into +0, so that the two tie.
        let bits = (x + 0).bitPattern
        return bits & 0x8000_0000 == 0 ? bits | 0x8000_0000 : ~bits
    }

    /// Inverse of `key`.
    static func value(of key: UInt32) -> Float {
        Float(bitPattern: key & 0x8000_0000 == 0 ? ~key : key & 0x7fff_ffff)
    }

    /// Returns the key at `rank` (0 = smallest) of `keys`, and how many keys are smaller. Four passes of eight bits.
    ///
    /// `rank` must be inside `keys`.
    static func key(rank: Int, in keys: [UInt32]) -> (key: UInt32, smaller: Int) {
        var candidates = keys
        var prefix: UInt32 = 0
        var smaller = 0
        var counts = [Int](repeating: 0, count: 256)
        for shift in stride(from: UInt32(24), through: 0, by: -8) {
            for index in counts.indices { counts[index] = 0 }
            for key in candidates { counts[Int(key >> shift & 255)] += 1 }
            var bucket = 0
            while smaller + counts[bucket] <= rank {
                smaller += counts[bucket]
                bucket += 1
            }
            prefix |= UInt32(bucket) << shift
            // Keys that share the prefix so far; the rest is settled.
            candidates.removeAll { Int($0 >> shift & 255) != bucket }
        }
        return (prefix, smaller)
    }

    /// Marks the k members with the largest keys; among equal keys the lower index wins.
    ///
    /// `members` must be ascending; `keys[i]` belongs to `members[i]`.
    static func markLargest(_ k: Int, _ members: [Int], _ keys: [UInt32], into mask: inout [Bool]) {
        guard k > 0 else { return }
        guard k < members.count else {
            for member in members { mask[member] = true }
            return
        }
        let rank = members.count - k
        let (threshold, smaller) = key(rank: rank, in: keys)
        // Sorted ascending, the keys equal to the threshold start at `smaller`; those from `rank` on are kept.
        var equal = 0
        for key in keys where key == threshold { equal += 1 }
        var ties = smaller + equal - rank
        for (member, key) in zip(members, keys) {
            if key > threshold {
                mask[member] = true
            } else if key == threshold, ties > 0 {
                mask[member] = true
                ties -= 1
            }
        }
    }
}
