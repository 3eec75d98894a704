import LuaRuntime
import RhoCore
import RhoData
import RhoTraining

/// `rho.score`: a corpus through a frozen reference model, once.
struct ScoreBinding {
    let session: Session

    private static let record = LuaRecord(
        "ScoreOptions",
        [
            LuaField("reference", .object("Model"), required: true, doc: "the frozen reference model"),
            LuaField("data", .anyOf([.object("Corpus"), .object("Tokens")]), required: true, doc: "text to score"),
            LuaField("tokenizer", .object("Tokenizer"), doc: "default: the reference's"),
            LuaField(
                "context", .integer(min: 2), unit: "tokens",
                doc: "tokens of a row; training must use the same (default: the reference's)"),
            LuaField("entropy", .boolean, default: false, doc: "keep the entropy of each prediction too"),
            LuaField("mask_documents", .boolean, default: false, doc: "tokens see only their own document"),
            LuaField(
                "batch", .integer(min: 1), unit: "rows", doc: "rows of a forward pass (default: about 4096 tokens)"),
            LuaField(
                "file", .string,
                doc:
                    "scores that were made elsewhere, used in place of making them: refused where they are not of this reference, tokenizer, text and context"
            ),
            referenceFLOPs,
        ])
    static let referenceFLOPs = LuaField(
        "reference_flops", .number(min: 0), default: 0, unit: "operations", doc: "what training the reference took")
    static let records = [record]

    var functions: [LuaFunctionDeclaration] { [score] }

    private var score: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.score",
            doc:
                "The reference's loss of every token of a corpus, computed once into a mapped file in the cache and found there again.",
            parameters: [LuaField("options", .options(Self.record.name), required: true, doc: "reference and text")],
            returns: [LuaResult(.object("Scores"), "for the scores option of policies")],
            example: "local scores = rho.score { reference = reference, data = web }"
        ) { call in
            let options = try call.options("options")
            let reference = try options.object("reference", as: ModelBox.self)
            let tokens = try LoaderBinding(session: session).tokens(
                options, or: reference.tokenizer.map { TokenizerBox($0) })
            if let own = reference.tokenizer, own.fingerprint != tokens.tokenizer.fingerprint {
                throw RhoError(
                    .mismatch, "rho.score: the corpus is tokenised with another tokenizer than the reference's")
            }
            let scorer = try ReferenceScorer(
                model: reference.model(), corpus: tokens.corpus,
                context: options.optionalInt("context") ?? reference.config.context,
                batch: options.optionalInt("batch"), documentMask: options.bool("mask_documents"),
                entropy: options.bool("entropy"))
            let fingerprint = try reference.fingerprint()
            let path = try options.optionalString("file")
            let scores =
                try path.map { try given(session.input($0), scorer, fingerprint, tokens) }
                ?? find(scorer, fingerprint, tokens)
            scores.referenceFLOPs = try options.double("reference_flops")
            return [scores.value]
        }
    }

    /// Scores from a file of the user's, held to what is asked for.
    private func given(
        _ path: String, _ scorer: ReferenceScorer, _ fingerprint: String, _ tokens: TokensBox
    ) throws -> ScoresBox {
        let file = try ScoreFile(path: path)
        _ = try file.view(
            of: tokens.corpus, context: scorer.context, documentMask: scorer.documentMask, reference: fingerprint)
        if scorer.entropy, !file.columns.contains("entropy") {
            throw RhoError(.mismatch, "\(path): the scores have no entropies; score the corpus again")
        }
        return ScoresBox(
            file, corpus: tokens.corpus.name, flops: operations(scorer, tokens),
            content: try FileHash.memoised(path, in: session.store.memos))
    }

    private func targets(_ tokens: TokensBox) -> Int {
        tokens.corpus.parts.reduce(0) { $0 + $1.store.tokenCount - 1 }
    }

    private func operations(_ scorer: ReferenceScorer, _ tokens: TokensBox) -> Double {
        Double(targets(tokens)) * scorer.model.forwardFLOPsPerToken(context: scorer.context)
    }

    private static let fileName = "scores"

    /// The stored scores, made where they are not there.
    private func find(_ scorer: ReferenceScorer, _ fingerprint: String, _ tokens: TokensBox) throws -> ScoresBox {
        let flops = operations(scorer, tokens)
        let key = session.store.key(
            "rho.score",
            [
                "reference": JSON(fingerprint), "tokenizer": JSON(tokens.tokenizer.fingerprint),
                "data": .array(tokens.corpus.parts.map { JSON($0.store.corpusHash) }), "context": JSON(scorer.context),
                "batch": JSON(scorer.batch), "entropy": JSON(scorer.entropy),
                "mask_documents": JSON(scorer.documentMask),
            ], notes: ["data": JSON(tokens.corpus.name)])
        if let known = try session.store.find(key, label: tokens.corpus.name),
            let file = try? ScoreFile(path: known.file(Self.fileName))
        {
            return ScoresBox(file, corpus: tokens.corpus.name, flops: flops)
        }
        let draft = try session.store.draft()
        try score(scorer, fingerprint, tokens, into: "\(draft.path)/\(Self.fileName)")
        let object = try draft.commit(key, label: tokens.corpus.name)
        return ScoresBox(try ScoreFile(path: object.file(Self.fileName)), corpus: tokens.corpus.name, flops: flops)
    }

    private func score(
        _ scorer: ReferenceScorer, _ fingerprint: String, _ tokens: TokensBox, into path: String
    ) throws {
        let targets = targets(tokens)
        let mode = session.quiet ? ProgressMode.none : try ProgressMode(named: session.progress)
        let batchTokens = scorer.batch * scorer.context
        let line = ProgressLine(
            label: "score \(tokens.corpus.name)", steps: (targets + batchTokens - 1) / batchTokens, mode: mode)
        defer { line.finish() }
        var step = 0
        _ = try scorer.score(into: path, reference: fingerprint) { done, _ throws(RhoError) in
            step += 1
            line.update(ProgressUpdate(step: step, tokens: done))
            try Interruption.check()
        }
    }
}
