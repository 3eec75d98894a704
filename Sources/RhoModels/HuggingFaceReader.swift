import RhoCore

extension ModelConfig {
    /// Reads a Hugging Face `config.json`. Keys that change nothing in the arithmetic are ignored; keys that would change
    /// it in a way not built here are refused by name.
    /// Errors: `.unsupported` for an architecture or option not built here, `.format` for a missing or mistyped key.
    public static func fromHF(_ json: JSON) throws(RhoError) -> ModelConfig {
        let keys = try ConfigKeys(json)
        let type = try keys.string("model_type")
        guard let family = ModelFamily(rawValue: type) else {
            let known = ModelFamily.allCases.map(\.rawValue)
            throw RhoError(
                .unsupported,
                "config.json: model_type '\(type)' is not supported\(suggestion(for: type, in: known)); "
                    + "supported: \(known.joined(separator: ", "))")
        }
        if keys.has("quantization_config") {
            throw RhoError(.unsupported, "config.json: quantised weights (quantization_config) are not supported")
        }
        var config: ModelConfig
        switch family {
        case .gpt2: config = try readGPT2(keys)
        case .gptNeoX: config = try readGPTNeoX(keys)
        default: config = try readLlamaLike(keys, family)
        }
        config.bosToken = try keys.int("bos_token_id", default: nil)
        config.eosToken = try keys.intOrList("eos_token_id")
        if let lora = try keys.table("rhoscript_lora") {
            config.lora = LoRASettings(
                rank: try lora.int("rank"), alpha: try lora.double("alpha"), targets: try lora.strings("targets"))
        }
        config.initStd = try keys.double("initializer_range", default: 0.02)
        do throws(RhoError) { try config.validate() } catch { throw error.at("config.json") }
        return config
    }

    private static func readLlamaLike(_ keys: ConfigKeys, _ family: ModelFamily) throws(RhoError) -> ModelConfig {
        let heads = try keys.int("num_attention_heads")
        var config = try make(keys) { () throws(RhoError) in
            try ModelConfig(
                family: family, vocab: keys.int("vocab_size"), dim: keys.int("hidden_size"),
                layers: keys.int("num_hidden_layers"), heads: heads,
                kvHeads: keys.int("num_key_value_heads", default: heads), headWidth: keys.int("head_dim", default: nil),
                ffWidth: keys.int("intermediate_size"),
                context: keys.int("max_position_embeddings", default: 2048) ?? 2048,
                tied: keys.bool("tie_word_embeddings", default: false))
        }
        config.normEps = try keys.double("rms_norm_eps", default: 1e-6)
        try keys.require("hidden_act", in: ["silu", "swish"], default: "silu")
        try keys.requireFalse("mlp_bias")
        config.qkvBias = family == .qwen2
        if family != .qwen2 { try keys.requireFalse("attention_bias") }
        switch family {
        case .mistral:
            config.window = try keys.int("sliding_window", default: nil)
        case .qwen2, .qwen3:
            // Qwen turns the window on for upper layers only; no published text model does.
            try keys.requireFalse("use_sliding_window")
        default: break
        }
        try readRotary(keys, into: &config)
        return config
    }

    private static func readGPT2(_ keys: ConfigKeys) throws(RhoError) -> ModelConfig {
        var config = try make(keys) { () throws(RhoError) in
            try ModelConfig(
                family: .gpt2, vocab: keys.int("vocab_size"), dim: keys.int("n_embd"), layers: keys.int("n_layer"),
                heads: keys.int("n_head"), ffWidth: keys.int("n_inner", default: nil), context: keys.int("n_positions"),
                tied: keys.bool("tie_word_embeddings", default: true))
        }
        config.normEps = try keys.double("layer_norm_epsilon", default: 1e-5)
        config.exactGELU = try readGELU(keys, "activation_function", default: "gelu_new")
        try keys.requireFalse("scale_attn_by_inverse_layer_idx")
        try keys.requireFalse("add_cross_attention")
        if try !keys.bool("scale_attn_weights", default: true) {
            throw RhoError(.unsupported, "config.json: scale_attn_weights = false is not supported")
        }
        config.dropout = try keys.double("resid_pdrop", default: 0)
        return config
    }

    private static func readGPTNeoX(_ keys: ConfigKeys) throws(RhoError) -> ModelConfig {
        var config = try make(keys) { () throws(RhoError) in
            try ModelConfig(
                family: .gptNeoX, vocab: keys.int("vocab_size"), dim: keys.int("hidden_size"),
                layers: keys.int("num_hidden_layers"), heads: keys.int("num_attention_heads"),
                ffWidth: keys.int("intermediate_size"), context: keys.int("max_position_embeddings"),
                tied: keys.bool("tie_word_embeddings", default: false))
        }
        config.normEps = try keys.double("layer_norm_eps", default: 1e-5)
        config.exactGELU = try readGELU(keys, "hidden_act", default: "gelu")
        config.parallelResidual = try keys.bool("use_parallel_residual", default: true)
        config.dropout = try keys.double("hidden_dropout", default: 0)
        if try !keys.bool("attention_bias", default: true) {
            throw RhoError(.unsupported, "config.json: attention_bias = false is not supported")
        }
        try readRotary(keys, into: &config)
        if !keys.has("rope_theta") {
            config.ropeTheta = try keys.double("rotary_emb_base", default: config.ropeTheta)
        }
        let share = try keys.double("rotary_pct", default: 0.25)
        config.rotaryShare = try keys.table("rope_parameters")?.double("partial_rotary_factor", default: share) ?? share
        return config
    }

    /// Whether the activation is the exact GELU.
    private static func readGELU(
        _ keys: ConfigKeys, _ key: String, default fallback: String
    ) throws(RhoError) -> Bool {
        try keys.require(key, in: ["gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh"], default: fallback)
        return try keys.string(key, default: fallback) == "gelu"
    }

    /// Rotary constants: `rope_parameters` (transformers 5) or `rope_theta` with `rope_scaling` (before it).
    private static func readRotary(_ keys: ConfigKeys, into config: inout ModelConfig) throws(RhoError) {
        let parameters = try keys.table("rope_parameters")
        let legacy = try keys.table("rope_scaling")
        config.ropeTheta = try keys.double("rope_theta", default: 10_000)
        if let parameters {
            config.ropeTheta = try parameters.double("rope_theta", default: config.ropeTheta)
        }
        guard let scaling = parameters ?? legacy else { return }
        let kind = try scaling.string("rope_type", default: try scaling.string("type", default: "default"))
        switch kind {
        case "default": break
        case "linear": config.ropeScaling = .linear(factor: try scaling.double("factor"))
        case "llama3":
            config.ropeScaling = .llama3(
                factor: try scaling.double("factor"), low: try scaling.double("low_freq_factor"),
                high: try scaling.double("high_freq_factor"),
                original: try scaling.int("original_max_position_embeddings"))
        default:
            throw RhoError(
                .unsupported, "config.json: rope_type '\(kind)' is not supported; supported: default, linear, llama3")
        }
    }

    private static func make(
        _ keys: ConfigKeys, _ build: () throws(RhoError) -> ModelConfig
    ) throws(RhoError) -> ModelConfig {
        do throws(RhoError) { return try build() } catch {
            throw error.message.hasPrefix("config.json") ? error : error.at("config.json")
        }
    }
}

/// Typed reading of one JSON table with errors that name the key.
struct ConfigKeys {
    let object: JSONObject
    var place = "config.json"

    init(_ json: JSON, place: String = "config.json") throws(RhoError) {
        guard let object = json.objectValue else { throw RhoError(.format, "\(place): expected a JSON object") }
        self.object = object
        self.place = place
    }

    func has(_ key: String) -> Bool { value(key) != nil }

    /// The value of `key`; null counts as absent.
    private func value(_ key: String) -> JSON? {
        guard let value = object[key], value != .null else { return nil }
        return value
    }

    private func missing(_ key: String) -> RhoError { RhoError(.format, "\(place): '\(key)' is missing") }

    private func mistyped(_ key: String, _ expected: String, _ value: JSON) -> RhoError {
        RhoError(.format, "\(place): '\(key)' must be \(expected), got \(value.serialized())")
    }

    func int(_ key: String, default fallback: Int?) throws(RhoError) -> Int? {
        guard let value = value(key) else { return fallback }
        guard let number = value.intValue else { throw mistyped(key, "an integer", value) }
        return Int(number)
    }

    func int(_ key: String) throws(RhoError) -> Int {
        guard let number = try int(key, default: nil) else { throw missing(key) }
        return number
    }

    func double(_ key: String, default fallback: Double) throws(RhoError) -> Double {
        guard let value = value(key) else { return fallback }
        guard let number = value.doubleValue else { throw mistyped(key, "a number", value) }
        return number
    }

    func double(_ key: String) throws(RhoError) -> Double {
        guard has(key) else { throw missing(key) }
        return try double(key, default: 0)
    }

    func bool(_ key: String, default fallback: Bool) throws(RhoError) -> Bool {
        guard let value = value(key) else { return fallback }
        guard let flag = value.boolValue else { throw mistyped(key, "true or false", value) }
        return flag
    }

    func string(_ key: String, default fallback: String? = nil) throws(RhoError) -> String {
        guard let value = value(key) else {
            guard let fallback else { throw missing(key) }
            return fallback
        }
        guard let text = value.stringValue else { throw mistyped(key, "a string", value) }
        return text
    }

    func intOrList(_ key: String) throws(RhoError) -> [Int] {
        guard let value = value(key) else { return [] }
        var result: [Int] = []
        for element in value.arrayValue ?? [value] {
            guard let number = element.intValue else { throw mistyped(key, "an integer or a list of them", value) }
            result.append(Int(number))
        }
        return result
    }

    func strings(_ key: String) throws(RhoError) -> [String] {
        let value = value(key) ?? .null
        let texts = (value.arrayValue ?? []).compactMap(\.stringValue)
        guard !texts.isEmpty, texts.count == value.arrayValue?.count else {
            throw mistyped(key, "a list of strings", value)
        }
        return texts
    }

    func table(_ key: String) throws(RhoError) -> ConfigKeys? {
        guard let value = value(key) else { return nil }
        return try ConfigKeys(value, place: "\(place): \(key)")
    }

    func require(_ key: String, in allowed: [String], default fallback: String) throws(RhoError) {
        let text = try string(key, default: fallback)
        guard allowed.contains(text) else {
            throw RhoError(
                .unsupported,
                "\(place): \(key) '\(text)' is not supported; supported: \(allowed.joined(separator: ", "))")
        }
    }

    func requireFalse(_ key: String) throws(RhoError) {
        if try bool(key, default: false) { throw RhoError(.unsupported, "\(place): \(key) = true is not supported") }
    }
}
