import LuaRuntime
import RhoCore
import RhoTraining

/// Module `rho.eval`.
struct EvalBinding {
    let session: Session

    var module: LuaModuleDeclaration {
        LuaModuleDeclaration(
            "rho.native.eval",
            doc:
                "Measurements of trained models. Each says its version; numbers of different versions are not compared.",
            functions: [loss, exactMatch] + EvaluateFunctions(session: session).functions,
            records: [lossRecord, exactRecord] + EvaluateFunctions.records)
    }

    private let lossRecord = LuaRecord(
        "EvalLossOptions",
        [
            LuaField("model", .object("Model"), required: true, doc: "the model"),
            LuaField(
                "data", .anyOf([.object("Corpus"), .object("Tokens")]), required: true,
                doc: "text it was not trained on"),
            LuaField("tokenizer", .object("Tokenizer"), doc: "default: the model's"),
            LuaField(
                "context", .integer(min: 1), unit: "tokens", doc: "tokens of a row (default: the model's context)"),
            LuaField("batch", .integer(min: 1), default: 16, unit: "rows", doc: "rows of a forward pass"),
            LuaField(
                "limit_tokens", .integer(min: 1), unit: "tokens", doc: "about so many, spread evenly (default: all)"),
            LuaField("mask_documents", .boolean, default: false, doc: "tokens see only their own document"),
        ])

    private var loss: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.eval.loss",
            doc:
                "Mean loss on a corpus, with its standard error over rows, and bits per byte of text; for a mixture also of each of its parts.",
            parameters: [LuaField("options", .options(lossRecord.name), required: true, doc: "model and text")],
            returns: [
                LuaResult(
                    .table,
                    "{ loss =, stderr =, bits_per_byte =, perplexity =, tokens =, bytes =, flops =, version =, domains = { { name =, loss =, ... }, ... } }"
                )
            ],
            example: "print(rho.eval.loss { model = model, data = held }.loss)"
        ) { call in
            let options = try call.options("options")
            let model = try options.object("model", as: ModelBox.self)
            if model.isStandIn, let corpus = try options.value("data").object(as: CorpusBox.self) {
                return [try DryEvaluation.heldOut(model, on: corpus, store: session.store)]
            }
            return try session.store.evaluation(options, label: Self.label(options)) { try heldOut(options) }
        }
    }

    /// What a person calls the text of an evaluation.
    private static func label(_ options: LuaOptions) -> String {
        let data = (try? options.value("data")) ?? .nil
        return data.object(as: CorpusBox.self)?.name ?? data.object(as: TokensBox.self)?.corpus.name ?? ""
    }

    private func heldOut(_ options: LuaOptions) throws -> LuaValue {
        let box = try options.object("model", as: ModelBox.self)
        let tokens = try LoaderBinding(session: session).tokens(options, or: box.tokenizer.map { TokenizerBox($0) })
        if let own = box.tokenizer, own.fingerprint != tokens.tokenizer.fingerprint {
            throw RhoError(.mismatch, "rho.eval.loss: the corpus is tokenised with another tokenizer than the model's")
        }
        let context = try options.optionalInt("context") ?? box.config.context
        let result = try HeldOut.evaluate(
            box.model(), on: tokens.corpus, byteLengths: tokens.byteLengths, context: context,
            batch: options.int("batch"),
            limit: options.optionalInt("limit_tokens"), documentMask: options.bool("mask_documents")
        ) { _ throws(RhoError) in
            try Interruption.check()
        }
        var pairs = Self.pairs(result.all)
        pairs += [("flops", .number(result.flops)), ("version", .integer(HeldOut.version))]
        if !result.domains.isEmpty {
            let rows = result.domains.map { LuaValue.record([("name", .string($0.name))] + Self.pairs($0.mean)) }
            pairs.append(("domains", .list(rows)))
        }
        return .record(pairs)
    }

    private static func pairs(_ mean: HeldOut.Mean) -> [(String, LuaValue)] {
        [
            ("loss", .number(mean.loss)), ("stderr", .number(mean.standardError)),
            ("bits_per_byte", .number(mean.bitsPerByte)), ("perplexity", .number(mean.perplexity)),
            ("tokens", .integer(mean.tokens)), ("bytes", .integer(mean.bytes)),
        ]
    }

    private let exactRecord = LuaRecord(
        "ExactMatchOptions",
        [
            LuaField("model", .object("Model"), required: true, doc: "the model"),
            LuaField("prompts", .list(.string), required: true, doc: "what it reads"),
            LuaField("answers", .list(.string), required: true, doc: "what it should say"),
            LuaField("max_tokens", .integer(min: 1), default: 64, unit: "tokens", doc: "longest continuation"),
            LuaField("stop", .anyOf([.string, .list(.string)]), default: "\n", doc: "texts that end a continuation"),
            LuaField("extract", .function, doc: "extract(continuation) -> answer (default: white space trimmed)"),
        ])

    private var exactMatch: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.eval.exact_match",
            doc: "Share of prompts whose greedy continuation is exactly the answer, with its standard error.",
            parameters: [
                LuaField("options", .options(exactRecord.name), required: true, doc: "model, prompts and answers")
            ],
            returns: [LuaResult(.table, "{ accuracy =, stderr =, correct =, n =, items = {...}, flops =, version = }")]
        ) { call in
            let options = try call.options("options")
            if try options.object("model", as: ModelBox.self).isStandIn {
                return [DryEvaluation.share(of: try options.strings("prompts").count)]
            }
            return try session.store.evaluation(options, label: "\(options.strings("prompts").count) prompts") {
                try exact(options)
            }
        }
    }

    private func exact(_ options: LuaOptions) throws -> LuaValue {
        let box = try options.object("model", as: ModelBox.self)
        let stop = try options.value("stop")
        let stops = stop.stringValue.map { [$0] } ?? (stop.listValue ?? []).compactMap(\.stringValue)
        let extract = try options.optionalFunction("extract").map { function in
            { (text: String) throws -> String in
                let result = try function.call([.string(text)]).first ?? .nil
                guard let answer = result.stringValue else {
                    throw RhoError(.value, "rho.eval.exact_match: extract must return a string, got \(result.display)")
                }
                return answer
            }
        }
        let result = try ExactMatch.evaluate(
            box.model(), tokenizer: box.needTokenizer(), prompts: options.strings("prompts"),
            answers: options.strings("answers"),
            maxTokens: options.int("max_tokens"), stops: stops, extract: extract)
        let items = result.items.map { item in
            LuaValue.record([
                ("prompt", .string(item.prompt)), ("expected", .string(item.expected)),
                ("output", .string(item.output)),
                ("answer", .string(item.answer)), ("correct", .boolean(item.correct)),
            ])
        }
        return .record([
            ("accuracy", .number(result.accuracy)), ("stderr", .number(result.standardError)),
            ("correct", .integer(result.correct)), ("n", .integer(result.items.count)),
            ("truncated", .integer(result.truncated)),
            ("items", .list(items)), ("flops", .number(result.flops)), ("version", .integer(ExactMatch.version)),
        ])
    }
}
