import LuaRuntime
import RhoCheckpoint
import RhoCore
import RhoModels
import RhoTensor
import RhoText

/// Module `rho.model`: architectures and trained models.
struct ModelBinding {
    let session: Session

    var module: LuaModuleDeclaration {
        LuaModuleDeclaration(
            "rho.native.model",
            doc: """
                Causal language models. Without a seed a model is an architecture, which rho.train starts from its own seed; \
                with one it has weights at once.
                """,
            functions: [llama, gpt2, load], classes: [ModelClass.declaration, ForwardClass.declaration],
            records: [llamaRecord, gpt2Record] + ModelClass.records)
    }

    private static let sizes = [
        LuaField("tokenizer", .object("Tokenizer"), required: true, doc: "whose ids the model reads"),
        LuaField("dim", .integer(min: 1), default: 256, doc: "width"),
        LuaField("layers", .integer(min: 1), default: 6, doc: "transformer blocks"),
        LuaField("heads", .integer(min: 1), default: 8, doc: "attention heads"),
        LuaField("context", .integer(min: 1), default: 256, unit: "tokens", doc: "longest row"),
        LuaField("tied", .boolean, default: true, doc: "the output head is the embedding table"),
        LuaField("dropout", .number(min: 0, max: 1), default: 0, doc: "share of activations dropped in training"),
        LuaField("norm_eps", .number(min: 0, openMin: true), default: 1e-5, doc: "added to the variance in norms"),
        LuaField("seed", .integer(), doc: "weights from this seed at once; without it the model is an architecture"),
        LuaField(
            "ff", .integer(min: 1), doc: "inner width of the feed-forward block (default: 8/3 of dim, GPT-2: 4 of dim)"),
    ]

    private let llamaRecord = LuaRecord(
        "LlamaOptions",
        ModelBinding.sizes + [
            LuaField("kv_heads", .integer(min: 1), doc: "key and value heads (default: as many as heads)"),
            LuaField(
                "rope_theta", .number(min: 0, openMin: true), default: 10000, doc: "base of the rotary frequencies"),
            LuaField(
                "window", .integer(min: 1), unit: "tokens", doc: "a token sees only so many before it (default: all)"),
        ])
    private let gpt2Record = LuaRecord("Gpt2Options", ModelBinding.sizes)
    private let result = [LuaResult(.object("Model"), "the model")]

    private var llama: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.model.llama",
            doc: "RMSNorm, rotary positions, SwiGLU, grouped key and value heads (arXiv:2302.13971).",
            parameters: [LuaField("options", .options(llamaRecord.name), required: true, doc: "sizes")],
            returns: result,
            example:
                "return rho.model.llama { tokenizer = rho.tokenizer.bytes(), dim = 64, layers = 2, heads = 4, context = 64 }"
        ) { call in
            let options = try call.options("options")
            var config = try self.config(.llama, options, kvHeads: options.optionalInt("kv_heads"))
            config.ropeTheta = try options.double("rope_theta")
            config.window = try options.optionalInt("window")
            return [try make(config, options)]
        }
    }

    private var gpt2: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.model.gpt2", doc: "LayerNorm, learned positions, GELU.",
            parameters: [LuaField("options", .options(gpt2Record.name), required: true, doc: "sizes")], returns: result,
            example:
                "return rho.model.gpt2 { tokenizer = rho.tokenizer.bytes(), dim = 64, layers = 2, heads = 4, context = 64 }"
        ) { call in
            let options = try call.options("options")
            return [try make(config(.gpt2, options, kvHeads: nil), options)]
        }
    }

    private func config(_ family: ModelFamily, _ options: LuaOptions, kvHeads: Int?) throws -> ModelConfig {
        let tokenizer = try options.object("tokenizer", as: TokenizerBox.self).tokenizer
        var config = try ModelConfig(
            family: family, vocab: tokenizer.vocabularySize, dim: options.int("dim"), layers: options.int("layers"),
            heads: options.int("heads"), kvHeads: kvHeads, ffWidth: options.optionalInt("ff"),
            context: options.int("context"),
            tied: options.bool("tied"), dropout: options.double("dropout"))
        config.normEps = try options.double("norm_eps")
        if let end = tokenizer.endOfText { config.eosToken = [Int(end)] }
        return config
    }

    private func make(_ config: ModelConfig, _ options: LuaOptions) throws -> LuaValue {
        try config.validate()
        let tokenizer = try options.object("tokenizer", as: TokenizerBox.self).tokenizer
        let box = ModelBox(config, tokenizer: tokenizer, checks: session.dry != nil)
        guard let seed = try options.optionalInt("seed") else { return box.value }
        return try box.start(seed: UInt64(bitPattern: Int64(seed))).value
    }

    private var load: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.model.load",
            doc:
                "A model directory as Hugging Face tools write it: config.json, model.safetensors, tokenizer.json; or a .gguf file.",
            parameters: [
                LuaField("path", .string, required: true, doc: "the directory or file"),
                LuaField(
                    "keep", .oneOf(StorageFormat.allCases.map(\.rawValue)), default: "f32",
                    doc: """
                        how matrices are kept in memory; bf16 and f16 take half, for a model that scores or generates. \
                        Arithmetic is f32, and rho.train trains an f32 copy
                        """),
            ], returns: result
        ) { call in
            let path = try session.input(call.string("path"))
            if session.dry != nil { return [try promised(path).value] }
            let loaded = try PretrainedModel.load(path, as: StorageFormat(rawValue: call.string("keep")) ?? .f32)
            return [ModelBox(loaded.model, tokenizer: loaded.tokenizer, companions: loaded.companions).value]
        }
    }

    /// The model at `path` without its weights, for a check.
    private func promised(_ path: String) throws(RhoError) -> ModelBox {
        if path.hasSuffix(".gguf") {
            let file = try GGUF(path: path)
            return ModelBox(
                try GGUFModel.config(file),
                tokenizer: GGUFTokenizer.isPresent(file) ? try GGUFTokenizer.load(file) : nil,
                checks: true, isStandIn: true)
        }
        let tokenizer = "\(path)/tokenizer.json"
        return ModelBox(
            try HFCheckpoint.config(path),
            tokenizer: Files.exists(tokenizer) ? try TokenizerCatalog.load(path: tokenizer) : nil,
            checks: true, isStandIn: true)
    }
}
