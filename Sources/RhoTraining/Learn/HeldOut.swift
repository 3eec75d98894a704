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

    /// Nats per token.
    public var loss: Double
    /// Standard error of the loss, from the spread between rows: tokens of one row are not independent.
    public var standardError: Double
    /// Bits per byte of text; comparable between tokenizers.
    public var bitsPerByte: Double
    public var tokens: Int
    /// Bytes of text the tokens stand for; tokens that stand for no text (end of text) have none.
    public var bytes: Int
    /// Forward FLOPs spent.
    public var flops: Double

    public var perplexity: Double { exp(loss) }

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
        var rows: [(loss: Double, tokens: Int)] = []
        var result = HeldOut(loss: .nan, standardError: .nan, bitsPerByte: .nan, tokens: 0, bytes: 0, flops: 0)
        for index in 0..<wanted {
            let batch = loader.batch(step: index * all / wanted)
            let losses = try Autograd.withoutGrad { () throws(RhoError) in
                try model.loss(batch.grid(), targets: batch.targets).toArray()
            }
            for row in 0..<batch.rowCount {
                var sum = 0.0
                var tokens = 0
                for place in row * batch.width..<(row + 1) * batch.width where batch.targets[place] >= 0 {
                    sum += Double(losses[place])
                    tokens += 1
                    result.bytes += byteLengths[Int(batch.targets[place])]
                }
                if tokens > 0 { rows.append((sum, tokens)) }
            }
            result.tokens += batch.validCount
            try progress(result.tokens)
        }
        let total = rows.reduce(0.0) { $0 + $1.loss }
        let count = Double(result.tokens)
        result.loss = total / count
        result.bitsPerByte = result.bytes > 0 ? total / log(2.0) / Double(result.bytes) : .nan
        // Ratio estimator: rows differ in length, the residual of each is what it adds beyond its share.
        let spread = rows.reduce(0.0) { sum, row in
            let residual = row.loss - result.loss * Double(row.tokens)
            return sum + residual * residual
        }
        if rows.count > 1 {
            result.standardError = (spread * Double(rows.count) / Double(rows.count - 1)).squareRoot() / count
        }
        result.flops = count * model.forwardFLOPsPerToken(context: context)
        return result
    }

    /// Bytes of text behind each token id; special tokens have none.
    public static func byteLengths(of tokenizer: any Tokenizer) -> [Int] {
        (0..<Int32(tokenizer.vocabularySize)).map { tokenizer.isSpecial($0) ? 0 : tokenizer.bytes(of: $0).count }
    }
}
