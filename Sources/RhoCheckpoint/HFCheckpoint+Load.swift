import RhoCore
import RhoModels
import RhoTensor
import RhoText

extension HFCheckpoint {
    /// Loads the model in the directory `path`, and its tokenizer if there is a tokenizer.json.
    /// Errors: `.io`, `.format` (config.json), `.unsupported`, `.checkpoint` (weights), each naming file and key.
    public static func load(
        _ path: String, as format: StorageFormat = .f32
    ) throws(RhoError) -> (model: any LanguageModel, tokenizer: (any Tokenizer)?) {
        let model = try loadModel(path, as: format)
        let tokenizerPath = "\(path)/tokenizer.json"
        guard Files.exists(tokenizerPath) else { return (model, nil) }
        let tokenizer = try TokenizerCatalog.load(path: tokenizerPath)
        guard tokenizer.vocabularySize <= model.config.vocab else {
            throw RhoError(
                .mismatch,
                "\(tokenizerPath): the tokenizer has \(tokenizer.vocabularySize) tokens, the model's vocabulary \(model.config.vocab)"
            )
        }
        return (model, tokenizer)
    }

    /// Loads the model alone, its matrices kept as `format`.
    public static func loadModel(
        _ path: String, as format: StorageFormat = .f32
    ) throws(RhoError) -> any LanguageModel {
        var config = try config(path)
        config.storage = format
        try checkSize(config, elements: WeightFiles(directory: path).elementCount, path)
        let model = try ModelCatalog.blank(config)
        try loadWeights(path, into: model)
        return model
    }

    /// Keeps a configuration that lies about its size from being given memory: a wrong tensor is named later, but a model
    /// twice as large as its weights is not built at all. Errors: `.mismatch`.
    static func checkSize(_ config: ModelConfig, elements: Int, _ path: String) throws(RhoError) {
        let wanted = config.parameterCount + config.adapterParameterCount
        guard wanted / 2 <= elements else {
            throw RhoError(
                .mismatch,
                "\(path): the configuration describes a model of \(wanted) parameters, the weights hold \(elements) numbers"
            )
        }
    }

    /// Reads config.json of the directory `path`.
    public static func config(_ path: String) throws(RhoError) -> ModelConfig {
        let file = "\(path)/config.json"
        guard Files.exists(path) else {
            throw RhoError(
                .io, "\(path): no such directory\(suggestion(for: Files.name(of: path), in: neighbours(path)))")
        }
        guard Files.exists(file) else {
            throw RhoError(.checkpoint, "\(path): not a model directory: config.json is missing")
        }
        do throws(RhoError) { return try ModelConfig.fromHF(JSON.parse(Files.read(file))) } catch {
            let place = "config.json"
            if error.code == .io { throw error }
            var renamed = error
            renamed.message = error.message.hasPrefix(place) ? "\(path)/\(error.message)" : "\(file): \(error.message)"
            throw renamed
        }
    }

    private static func neighbours(_ path: String) -> [String] { (try? Files.list(Files.parent(of: path))) ?? [] }

    /// Fills `model` from the weights in the directory `path`. Every weight must be there with its shape, and every tensor
    /// must belong to the model, apart from buffers that old checkpoints carry along. A matrix that is kept in 16 bits stays
    /// in the file where it lies there as it is kept.
    public static func loadWeights(_ path: String, into model: any LanguageModel) throws(RhoError) {
        let files = try WeightFiles(directory: path)
        // Base-model checkpoints leave out the prefix of the language model: h.0... for transformer.h.0...
        let prefix = basePrefix(model.config.family)
        func stored(_ name: String) -> String {
            guard !files.contains(name), name.hasPrefix(prefix) else { return name }
            let short = String(name.dropFirst(prefix.count))
            return files.contains(short) ? short : name
        }
        var used = Set<String>()
        let scratch = FloatScratch()
        let mapped = try files.map(model.weights, named: stored)
        for weight in model.weights {
            let name = stored(weight.name)
            used.insert(name)
            if mapped.contains(ObjectIdentifier(weight.parameter)) { continue }
            try scratch.withFloats(weight.count) { (values) throws(RhoError) in
                try files.read(name, shape: weight.shape, into: values)
                try weight.load(UnsafeBufferPointer(values))
            }
        }
        for name in files.names where !used.contains(name) && !isIgnorable(name, tied: model.config.tied) {
            throw RhoError(
                .checkpoint,
                "\(files.path): tensor '\(name)' is not part of a \(model.config.family.rawValue) model with this config"
                    + suggestion(for: name, in: model.weights.map(\.name)))
        }
    }

    private static func basePrefix(_ family: ModelFamily) -> String {
        switch family {
        case .gpt2: "transformer."
        case .gptNeoX: "gpt_neox."
        default: "model."
        }
    }

    /// Causal masks and rotary tables that older transformers saved, and the copy of a tied head.
    private static func isIgnorable(_ name: String, tied: Bool) -> Bool {
        if tied, name == "lm_head.weight" || name == "embed_out.weight" { return true }
        return name.hasSuffix(".attn.bias") || name.hasSuffix(".masked_bias") || name.hasSuffix("rotary_emb.inv_freq")
            || name.hasSuffix(".attention.bias")
    }
}
