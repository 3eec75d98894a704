/// Counts the distinct pieces of a text, on one thread.
struct WordCounts {
    private var storage: [UInt8] = []
    /// Where each word begins in `storage`; one more than there are words.
    private(set) var starts: [Int] = [0]
    private(set) var counts: [Int64] = []
    private var slots: [Slot]
    private var mask: Int

    private struct Slot {
        var word: Int32
        /// The upper half of the hash, so that most other words are told apart without reading them.
        var tag: UInt32
    }

    init() {
        slots = Array(repeating: Slot(word: -1, tag: 0), count: 1 << 14)
        mask = slots.count - 1
    }

    /// The number of distinct words.
    var count: Int { counts.count }

    /// Adds `times` occurrences of the word at `bytes`, which is not empty.
    @inline(__always)
    mutating func add(_ bytes: UnsafePointer<UInt8>, _ length: Int, times: Int64 = 1) {
        let hash = ByteHash.of(bytes, length)
        let tag = UInt32(truncatingIfNeeded: hash >> 32)
        var slot = Int(truncatingIfNeeded: hash) & mask
        while true {
            let found = slots[slot]
            if found.word < 0 { break }
            if found.tag == tag && isWord(Int(found.word), bytes, length) {
                counts[Int(found.word)] += times
                return
            }
            slot = (slot + 1) & mask
        }
        slots[slot] = Slot(word: Int32(counts.count), tag: tag)
        storage.append(contentsOf: UnsafeBufferPointer(start: bytes, count: length))
        starts.append(storage.count)
        counts.append(times)
        if counts.count * 2 > slots.count { grow() }
    }

    @inline(__always)
    private func isWord(_ word: Int, _ bytes: UnsafePointer<UInt8>, _ length: Int) -> Bool {
        let start = starts[word]
        if starts[word + 1] - start != length { return false }
        return storage.withUnsafeBufferPointer { storage in
            for index in 0..<length where storage[start + index] != bytes[index] { return false }
            return true
        }
    }

    private mutating func grow() {
        slots = Array(repeating: Slot(word: -1, tag: 0), count: slots.count * 2)
        mask = slots.count - 1
        storage.withUnsafeBufferPointer { storage in
            for word in counts.indices {
                let start = starts[word]
                let hash = ByteHash.of(storage.baseAddress.map { $0 + start }, starts[word + 1] - start)
                var slot = Int(truncatingIfNeeded: hash) & mask
                while slots[slot].word >= 0 { slot = (slot + 1) & mask }
                slots[slot] = Slot(word: Int32(word), tag: UInt32(truncatingIfNeeded: hash >> 32))
            }
        }
    }

    /// Adds the words of `other`.
    mutating func merge(_ other: WordCounts) {
        other.forEachWord { bytes, length, count in add(bytes, length, times: count) }
    }

    /// Calls `body` with every word and its count.
    func forEachWord(_ body: (_ bytes: UnsafePointer<UInt8>, _ length: Int, _ count: Int64) -> Void) {
        storage.withUnsafeBufferPointer { storage in
            guard let base = storage.baseAddress else { return }
            for word in counts.indices { body(base + starts[word], starts[word + 1] - starts[word], counts[word]) }
        }
    }
}
