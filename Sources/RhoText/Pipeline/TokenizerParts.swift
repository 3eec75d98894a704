/// Everything a `tokenizer.json` says, in the form in which text is encoded and decoded.
struct TokenizerParts: Sendable {
    var model: TokenizerModel
    /// All tokens of the model by name, in the order of the file.
    var entries: [VocabularyEntry] = []
    var normalizers: [any NormalizerStep] = []
    var preTokenizers: [any PreTokenizerStep] = []
    var addedTokens: [AddedToken] = []
    /// The ids that the post-processor puts before and after one text.
    var prefix: [Int32] = []
    var suffix: [Int32] = []
    var decoder = TokenDecoder()

    /// The hand-written splitter that does the work of all pre-tokenisers, where there is one.
    var fastSplit: FastSplit?
}

/// The model of a tokenizer.
enum TokenizerModel: Sendable {
    case bpe(BPEModel)
    case unigram(UnigramModel)

    var kind: String {
        switch self {
        case .bpe: return "bpe"
        case .unigram: return "unigram"
        }
    }
}

/// A token of a model by its name in the file.
struct VocabularyEntry: Sendable {
    var token: String
    var id: Int32
}

/// The pre-tokenisers that have a splitter by hand, over text that needs no rewriting.
enum FastSplit: Sendable {
    case whole
    case known(SplitPattern)
    /// `Digits` one by one, then GPT-2 (SmolLM2).
    case gpt2IsolatedNumbers
}
