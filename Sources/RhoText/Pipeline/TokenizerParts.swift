import RhoCore

/// Everything a `tokenizer.json` says, in the form in which text is encoded and decoded.
struct TokenizerParts: Sendable {
    var json: JSON
    var model: TokenizerModel
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

    /// The tokens by the bytes they stand for in text.
    var vocabulary: Vocabulary {
        switch self {
        case .bpe(let model): return model.vocabulary
        case .unigram(let model): return model.vocabulary
        }
    }
}

/// The pre-tokenisers that have a splitter by hand, over text that needs no rewriting.
enum FastSplit: Sendable {
    case whole
    case known(SplitPattern)
    /// `Digits` one by one, then GPT-2 (SmolLM2).
    case gpt2IsolatedNumbers
}
