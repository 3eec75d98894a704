import RhoCore
import RhoData
import RhoModels
import RhoTensor

/// Runs a frozen reference model over a corpus once and keeps its loss per token in a score file.
///
/// No tape, one batch in memory at a time; the file appears whole at its path or not at all, so an interrupted pass
/// leaves nothing behind that could be mistaken for scores.
public struct ReferenceScorer {
    public let model: any LanguageModel
    public let corpus: Corpus
    /// Tokens per row T; training must use the same.
    public let context: Int
    /// Rows per forward pass.
    public let batch: Int
    /// Whether attention stays within documents.
    public let documentMask: Bool
    /// Also keep the entropy of each prediction.
    public let entropy: Bool

    public struct Result: Sendable {
        public var file: ScoreFile
        /// Mean loss of the reference, nats per token.
        public var meanLoss: Double
        public var tokens: Int
        /// Forward FLOPs spent.
        public var flops: Double
    }

    /// - Parameter batch: rows per forward pass; about 4096 tokens if not given.
    public init(
        model: any LanguageModel, corpus: Corpus, context: Int, batch: Int? = nil, documentMask: Bool = false,
        entropy: Bool = false
    ) throws(RhoError) {
        guard context >= 1, context <= model.config.context else {
            throw RhoError(
                .value, "context must be in [1, \(model.config.context)], the reference's own, got \(context)")
        }
        guard corpus.vocabularySize <= model.config.vocab else {
            throw RhoError(
                .mismatch,
                "the corpus has token ids up to \(corpus.vocabularySize - 1), the reference model knows "
                    + "\(model.config.vocab): they do not share a tokenizer")
        }
        self.model = model
        self.corpus = corpus
        self.context = context
        self.batch = batch ?? max(1, 4096 / context)
        try DataLoader.check(batch: self.batch, tokens: context)
        self.documentMask = documentMask
        self.entropy = entropy
    }

    /// Scores the corpus into `path`.
    /// - Parameters:
    ///   - reference: what identifies the model; its fingerprint if not given.
    ///   - progress: called after each batch with the tokens done and all; throwing ends the pass.
    public func score(
        into path: String, reference: String? = nil,
        progress: (_ done: Int, _ all: Int) throws(RhoError) -> Void = { _, _ throws(RhoError) in }
    ) throws(RhoError) -> Result {
        let loader = try DataLoader(
            corpus, batch: batch, tokens: context, order: .sequential, documentMask: documentMask)
        let writer = try ScoreFileWriter(
            path: path, corpus: corpus, context: context, columns: entropy ? ["loss", "entropy"] : ["loss"],
            reference: reference ?? model.fingerprint, documentMask: documentMask)
        var sum = 0.0
        var tokens = 0
        let extras: TokenLossExtra = entropy ? [.entropy] : []
        for step in 0..<loader.stepsPerPass {
            let batch = loader.batch(step: step)
            let losses = try Autograd.withoutGrad { () throws(RhoError) in
                try model.loss(batch.grid(), targets: batch.targets, extras: extras)
            }
            let loss = losses.loss.toArray()
            for index in loss.indices where batch.targets[index] >= 0 { sum += Double(loss[index]) }
            tokens += batch.validCount
            try writer.append(batch, [loss] + (losses.entropy.map { [$0.toArray()] } ?? []))
            try progress(tokens, loader.targetCount)
        }
        return Result(
            file: try writer.commit(), meanLoss: sum / Double(tokens), tokens: tokens,
            flops: Double(tokens) * model.forwardFLOPsPerToken(context: context))
    }
}
