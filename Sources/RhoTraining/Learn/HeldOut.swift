import Glibc
import RhoCore
import RhoData
import RhoModels
import RhoTensor
import RhoText

/// Loss of a model on text it was not trained on.
public struct HeldOut: Sendable, Equatable {
    /// Version of the measurement: numbers of different versions are not compared.
    public static let version = 1

    /// The mean over a corpus, or over one of its parts.
    public struct Mean: Sendable, Equatable {
        /// Nats per token; NaN without tokens.
        public var loss = Double.nan
        /// Standard error of the loss, from the spread between rows: tokens of one row are not independent.
        public var standardError = Double.nan
        /// Bits per byte of text; comparable between tokenizers.
        public var bitsPerByte = Double.nan
        public var tokens = 0
        /// Bytes of text the tokens stand for; tokens that stand for no text (end of text) have none.
        public var bytes = 0

        public var perplexity: Double { exp(loss) }

        init(_ rows: [Row]) {
            let total = rows.reduce(0.0) { $0 + $1.loss }
            tokens = rows.reduce(0) { $0 + $1.tokens }
            bytes = rows.reduce(0) { $0 + $1.bytes }
            guard tokens > 0 else { return }
            loss = total / Double(tokens)
            if bytes > 0 { bitsPerByte = total / log(2.0) / Double(bytes) }
            guard rows.count > 1 else { return }
            // Ratio estimator: rows differ in length, the residual of each is what it adds beyond its share.
            let spread = rows.reduce(0.0) { sum, row in
                let residual = row.loss - loss * Double(row.tokens)
                return sum + residual * residual
            }
            standardError = (spread * Double(rows.count) / Double(rows.count - 1)).squareRoot() / Double(tokens)
        }
    }

    /// Sums over one row.
    struct Row {
        var part: Int
        var loss = 0.0
        var tokens = 0
        var bytes = 0
    }

    public var all: Mean
    /// Each part of a mixture, in its order; empty for a corpus of one part.
    public var domains: [(name: String, mean: Mean)]
    /// Forward FLOPs spent.
    public var flops: Double

    public var loss: Double { all.loss }
    public var standardError: Double { all.standardError }
    public var bitsPerByte: Double { all.bitsPerByte }
    public var tokens: Int { all.tokens }
    public var bytes: Int { all.bytes }
    public var perplexity: Double { all.perplexity }

    public static func == (left: HeldOut, right: HeldOut) -> Bool {
        left.all == right.all && left.flops == right.flops && left.domains.map(\.name) == right.domains.map(\.name)
            && left.domains.map(\.mean) == right.domains.map(\.mean)
    }

    /// Measures the loss over a corpus, all rows or an evenly spaced share of them.
    ///
    /// - Parameters:
    ///   - byteLengths: bytes of text behind each token id, from `byteLengths(of:)`.
    ///   - limit: about this many tokens at most; the batches taken are spread over the corpus.
    ///   - progress: called after each batch with the tokens done; throwing ends the evaluation.
    public static func evaluate(
        _ model: any LanguageModel, on corpus: Corpus, byteLengths: [Int], context: Int, batch: Int = 16,
        limit: Int? = nil, documentMask: Bool = false,
        progress: (_ done: Int) throws(RhoError) -> Void = { _ throws(RhoError) in }
    ) throws(RhoError) -> HeldOut {
        guard corpus.vocabularySize <= model.config.vocab, corpus.vocabularySize <= byteLengths.count else {
            throw RhoError(
                .mismatch,
                "the held-out corpus and the model do not share a tokenizer: \(corpus.vocabularySize) ids "
                    + "there, \(model.config.vocab) here")
        }
        let loader = try DataLoader(
            corpus, batch: batch, tokens: context, order: .sequential, documentMask: documentMask)
        let all = loader.stepsPerPass
        let wanted = limit.map { max(1, min(all, $0 / (batch * context))) } ?? all
        var rows: [Row] = []
        var done = 0
        for index in 0..<wanted {
            let batch = loader.batch(step: index * all / wanted)
            let losses = try Autograd.withoutGrad { () throws(RhoError) in
                try model.loss(batch.grid(), targets: batch.targets).toArray()
            }
            for row in 0..<batch.rowCount {
                var sums = Row(part: batch.part(ofRow: row))
                for place in row * batch.width..<(row + 1) * batch.width where batch.targets[place] >= 0 {
                    sums.loss += Double(losses[place])
                    sums.tokens += 1
                    sums.bytes += byteLengths[Int(batch.targets[place])]
                }
                if sums.tokens > 0 { rows.append(sums) }
            }
            done += batch.validCount
            try progress(done)
        }
        let parts = corpus.parts.count > 1 ? corpus.parts.map(\.name) : []
        return HeldOut(
            all: Mean(rows),
            domains: parts.enumerated().map { part, name in (name, Mean(rows.filter { $0.part == part })) },
            flops: Double(done) * model.forwardFLOPsPerToken(context: context))
    }

    /// Bytes of text behind each token id; special tokens have none.
    public static func byteLengths(of tokenizer: any Tokenizer) -> [Int] {
        (0..<Int32(tokenizer.vocabularySize)).map { tokenizer.isSpecial($0) ? 0 : tokenizer.bytes(of: $0).count }
    }
}
