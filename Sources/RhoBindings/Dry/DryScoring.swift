import LuaRuntime
import RhoCore
import RhoData
import RhoTraining

/// A scoring that a run would do.
struct DryScoring {
    static let record = LuaRecord(
        "DryScoringOptions",
        [
            LuaField("reference", .object("Model"), required: true, doc: "the reference model"),
            LuaField("data", .object("Corpus"), required: true, doc: "text to score"),
            LuaField("tokenizer", .object("Tokenizer"), doc: "default: the reference's"),
            LuaField("context", .integer(min: 2), unit: "tokens", doc: "default: the reference's"),
            LuaField("entropy", .boolean, default: false, doc: "keep entropies too"),
            LuaField("mask_documents", .boolean, default: false, doc: "tokens see only their own document"),
            LuaField("file", .string, doc: "scores that were made elsewhere"),
            ScoreBinding.referenceFLOPs,
        ])

    let corpus: CorpusBox
    private let reference: ModelBox
    private let tokens: Int
    private let isWhole: Bool
    private let facts: ScoresBox.Facts
    /// Whether the scores are there already.
    private let isGiven: Bool
    private let referenceFLOPs: Double

    init(_ options: LuaOptions, ledger: DryLedger, session: Session) throws {
        reference = try options.object("reference", as: ModelBox.self)
        guard !reference.isFresh else {
            throw RhoError(
                .usage, "the reference has no weights",
                hint: "train it with rho.train, or load one with rho.model.load")
        }
        corpus = try options.object("data", as: CorpusBox.self)
        let own = try reference.needTokenizer()
        let tokenizer = try options.optionalObject("tokenizer", as: TokenizerBox.self)?.tokenizer ?? own
        guard tokenizer.fingerprint == own.fingerprint else {
            throw RhoError(
                .mismatch, "the corpus is tokenised with another tokenizer than the reference's")
        }
        let context = try options.optionalInt("context") ?? reference.config.context
        guard context <= reference.config.context else {
            throw RhoError(
                .value,
                "context must not exceed the reference's \(reference.config.context) tokens, got \(context)")
        }
        let file = try options.optionalString("file")
        isGiven = file != nil
        referenceFLOPs = try options.double("reference_flops")
        if let file { _ = try ScoreFile(path: session.input(file)) }
        let sample = try ledger.sample(corpus, session.store)
        tokens = sample.tokens(tokenizer)
        isWhole = sample.isWhole
        facts = ScoresBox.Facts(
            tokenizer: tokenizer.fingerprint, context: context,
            columns: try options.bool("entropy") ? ["loss", "entropy"] : ["loss"], tokens: tokens)
    }

    func enter(_ ledger: DryLedger, at place: String) throws -> ScoresBox {
        let config = reference.config
        let operations = Double(tokens) * config.forwardFLOPsPerToken(context: facts.context)
        let scores = ScoresBox(promised: facts, corpus: corpus.name, flops: operations)
        scores.referenceFLOPs = referenceFLOPs
        if isGiven { return scores }
        let batch = max(1, 4096 / facts.context) * facts.context
        let speed = try ledger.speed(config, context: facts.context, tokens: batch)
        let memory = config.trainingMemory(tokens: batch)
        let size = "\(isWhole ? "about" : "more than") \(Text.scaled(Double(tokens))) tokens"
        ledger.add(
            DryLedger.Entry(
                kind: .scoring, place: place, name: corpus.name, text: size,
                cost: DryLedger.Cost(
                    operations: operations, seconds: speed.map { operations * $0.secondsPerOperation },
                    bytes: memory.weights + memory.activations),
                details: [
                    "tokens": JSON(tokens), "whole": JSON(isWhole), "context": JSON(facts.context),
                    "parameters": JSON(config.parameterCount),
                ]))
        return scores
    }
}
