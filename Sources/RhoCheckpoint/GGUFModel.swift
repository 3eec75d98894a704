import RhoCore
import RhoModels
import RhoTensor

/// A model in a GGUF file: llama (also Mistral, SmolLM2), qwen2, qwen3 and gpt2, dequantised.
public enum GGUFModel {
    /// Builds the model and fills it. Errors: `.checkpoint` for missing metadata or tensors, `.unsupported` for an
    /// architecture or number format not read here.
    public static func load(_ path: String) throws(RhoError) -> any LanguageModel {
        try load(GGUF(path: path))
    }

    public static func load(_ file: GGUF, as format: StorageFormat = .f32) throws(RhoError) -> any LanguageModel {
        var config = try config(file)
        config.storage = format
        try HFCheckpoint.checkSize(config, elements: file.entries.reduce(0) { $0 + $1.count }, file.path)
        let model = try ModelCatalog.blank(config)
        var used = Set<String>()
        let scratch = FloatScratch()
        let isPermuted = config.family == .llama || config.family == .mistral
        for weight in model.weights {
            let name = try tensorName(weight.name, file.path)
            used.insert(name)
            // GGUF stores all matrices as (outputs, inputs); GPT-2's checkpoint shape is the transpose.
            let shape = weight.transposed ? weight.shape.reversed() : weight.shape
            try scratch.withFloats(weight.count) { (values) throws(RhoError) in
                try file.read(name, shape: Array(shape), into: values)
                if weight.transposed {
                    GGUFRowOrder.transpose(values, rows: shape[0], columns: shape[1])
                } else if isPermuted, headCount(name, config) > 0 {
                    GGUFRowOrder.toHalves(values, heads: headCount(name, config), columns: shape[1])
                }
                try weight.load(UnsafeBufferPointer(values))
            }
        }
        used.insert(GGUFRotary.name)
        for entry in file.entries where !used.contains(entry.name) {
            throw RhoError(
                .unsupported,
                "\(file.path): tensor '\(entry.name)' has no place in a \(config.family.rawValue) model as built here")
        }
        return model
    }

    /// Reads the shape of the model from the metadata.
    public static func config(_ file: GGUF) throws(RhoError) -> ModelConfig {
        let architecture = try file.string("general.architecture")
        guard let family = ModelFamily(rawValue: architecture) else {
            let known = ["llama", "qwen2", "qwen3", "gpt2"]
            throw RhoError(
                .unsupported,
                "\(file.path): architecture '\(architecture)' is not supported\(suggestion(for: architecture, in: known)); "
                    + "supported: \(known.joined(separator: ", "))")
        }
        do throws(RhoError) { return try config(file, family, architecture + ".") } catch {
            throw error.message.hasPrefix(file.path) ? error : error.at(file.path)
        }
    }

    private static func config(
        _ file: GGUF, _ family: ModelFamily, _ prefix: String
    ) throws(RhoError) -> ModelConfig {
        guard let table = file.entry("token_embd.weight"), table.shape.count == 2 else {
            throw RhoError(.checkpoint, "tensor 'token_embd.weight' is missing")
        }
        let heads = try file.int(prefix + "attention.head_count")
        let dim = try file.int(prefix + "embedding_length")
        guard heads > 0 else {
            throw RhoError(.checkpoint, "metadata '\(prefix)attention.head_count' must be positive")
        }
        var config = try ModelConfig(
            family: family, vocab: table.shape[0], dim: dim, layers: try file.int(prefix + "block_count"), heads: heads,
            kvHeads: try file.int(prefix + "attention.head_count_kv", default: heads),
            headWidth: try file.int(prefix + "attention.key_length", default: dim / heads),
            ffWidth: try file.int(prefix + "feed_forward_length"), context: try file.int(prefix + "context_length"),
            tied: file.entry("output.weight") == nil)
        let epsilon = family == .gpt2 ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon"
        config.normEps = shortest(try file.double(prefix + epsilon, default: 1e-5))
        config.ropeTheta = shortest(try file.double(prefix + "rope.freq_base", default: 10_000))
        if case .string(let kind) = file[prefix + "rope.scaling.type"], kind != "none" {
            guard kind == "linear" else {
                throw RhoError(.unsupported, "rope scaling '\(kind)' is not supported; supported: none, linear")
            }
            config.ropeScaling = .linear(factor: shortest(try file.double(prefix + "rope.scaling.factor")))
        }
        if family == .llama, let scaling = try GGUFRotary.scaling(file, config) { config.ropeScaling = scaling }
        let window = try file.int(prefix + "attention.sliding_window", default: 0)
        if window > 0 { config.window = window }
        let begin = try file.int("tokenizer.ggml.bos_token_id", default: -1)
        if begin >= 0 { config.bosToken = begin }
        let end = try file.int("tokenizer.ggml.eos_token_id", default: -1)
        if end >= 0 { config.eosToken = [end] }
        try config.validate()
        return config
    }

    /// GGUF keeps constants as f32; 1e-5 comes back as 9.999999747e-06 unless it is read at f32's own precision.
    private static func shortest(_ value: Double) -> Double { Double(Float(value).description) ?? value }

    /// The GGUF name of a weight.
    static func tensorName(_ name: String, _ path: String) throws(RhoError) -> String {
        if let whole = wholeNames[name] { return whole }
        var parts = name.split(separator: ".").map(String.init)
        if parts.first == "model" || parts.first == "transformer" { parts.removeFirst() }
        guard parts.count >= 4, parts[0] == "layers" || parts[0] == "h", let kind = parts.last,
            let short = layerNames[parts[2..<parts.count - 1].joined(separator: ".")]
        else {
            throw RhoError(.unsupported, "\(path): weight '\(name)' has no name in GGUF")
        }
        return "blk.\(parts[1]).\(short).\(kind)"
    }

    private static let wholeNames = [
        "model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight",
        "lm_head.weight": "output.weight", "transformer.wte.weight": "token_embd.weight",
        "transformer.wpe.weight": "position_embd.weight", "transformer.ln_f.weight": "output_norm.weight",
        "transformer.ln_f.bias": "output_norm.bias",
    ]

    private static let layerNames = [
        "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
        "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm",
        "self_attn.k_norm": "attn_k_norm", "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate",
        "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down", "ln_1": "attn_norm", "attn.c_attn": "attn_qkv",
        "attn.c_proj": "attn_output", "ln_2": "ffn_norm", "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down",
    ]

    /// Heads in a weight whose rows the converter reorders; 0 for all others.
    static func headCount(_ name: String, _ config: ModelConfig) -> Int {
        name.hasSuffix("attn_q.weight") ? config.heads : name.hasSuffix("attn_k.weight") ? config.kvHeads : 0
    }
}
