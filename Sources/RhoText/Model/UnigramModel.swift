/// A unigram language model over pieces: a word becomes the sequence of pieces of the greatest total log probability.
///
/// Kudo 2018 (arXiv:1804.10959). Special tokens are no pieces here, so text never produces them.
struct UnigramModel: WordModel {
    var vocabulary: Vocabulary
    private let trie: ByteTrie
    /// The log probability by id.
    private let scores: [Double]
    private let unknown: Int32?
    /// The ids of `<0x00>`...`<0xFF>` by byte, -1 where one is missing; empty without byte fallback.
    private let fallback: [Int32]
    /// The score of a scalar that no piece covers: 10 below the least score.
    private let unknownScore: Double
    /// Marks an unknown scalar on a path.
    private static let unknownMark: Int32 = -1

    /// A model of `entries`, with one of the `scores` for every id.
    init(entries: [VocabularyEntry], scores: [Double], unknown: Int32?, fallback: [Int32]) {
        vocabulary = Vocabulary(capacity: entries.count)
        var pieces: [(bytes: [UInt8], id: Int32)] = []
        for entry in entries where !entry.token.isEmpty {
            let bytes = Array(entry.token.utf8)
            if vocabulary.add(bytes, id: entry.id) { pieces.append((bytes, entry.id)) }
        }
        trie = ByteTrie(pieces)
        unknownScore = (scores.min() ?? 0) - 10
        self.scores = scores
        self.unknown = unknown
        self.fallback = fallback
    }

    /// Puts the tokens of `word` and their byte lengths into `scratch` and returns how many there are.
    func tokenize(
        _ word: UnsafePointer<UInt8>, _ count: Int, _ scratch: EncoderScratch, _ merges: PairTable.Reader
    ) -> Int {
        scratch.path.reserve(count + 1)
        scratch.merge.reserve(count + 1)
        let path = scratch.path
        findBest(word, count, path)
        // The path runs backwards; its pieces go to the end of the buffer first.
        var first = count + 1
        var end = count
        while end > 0 {
            first -= 1
            let start = Int(path.starts[end])
            scratch.merge.ids[first] = path.ids[end]
            scratch.merge.lengths[first] = Int32(end - start)
            end = start
        }
        return spell(word, first..<(count + 1), scratch.merge)
    }

    /// Viterbi: the best path to each place in the word.
    private func findBest(_ word: UnsafePointer<UInt8>, _ count: Int, _ path: ViterbiPath) {
        let (best, starts, ids) = (path.scores, path.starts, path.ids)
        for place in 0...count { starts[place] = -1 }
        best[0] = 0
        trie.withReader { trie in
            scores.withUnsafeBufferPointer { scores in
                var start = 0
                while start < count {
                    let before = best[start]
                    let length = UTF8Decoding.scalar(word, start, count).length
                    var coversScalar = false
                    func offer(_ end: Int, _ score: Double, _ id: Int32) {
                        if starts[end] < 0 || score > best[end] {
                            best[end] = score
                            starts[end] = Int32(start)
                            ids[end] = id
                        }
                    }
                    trie.forEachPrefix(word + start, count - start) { pieceLength, id in
                        offer(start + pieceLength, before + scores[Int(id)], id)
                        if pieceLength == length { coversScalar = true }
                    }
                    if !coversScalar { offer(start + length, before + unknownScore, Self.unknownMark) }
                    start += length
                }
            }
        }
    }

    /// Replaces unknown scalars by their bytes' tokens or, a run of them together, by the unknown token.
    private func spell(_ word: UnsafePointer<UInt8>, _ range: Range<Int>, _ scratch: MergeScratch) -> Int {
        // A scalar gives at most as many tokens as it has bytes, so what is written stays behind what is read.
        let (ids, lengths) = (scratch.ids, scratch.lengths)
        var written = 0
        var place = 0
        var index = range.lowerBound
        while index < range.upperBound {
            if ids[index] != Self.unknownMark {
                ids[written] = ids[index]
                lengths[written] = lengths[index]
                place += Int(lengths[written])
                written += 1
                index += 1
                continue
            }
            var end = place
            while index < range.upperBound && ids[index] == Self.unknownMark {
                end += Int(lengths[index])
                index += 1
            }
            if !fallback.isEmpty && (place..<end).allSatisfy({ fallback[Int(word[$0])] >= 0 }) {
                for byte in place..<end {
                    ids[written] = fallback[Int(word[byte])]
                    lengths[written] = 1
                    written += 1
                }
            } else if let unknown {
                ids[written] = unknown
                lengths[written] = Int32(end - place)
                written += 1
            }
            place = end
        }
        return written
    }
}

/// Working memory for the best paths through a word.
final class ViterbiPath {
    private(set) var scores: UnsafeMutablePointer<Double>
    private(set) var starts: UnsafeMutablePointer<Int32>
    private(set) var ids: UnsafeMutablePointer<Int32>
    private var capacity = 64

    init() {
        scores = .allocate(capacity: capacity)
        starts = .allocate(capacity: capacity)
        ids = .allocate(capacity: capacity)
    }

    deinit { free() }

    private func free() {
        scores.deallocate()
        starts.deallocate()
        ids.deallocate()
    }

    /// Makes room for `count` places; what was there is lost.
    func reserve(_ count: Int) {
        if count <= capacity { return }
        free()
        capacity = max(count, 2 * capacity)
        scores = .allocate(capacity: capacity)
        starts = .allocate(capacity: capacity)
        ids = .allocate(capacity: capacity)
    }
}
