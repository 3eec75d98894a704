/// Learns merges from counted words: the most frequent pair of neighbours becomes a new symbol, again and again.
///
/// Ties go to the pair of lower ids, as in Hugging Face's trainer, and counts are kept as it keeps them, so that the
/// same words give the same merges. One difference is wanted: no merge makes the text of a special token.
struct MergeLearner {
    /// The bytes of each symbol; the specials come first, then the 256 bytes.
    private(set) var tokens: [[UInt8]]
    /// The merges in the order in which they apply.
    private(set) var merges: [(left: Int32, right: Int32)] = []

    private var idOfToken: [[UInt8]: Int32] = [:]
    private var firstByteID: Int
    private let reserved: Set<[UInt8]>

    // The words, one after the other; a word shrinks in its place.
    private var symbols: [Int32] = []
    private var starts: [Int] = []
    private var lengths: [Int32] = []
    private var occurrences: [Int64] = []

    private var counts = PairCounts()
    private var queue: [MergeCandidate] = []
    private var wordLists: [Int32] = []

    init(specials: [[UInt8]]) {
        tokens = specials + ByteLevelAlphabet.bytesInOrder.map { [$0] }
        firstByteID = specials.count
        reserved = Set(specials)
        for id in specials.count..<tokens.count { idOfToken[tokens[id]] = Int32(id) }
    }

    /// Learns until there are `vocabularySize` tokens or no pair occurs `minimumCount` times.
    mutating func learn(_ words: WordCounts, vocabularySize: Int, minimumCount: Int64) {
        load(words)
        countPairs()
        var left = NeighborChanges(symbols: vocabularySize)
        var right = NeighborChanges(symbols: vocabularySize)
        var ranks: [UInt64: Int] = [:]
        while tokens.count < vocabularySize, var top = BinaryHeap.pop(&queue) {
            let current = counts.count(top.pair)
            if top.count != current {
                top.count = current
                BinaryHeap.push(&queue, top)
                continue
            }
            if top.count < minimumCount { break }
            let (a, b) = (Int32(truncatingIfNeeded: top.pair >> 32), Int32(truncatingIfNeeded: top.pair))
            let token = tokens[Int(a)] + tokens[Int(b)]
            if reserved.contains(token) { continue }
            var id = Int32(tokens.count)
            if let existing = idOfToken[token] {
                id = existing
            } else {
                idOfToken[token] = id
                tokens.append(token)
            }
            // A pair can be merged a second time, in words that came to it later; its last place counts.
            if let earlier = ranks[top.pair] { merges[earlier] = (-1, -1) }
            ranks[top.pair] = merges.count
            merges.append((a, b))
            for index in top.words { merge(a, b, into: id, word: wordLists[index], &left, &right) }
            apply(a, b, id, &left, &right)
        }
        merges.removeAll { $0.left < 0 }
    }

    private mutating func load(_ words: WordCounts) {
        var idOfByte = [Int32](repeating: 0, count: 256)
        for (index, byte) in ByteLevelAlphabet.bytesInOrder.enumerated() {
            idOfByte[Int(byte)] = Int32(firstByteID + index)
        }
        words.forEachWord { bytes, length, count in
            if length < 2 { return }
            starts.append(symbols.count)
            lengths.append(Int32(length))
            occurrences.append(count)
            for index in 0..<length { symbols.append(idOfByte[Int(bytes[index])]) }
        }
    }

    /// Counts the pairs of bytes and lists the words of each.
    private mutating func countPairs() {
        // One cell for every pair of bytes; a word counts once in the list of a pair.
        var total = [Int64](repeating: 0, count: 65_536)
        var listed = [Int](repeating: 0, count: 65_537)
        var lastWord = [Int32](repeating: -1, count: 65_536)
        let base = Int32(firstByteID)
        for word in starts.indices {
            let start = starts[word]
            for place in start..<(start + Int(lengths[word]) - 1) {
                let cell = Int((symbols[place] - base) << 8 | (symbols[place + 1] - base))
                total[cell] += occurrences[word]
                if lastWord[cell] != Int32(word) {
                    lastWord[cell] = Int32(word)
                    listed[cell + 1] += 1
                }
            }
        }
        for cell in 0..<65_536 { listed[cell + 1] += listed[cell] }
        wordLists = Array(repeating: 0, count: listed[65_536])
        var next = listed
        for cell in 0..<65_536 { lastWord[cell] = -1 }
        for word in starts.indices {
            let start = starts[word]
            for place in start..<(start + Int(lengths[word]) - 1) {
                let cell = Int((symbols[place] - base) << 8 | (symbols[place + 1] - base))
                if lastWord[cell] == Int32(word) { continue }
                lastWord[cell] = Int32(word)
                wordLists[next[cell]] = Int32(word)
                next[cell] += 1
            }
        }
        for cell in 0..<65_536 where total[cell] > 0 {
            let pair = PairTable.key(base + Int32(cell >> 8), base + Int32(cell & 255))
            counts.add(pair, total[cell])
            BinaryHeap.push(
                &queue, MergeCandidate(count: total[cell], pair: pair, words: listed[cell]..<listed[cell + 1]))
        }
    }

    /// Replaces the pairs (a, b) of one word from left to right and notes how its other pairs change.
    @inline(__always)
    private mutating func merge(
        _ a: Int32, _ b: Int32, into id: Int32, word: Int32, _ left: inout NeighborChanges,
        _ right: inout NeighborChanges
    ) {
        let start = starts[Int(word)]
        let length = Int(lengths[Int(word)])
        let count = occurrences[Int(word)]
        symbols.withUnsafeMutableBufferPointer { symbols in
            var read = start
            var write = start
            let end = start + length
            while read < end {
                if symbols[read] == a && read + 1 < end && symbols[read + 1] == b {
                    if write > start {
                        let before = symbols[write - 1]
                        left.lose(before, count)
                        left.gain(before, count, word: word)
                    }
                    symbols[write] = id
                    read += 2
                    write += 1
                    if read < end {
                        let after = symbols[read]
                        right.lose(after, count)
                        right.gain(after, count, word: word)
                    }
                } else {
                    symbols[write] = symbols[read]
                    read += 1
                    write += 1
                }
            }
            lengths[Int(word)] = Int32(write - start)
        }
    }

    /// Brings the changes of one merge into the counts and queues the pairs that are new somewhere.
    private mutating func apply(
        _ a: Int32, _ b: Int32, _ id: Int32, _ left: inout NeighborChanges, _ right: inout NeighborChanges
    ) {
        for neighbor in left.touched {
            counts.add(PairTable.key(neighbor, a), left.old[Int(neighbor)])
            counts.add(PairTable.key(neighbor, id), left.new[Int(neighbor)])
        }
        for neighbor in right.touched {
            counts.add(PairTable.key(b, neighbor), right.old[Int(neighbor)])
            counts.add(PairTable.key(id, neighbor), right.new[Int(neighbor)])
        }
        for neighbor in left.touched {
            let from = wordLists.count
            left.appendWords(neighbor, to: &wordLists)
            // The pair (id, id) can arise on both sides; it is one pair with one list.
            if neighbor == id { addMissingWords(of: id, right, from: from) }
            enqueue(PairTable.key(neighbor, id), from: from)
        }
        for neighbor in right.touched {
            if neighbor == id && left.isTouched(id) { continue }
            let from = wordLists.count
            right.appendWords(neighbor, to: &wordLists)
            enqueue(PairTable.key(id, neighbor), from: from)
        }
        left.clear()
        right.clear()
    }

    private mutating func addMissingWords(of id: Int32, _ right: NeighborChanges, from: Int) {
        var others: [Int32] = []
        right.appendWords(id, to: &others)
        let known = Set(wordLists[from...])
        for word in others where !known.contains(word) { wordLists.append(word) }
    }

    private mutating func enqueue(_ pair: UInt64, from: Int) {
        let count = counts.count(pair)
        if count > 0 && from < wordLists.count {
            BinaryHeap.push(&queue, MergeCandidate(count: count, pair: pair, words: from..<wordLists.count))
        } else {
            wordLists.removeLast(wordLists.count - from)
        }
    }
}
