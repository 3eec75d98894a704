/// A pair that waits to be merged, with the count it had when it was queued and the words that hold it.
struct MergeCandidate: Comparable {
    var count: Int64
    let pair: UInt64
    /// The words in `WordLists`.
    let words: Range<Int>

    /// The most frequent pair comes first, and of equally frequent ones that of the lower ids.
    static func < (left: MergeCandidate, right: MergeCandidate) -> Bool {
        left.count != right.count ? left.count > right.count : left.pair < right.pair
    }

    static func == (left: MergeCandidate, right: MergeCandidate) -> Bool {
        left.count == right.count && left.pair == right.pair
    }
}

/// The changes that one merge makes to the pairs with one neighbour: by the neighbour's id, on one side.
struct NeighborChanges {
    /// How the count of (neighbour, old symbol) and of (neighbour, new symbol) changes.
    private(set) var old: [Int64]
    private(set) var new: [Int64]
    /// The neighbours with changes, in the order of their first.
    private(set) var touched: [Int32] = []
    private var touches: [Bool]
    /// The last link of each neighbour's list of words with a new pair, -1 for none.
    private var tail: [Int32]
    private var links: [(word: Int32, before: Int32)] = []

    init(symbols: Int) {
        old = Array(repeating: 0, count: symbols)
        new = Array(repeating: 0, count: symbols)
        touches = Array(repeating: false, count: symbols)
        tail = Array(repeating: -1, count: symbols)
    }

    /// Whether the neighbour has changes.
    func isTouched(_ neighbor: Int32) -> Bool { touches[Int(neighbor)] }

    @inline(__always)
    private mutating func touch(_ neighbor: Int32) {
        if !touches[Int(neighbor)] {
            touches[Int(neighbor)] = true
            touched.append(neighbor)
        }
    }

    /// The neighbour's pair with the old symbol went from a word that occurs `count` times.
    @inline(__always)
    mutating func lose(_ neighbor: Int32, _ count: Int64) {
        touch(neighbor)
        old[Int(neighbor)] -= count
    }

    /// The neighbour has a pair with the new symbol in `word`, which occurs `count` times.
    @inline(__always)
    mutating func gain(_ neighbor: Int32, _ count: Int64, word: Int32) {
        touch(neighbor)
        new[Int(neighbor)] += count
        let last = tail[Int(neighbor)]
        if last >= 0 && links[Int(last)].word == word { return }
        tail[Int(neighbor)] = Int32(links.count)
        links.append((word, last))
    }

    /// Appends the words in which the neighbour has a pair with the new symbol.
    func appendWords(_ neighbor: Int32, to words: inout [Int32]) {
        var link = tail[Int(neighbor)]
        while link >= 0 {
            words.append(links[Int(link)].word)
            link = links[Int(link)].before
        }
    }

    /// Forgets all changes.
    mutating func clear() {
        for neighbor in touched {
            old[Int(neighbor)] = 0
            new[Int(neighbor)] = 0
            touches[Int(neighbor)] = false
            tail[Int(neighbor)] = -1
        }
        touched.removeAll(keepingCapacity: true)
        links.removeAll(keepingCapacity: true)
    }
}
