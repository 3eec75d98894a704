/// Working memory for the merges of one word; reused from word to word, owned by one thread at a time.
final class MergeScratch {
    /// The symbols of the word, then its tokens.
    var ids: [Int32] = []
    /// The byte length of each symbol.
    var lengths: [Int32] = []
    private var merges: [UInt64] = []
    private var next: [Int32] = []
    private var previous: [Int32] = []
    private var heap: [UInt64] = []

    /// Above this many symbols a heap beats the repeated search for the lowest rank.
    private static let heapFrom = 48

    /// Empties the word.
    @inline(__always)
    func reset() {
        ids.removeAll(keepingCapacity: true)
        lengths.removeAll(keepingCapacity: true)
    }

    /// Merges the symbols until no pair has a merge: always the lowest rank, and of equal ranks the leftmost.
    func mergeAll(_ table: PairTable.Reader) {
        if ids.count < 2 { return }
        if ids.count < Self.heapFrom { mergeShort(table) } else { mergeLong(table) }
    }

    private func mergeShort(_ table: PairTable.Reader) {
        var count = ids.count
        if merges.count < count { merges = Array(repeating: PairTable.none, count: max(64, count)) }
        ids.withUnsafeMutableBufferPointer { ids in
            lengths.withUnsafeMutableBufferPointer { lengths in
                merges.withUnsafeMutableBufferPointer { merges in
                    for index in 0..<(count - 1) { merges[index] = table.merge(ids[index], ids[index + 1]) }
                    while count > 1 {
                        var best = merges[0]
                        var place = 0
                        for index in 1..<max(1, count - 1) where merges[index] < best {
                            best = merges[index]
                            place = index
                        }
                        if best == PairTable.none { break }
                        ids[place] = Int32(truncatingIfNeeded: best)
                        lengths[place] += lengths[place + 1]
                        count -= 1
                        for index in (place + 1)..<max(place + 1, count) {
                            ids[index] = ids[index + 1]
                            lengths[index] = lengths[index + 1]
                            merges[index] = merges[index + 1]
                        }
                        if place > 0 { merges[place - 1] = table.merge(ids[place - 1], ids[place]) }
                        if place + 1 < count { merges[place] = table.merge(ids[place], ids[place + 1]) }
                    }
                }
            }
        }
        ids.removeLast(ids.count - count)
        lengths.removeLast(lengths.count - count)
    }

    /// As `mergeShort` in O(n log n): a linked list of symbols and a heap of rank << 32 | place.
    private func mergeLong(_ table: PairTable.Reader) {
        let count = ids.count
        merges = Array(repeating: PairTable.none, count: count)
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
        ids.removeLast(count - kept)
        lengths.removeLast(count - kept)
    }

    @inline(__always)
    private func offer(_ left: Int, _ right: Int, _ table: PairTable.Reader) {
        let merge = table.merge(ids[left], ids[right])
        merges[left] = merge
        if merge != PairTable.none { BinaryHeap.push(&heap, (merge & 0xFFFF_FFFF_0000_0000) | UInt64(left)) }
    }
}

/// A min-heap in an array.
enum BinaryHeap {
    static func push<Element: Comparable>(_ heap: inout [Element], _ element: Element) {
        heap.append(element)
        var index = heap.count - 1
        while index > 0 {
            let parent = (index - 1) / 2
            if heap[parent] <= element { break }
            heap[index] = heap[parent]
            index = parent
        }
        heap[index] = element
    }

    static func pop<Element: Comparable>(_ heap: inout [Element]) -> Element? {
        guard let top = heap.first, let last = heap.popLast() else { return nil }
        if heap.isEmpty { return top }
        var index = 0
        while true {
            var child = 2 * index + 1
            if child >= heap.count { break }
            if child + 1 < heap.count && heap[child + 1] < heap[child] { child += 1 }
            if last <= heap[child] { break }
            heap[index] = heap[child]
            index = child
        }
        heap[index] = last
        return top
    }
}
