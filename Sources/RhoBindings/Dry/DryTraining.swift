import LuaRuntime
import RhoCore
import RhoModels
import RhoText
import RhoTraining

/// A training that a run would do, checked as far as that goes without doing it.
struct DryTraining {
    static let record = LuaRecord(
        "DryTrainingOptions",
        [
            LuaField("name", .string, required: true, doc: "name of the arm"),
            LuaField("model", .object("Model"), required: true, doc: "what is trained"),
            LuaField("data", .object("Corpus"), required: true, doc: "text to train on"),
            LuaField("tokenizer", .object("Tokenizer"), doc: "the model's, or another"),
            LuaField("policy", .object("Policy"), required: true, doc: "which tokens carry loss"),
            LuaField("steps", .integer(min: 1), required: true, doc: "optimiser steps"),
            LuaField("batch", .integer(min: 1), required: true, unit: "rows", doc: "rows of a step"),
            LuaField("accumulate", .integer(min: 1), default: 1, doc: "pieces of a step's batch"),
            LuaField("context", .integer(min: 2), required: true, unit: "tokens", doc: "tokens in a row"),
            LuaField(
                "evaluations", .list(.options("DryEvaluationOptions")), default: [], doc: "held-out texts"),
            LuaField("looks", .integer(min: 0), default: 0, doc: "how often those are looked at"),
        ])
    static let evaluationRecord = LuaRecord(
        "DryEvaluationOptions",
        [
            LuaField("data", .object("Corpus"), required: true, doc: "the text"),
            LuaField("limit_tokens", .number(min: 1), unit: "tokens", doc: "of it, at most"),
        ])

    private let name: String
    private let model: ModelBox
    private let corpus: CorpusBox
    private let policy: PolicyBox
    private let tokenizer: any Tokenizer
    private let steps: Int
    private let batch: Int
    private let accumulate: Int
    private let context: Int
    private let looks: Int
    private let sample: CorpusSample
    /// Tokens of all held-out texts together.
    private var heldOutTokens = 0.0

    init(_ options: LuaOptions, ledger: DryLedger, store: StoreSession) throws {
        name = try options.string("name")
        model = try options.object("model", as: ModelBox.self)
        corpus = try options.object("data", as: CorpusBox.self)
        policy = try options.object("policy", as: PolicyBox.self)
        guard
            let tokenizer = try options.optionalObject("tokenizer", as: TokenizerBox.self)?.tokenizer
                ?? model.tokenizer
        else { throw RhoError(.usage, "the model has no tokenizer; give one") }
        self.tokenizer = tokenizer
        steps = try options.int("steps")
        batch = try options.int("batch")
        accumulate = try options.int("accumulate")
        context = try options.int("context")
        looks = try options.int("looks")
        sample = try ledger.sample(corpus, store)
        for value in try options.list("evaluations").compactMap(\.optionsValue) {
            let held = try ledger.sample(value.object("data", as: CorpusBox.self), store)
            let limit = try value.optionalDouble("limit_tokens") ?? .infinity
            heldOutTokens += min(limit, Double(held.tokens(tokenizer)))
        }
        try check()
    }

    /// What a run would only find out at its first step.
    private func check() throws {
        let config = model.config
        guard tokenizer.vocabularySize <= config.vocab else {
            throw RhoError(
                .mismatch,
                "the tokenizer has \(tokenizer.vocabularySize) tokens, the model's vocabulary \(config.vocab)"
            )
        }
        guard context <= config.context else {
            throw RhoError(
                .value, "context must not exceed the model's \(config.context) tokens, got \(context)")
        }
        guard accumulate <= batch else {
            throw RhoError(
                .value, "a batch of \(batch) rows cannot be cut into \(accumulate) pieces (accumulate)")
        }
        for scores in [policy.scores].compactMap({ $0 }) + policy.sources.scores.map(\.scores) {
            guard scores.facts.tokenizer == tokenizer.fingerprint else {
                throw RhoError(
                    .mismatch, "the scores of policy '\(policy.name)' were made with another tokenizer")
            }
            guard scores.facts.context == context else {
                throw RhoError(
                    .mismatch,
                    "the scores of policy '\(policy.name)' are of rows of \(scores.facts.context) tokens, "
                        + "the training reads rows of \(context)",
                    hint: "give rho.score and rho.train the same context")
            }
            guard scores.corpus == corpus.name else {
                throw RhoError(
                    .mismatch,
                    "the scores of policy '\(policy.name)' are of the corpus '\(scores.corpus)', "
                        + "the training reads '\(corpus.name)'")
            }
        }
        try policy.rehearse(isLabelled: sample.isLabelled)
    }

    private var tokens: Double { Double(steps * batch * context) }

    func enter(_ ledger: DryLedger, at place: String) throws -> LuaValue {
        let config = model.config
        let memory = try TrainingMemory(config, batch: batch, accumulate: accumulate, context: context)
        let twice = accumulate > 1 && policy.ranksAcrossPieces
        let training = tokens * config.trainingFLOPsPerToken(context: context) * (twice ? 4 / 3 : 1)
        let evaluation = Double(looks) * heldOutTokens * config.forwardFLOPsPerToken(context: context)
        let speed = try ledger.speed(config, context: context, tokens: batch * context / accumulate)
        let known = sample.isWhole ? sample.tokens(tokenizer) : nil
        ledger.add(
            DryLedger.Entry(
                kind: .training, place: place, name: name, text: text(known),
                cost: DryLedger.Cost(
                    operations: training + evaluation,
                    seconds: speed?.seconds(
                        operations: training + evaluation, steps: steps, parameters: config.parameterCount),
                    bytes: memory.total),
                details: [
                    "family": JSON(config.family.rawValue), "parameters": JSON(config.parameterCount),
                    "steps": JSON(steps), "batch": JSON(batch), "context": JSON(context), "tokens": JSON(Int(tokens)),
                    "policy": JSON(policy.name), "training_flops": .number(training),
                    "evaluation_flops": .number(evaluation),
                ]))
        remark(ledger, at: place, memory: memory, known: known)
        return .record([
            ("loss", .number(DryEvaluation.uniformLoss(config))),
            ("bits_per_byte", .number(DryEvaluation.uniformBitsPerByte(config))), ("flops", .number(training)),
        ])
    }

    private func text(_ known: Int?) -> String {
        let config = model.config
        var text =
            "\(config.family.rawValue) of \(Text.scaled(Double(config.parameterCount))) parameters, "
            + "\(steps) steps of \(batch) x \(context) = \(Text.scaled(tokens)) tokens"
        if let known, known > 0 { text += " (\(Text.fixed(tokens / Double(known), 1)) passes)" }
        if looks > 0, heldOutTokens > 0 { text += ", \(looks) evaluations" }
        return text
    }

    private func remark(_ ledger: DryLedger, at place: String, memory: TrainingMemory, known: Int?) {
        if memory.total > Machine.memoryBytes {
            ledger.remark(
                "'\(name)' needs \(memory.text); the machine has \(TrainingMemory.size(Machine.memoryBytes)): "
                    + "accumulate cuts the batch into pieces", at: place)
        }
        if let known, known < context {
            ledger.remark("'\(corpus.name)' has about \(known) tokens, less than one row of \(context)", at: place)
        }
    }
}
