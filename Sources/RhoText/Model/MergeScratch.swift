/// Working memory for the merges of one word; reused from word to word, owned by one thread at a time.
///
/// Plain memory instead of arrays: the loops below run once for every new word of a corpus, and the checks that arrays
/// in a class bring took a third of the time.
final class MergeScratch {
    /// The symbols of the word, then its tokens.
    private(set) var ids: UnsafeMutablePointer<Int32>
    /// The byte length of each symbol.
    private(set) var lengths: UnsafeMutablePointer<Int32>
    private var merges: UnsafeMutablePointer<UInt64>
    private var capacity = 64
    private var next: [Int32] = []
    private var previous: [Int32] = []
    private var heap: [UInt64] = []

    /// From this many symbols on a heap beats the repeated search for the lowest rank.
    private static let heapFrom = 48

    init() {
        ids = .allocate(capacity: capacity)
        lengths = .allocate(capacity: capacity)
        merges = .allocate(capacity: capacity)
    }

    deinit {
        ids.deallocate()
        lengths.deallocate()
        merges.deallocate()
    }

    /// Makes room for `count` symbols; what was there is lost.
    @inline(__always)
    func reserve(_ count: Int) {
        if count > capacity { grow(count) }
    }

    private func grow(_ count: Int) {
        ids.deallocate()
        lengths.deallocate()
        merges.deallocate()
        capacity = max(count, capacity * 2)
        ids = .allocate(capacity: capacity)
        lengths = .allocate(capacity: capacity)
        merges = .allocate(capacity: capacity)
    }

    /// Merges the first `count` symbols until no pair has a merge, always the lowest rank and of equal ranks the
    /// leftmost; returns how many are left.
    func mergeAll(_ count: Int, _ table: PairTable.Reader) -> Int {
        if count < 2 { return count }
        return count < Self.heapFrom ? mergeShort(count, table) : mergeLong(count, table)
    }

    private func mergeShort(_ symbols: Int, _ table: PairTable.Reader) -> Int {
        let (ids, lengths, merges) = (ids, lengths, merges)
        var count = symbols
        for index in 0..<(count - 1) { merges[index] = table.merge(ids[index], ids[index + 1]) }
        while count > 1 {
            var best = merges[0]
            var place = 0
            var index = 1
            while index < count - 1 {
                if merges[index] < best {
                    best = merges[index]
                    place = index
                }
                index += 1
            }
            if best == PairTable.none { break }
            ids[place] = Int32(truncatingIfNeeded: best)
            lengths[place] += lengths[place + 1]
            count -= 1
            index = place + 1
            while index < count {
                ids[index] = ids[index + 1]
                lengths[index] = lengths[index + 1]
                merges[index] = merges[index + 1]
                index += 1
            }
            if place > 0 { merges[place - 1] = table.merge(ids[place - 1], ids[place]) }
            if place + 1 < count { merges[place] = table.merge(ids[place], ids[place + 1]) }
        }
        return count
    }

    /// As `mergeShort` in O(n log n): a linked list of symbols and a heap of rank << 32 | place.
    private func mergeLong(_ count: Int, _ table: PairTable.Reader) -> Int {
        let (ids, lengths, merges) = (ids, lengths, merges)
        merges.update(repeating: PairTable.none, count: count)
        next = (1...Int32(count)).map { $0 }
        previous = (-1..<Int32(count - 1)).map { $0 }
        heap.removeAll(keepingCapacity: true)
        for place in 0..<(count - 1) { offer(place, place + 1, table) }
        while let top = BinaryHeap.pop(&heap) {
            let place = Int(top & 0xFFFF_FFFF)
            // A symbol that was swallowed has length 0; a pair that changed has another rank.
            if lengths[place] == 0 || merges[place] >> 32 != top >> 32 { continue }
            let right = Int(next[place])
            ids[place] = Int32(truncatingIfNeeded: merges[place])
            lengths[place] += lengths[right]
            lengths[right] = 0
            merges[place] = PairTable.none
            next[place] = next[right]
            let after = Int(next[right])
            if after < count {
                previous[after] = Int32(place)
                offer(place, after, table)
            }
            if previous[place] >= 0 { offer(Int(previous[place]), place, table) }
        }
        var kept = 0
        for place in 0..<count where lengths[place] > 0 {
            ids[kept] = ids[place]
            lengths[kept] = lengths[place]
            kept += 1
        }
        if count > 65_536 {
            // One huge piece should not hold its memory for the rest of the run.
            (next, previous, heap) = ([], [], [])
        }
        return kept
    }

    @inline(__always)
    private func offer(_ left: Int, _ right: Int, _ table: PairTable.Reader) {
        let merge = table.merge(ids[left], ids[right])
        merges[left] = merge
        if merge != PairTable.none { BinaryHeap.push(&heap, (merge & 0xFFFF_FFFF_0000_0000) | UInt64(left)) }
    }
}
