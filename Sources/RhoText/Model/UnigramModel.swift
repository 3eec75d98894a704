/// A unigram language model over pieces: a word becomes the sequence of pieces of the greatest total log probability.
///
/// Kudo 2018 (arXiv:1804.10959). Special tokens are no pieces here, so text never produces them.
struct UnigramModel: Sendable {
    var vocabulary: Vocabulary
    /// The log probability by id.
    var scores: [Double]
    var unknown: Int32?
    /// The ids of `<0x00>`...`<0xFF>` by byte; empty without byte fallback.
    var fallback: [Int32] = []
    /// The longest piece in bytes.
    var longest: Int
    /// The score of a scalar that no piece covers: 10 below the least score.
    var unknownScore: Double

    /// A model of `entries`, with one of the `scores` for every id.
    init(entries: [(token: String, id: Int32)], scores: [Double], unknown: Int32?, fallback: [Int32]) {
        vocabulary = Vocabulary(capacity: entries.count)
        for entry in entries { vocabulary.add(Array(entry.token.utf8), id: entry.id) }
        longest = entries.map { $0.token.utf8.count }.max() ?? 0
        unknownScore = (scores.min() ?? 0) - 10
        self.scores = scores
        self.unknown = unknown
        self.fallback = fallback
    }

    /// Puts the tokens of `word` and their byte lengths into `scratch`.
    func tokenize(_ word: UnsafePointer<UInt8>, _ count: Int, _ scratch: MergeScratch) {
        scratch.reset()
    }
}
