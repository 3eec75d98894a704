import RhoCore
import RhoTensor

/// Every architecture and the type that builds it.
public enum ModelCatalog {
    /// Families in the order of the documentation.
    public static let all:
        [(family: ModelFamily, make: @Sendable (ModelConfig) throws(RhoError) -> any LanguageModel)] = [
            (.llama, { config throws(RhoError) in try Llama(config) }),
            (.mistral, { config throws(RhoError) in try Llama(config) }),
            (.qwen2, { config throws(RhoError) in try Llama(config) }),
            (.qwen3, { config throws(RhoError) in try Llama(config) }),
            (.gpt2, { config throws(RhoError) in try GPT2(config) }),
            (.gptNeoX, { config throws(RhoError) in try GPTNeoX(config) }),
        ]

    /// A model of `config` with fresh weights from `seed`. Errors: `.value` from the config, `.memory`.
    public static func make(_ config: ModelConfig, seed: UInt64) throws(RhoError) -> any LanguageModel {
        let model = try blank(config)
        try model.initialise(seed: seed)
        return model
    }

    /// A model of `config` with all weights zero, to be loaded into.
    public static func blank(_ config: ModelConfig) throws(RhoError) -> any LanguageModel {
        try config.validate()
        for entry in all where entry.family == config.family { return try entry.make(config) }
        throw RhoError(.unsupported, "models of family '\(config.family.rawValue)' are not built yet")
    }
}
