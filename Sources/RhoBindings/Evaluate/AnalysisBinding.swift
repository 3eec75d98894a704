import LuaRuntime
import RhoCore
import RhoTensor
import RhoTraining

/// Module `rho.analysis`: the native half; the rest is stdlib-lua/rho/analysis.lua.
struct AnalysisBinding {
    let session: Session

    var module: LuaModuleDeclaration {
        LuaModuleDeclaration(
            "rho.native.analysis",
            doc:
                "Token dynamics, overlap of selected sets, selection rates: looking at what selection did, over whole tensors.",
            functions: [observe, group], records: [Self.observeRecord])
    }

    private static let observeRecord = LuaRecord(
        "ObserveOptions",
        [
            LuaField("model", .object("Model"), required: true, doc: "the model"),
            LuaField("data", .anyOf([.object("Corpus"), .object("Tokens")]), required: true, doc: "text to look at"),
            LuaField("tokenizer", .object("Tokenizer"), doc: "default: the model's"),
            LuaField(
                "context", .integer(min: 2), unit: "tokens", doc: "tokens of a row (default: the model's context)"),
            LuaField("batch", .integer(min: 1), default: 16, unit: "rows", doc: "rows of a forward pass"),
            LuaField(
                "limit_tokens", .integer(min: 1), unit: "tokens", doc: "about so many, spread evenly (default: all)"),
            LuaField("mask_documents", .boolean, default: false, doc: "tokens see only their own document"),
            LuaField("entropy", .boolean, default: false, doc: "the entropy of each prediction too"),
        ])

    private var observe: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.analysis.observe",
            doc: """
                Every token of a text with its loss under a model. The same text, context and limit give the same tokens in the \
                same order whatever the model, so that checkpoints can be compared token by token.
                """,
            parameters: [LuaField("options", .options(Self.observeRecord.name), required: true, doc: "model and text")],
            returns: [
                LuaResult(
                    .table,
                    "{ loss =, entropy =, id =, position =, source =, label =, count =, flops = }: tensors of one dimension; entropy and label where there are any"
                )
            ], example: "local seen = rho.analysis.observe { model = model, data = held, limit_tokens = 20000 }"
        ) { call in
            let options = try call.options("options")
            let box = try options.object("model", as: ModelBox.self)
            let tokens = try LoaderBinding(session: session).tokens(options, or: box.tokenizer.map { TokenizerBox($0) })
            if let own = box.tokenizer, own.fingerprint != tokens.tokenizer.fingerprint {
                throw RhoError(
                    .mismatch, "\(options.place): the text is tokenised with another tokenizer than the model's")
            }
            let seen = try TokenObservation.observe(
                box.model(), on: tokens.corpus, context: options.optionalInt("context") ?? box.config.context,
                batch: options.int("batch"), limit: options.optionalInt("limit_tokens"),
                documentMask: options.bool("mask_documents"),
                entropy: options.bool("entropy")
            ) { () throws(RhoError) in
                try Interruption.check()
            }
            var pairs: [(String, LuaValue)] = [
                ("loss", try Self.tensor(seen.loss)), ("id", try Self.tensor(seen.id.map(Float.init))),
                ("position", try Self.tensor(seen.position.map(Float.init))),
                ("source", try Self.tensor(seen.source.map(Float.init))),
                ("count", .integer(seen.count)), ("flops", .number(seen.flops)),
            ]
            if !seen.entropy.isEmpty { pairs.append(("entropy", try Self.tensor(seen.entropy))) }
            if seen.label.count == seen.count { pairs.append(("label", try Self.tensor(seen.label.map(Float.init)))) }
            return [.record(pairs)]
        }
    }

    private static func tensor(_ values: [Float]) throws(RhoError) -> LuaValue {
        TensorValues.value(try Tensor.from(values, [values.count]))
    }

    private var group: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.analysis.group",
            doc:
                "Count and mean of values by an integer key, in ascending order of key. Values that are not finite are left out.",
            parameters: [
                LuaField("values", .object("Tensor"), required: true, doc: "what is averaged, such as 0 or 1 for kept"),
                LuaField(
                    "keys", .object("Tensor"), required: true, doc: "what by: token ids, positions, sources, labels"),
            ], returns: [LuaResult(.list(.table), "{ { key =, count =, mean = }, ... }")],
            example: "return rho.analysis.group(rho.tensor.from { 1, 0, 1 }, rho.tensor.from { 7, 7, 9 })[1].mean"
        ) { call in
            let (values, keys) = (try call.object("values", as: Tensor.self), try call.object("keys", as: Tensor.self))
            guard values.count == keys.count else {
                throw RhoError(.shape, "values and keys must be as many, got \(values.count) and \(keys.count)")
            }
            return [
                .list(
                    GroupedMeans(values.toArray(), by: keys.toArray()).groups.map { group in
                        .record([
                            ("key", .integer(group.key)), ("count", .integer(group.count)),
                            ("mean", .number(group.mean)),
                        ])
                    })
            ]
        }
    }
}
