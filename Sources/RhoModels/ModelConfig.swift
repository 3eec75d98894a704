import RhoCore
import RhoTensor

/// Architectures that can be built, by the `model_type` of their config.json.
public enum ModelFamily: String, Sendable, CaseIterable {
    case llama, mistral, qwen2, qwen3, gpt2
    case gptNeoX = "gpt_neox"

    /// The class that transformers loads for it.
    public var architecture: String {
        switch self {
        case .llama: "LlamaForCausalLM"
        case .mistral: "MistralForCausalLM"
        case .qwen2: "Qwen2ForCausalLM"
        case .qwen3: "Qwen3ForCausalLM"
        case .gpt2: "GPT2LMHeadModel"
        case .gptNeoX: "GPTNeoXForCausalLM"
        }
    }

    /// Whether it belongs to the Llama line: RMSNorm, rotary positions, SwiGLU.
    public var isLlamaLike: Bool { self != .gpt2 && self != .gptNeoX }
}

/// The shape of a model and the constants of its arithmetic. Two models with equal configs have equal parameter lists.
///
/// Letters: V `vocab`, D `dim`, L `layers`, H `heads`, K `kvHeads`, E `headWidth`, F `ffWidth`.
public struct ModelConfig: Sendable, Equatable {
    public var family: ModelFamily
    /// Rows of the embedding table; at least the tokenizer's vocabulary.
    public var vocab: Int
    /// Width of the residual stream.
    public var dim: Int
    public var layers: Int
    public var heads: Int
    /// Key and value heads; `heads / kvHeads` query heads share one (grouped-query attention, arXiv 2305.13245).
    public var kvHeads: Int
    /// Width of one head; `dim / heads` unless a checkpoint says otherwise.
    public var headWidth: Int
    /// Inner width of the feed-forward block.
    public var ffWidth: Int
    /// Longest row of tokens.
    public var context: Int
    /// Base of the rotary frequencies (arXiv 2104.09864).
    public var ropeTheta: Double = 10_000
    public var ropeScaling: RoPEScaling?
    public var normEps: Double = 1e-5
    /// Whether the output head is the embedding table.
    public var tied: Bool = true
    /// Share of activations dropped in training, in [0, 1).
    public var dropout: Double = 0
    /// Sliding window: a token attends to itself and the `window - 1` tokens before it.
    public var window: Int?
    /// Bias on the query, key and value projections of the Llama line.
    public var qkvBias: Bool = false
    /// Share of each head that rotates, from its start (GPT-NeoX); the rest carries no position.
    public var rotaryShare: Double = 1
    /// Whether attention and feed-forward block read the same input and are added side by side (GPT-NeoX).
    public var parallelResidual = false
    /// Whether GELU is the exact one with erf, not its tanh form.
    public var exactGELU = false
    /// How the matrices are kept in memory; a model of 16-bit matrices does not train.
    public var storage = StorageFormat.f32
    /// Low-rank adapters on a frozen model; nil for a model that trains as a whole.
    public var lora: LoRASettings?
    /// Standard deviation of the initial matrices.
    public var initStd: Double = 0.02
    public var bosToken: Int?
    public var eosToken: [Int] = []

    /// A model of the given shape. `kvHeads`, `headWidth` and `ffWidth` default to what the family usually has:
    /// as many as `heads`, `dim / heads`, and 4·dim (GPT-2) or 8/3·dim rounded up to a multiple of 8 (Llama line).
    /// Errors: `.value`, one sentence naming the first field that does not fit.
    public init(
        family: ModelFamily, vocab: Int, dim: Int, layers: Int, heads: Int, kvHeads: Int? = nil, headWidth: Int? = nil,
        ffWidth: Int? = nil, context: Int, tied: Bool = true, dropout: Double = 0
    ) throws(RhoError) {
        self.family = family
        self.vocab = vocab
        self.dim = dim
        self.layers = layers
        self.heads = heads
        self.kvHeads = kvHeads ?? heads
        self.context = context
        self.tied = tied
        self.dropout = dropout
        try Self.positive("dim", dim)
        try Self.positive("heads", heads)
        if headWidth == nil, dim % heads != 0 {
            throw RhoError(.value, "dim must be divisible by heads, got dim \(dim) and heads \(heads)")
        }
        self.headWidth = headWidth ?? dim / heads
        self.ffWidth =
            ffWidth
            ?? (family.isLlamaLike ? (dim.multipliedReportingOverflow(by: 8).partialValue / 3 + 7) / 8 * 8 : 4 * dim)
        if family == .qwen2 { qkvBias = true }
        if family == .gptNeoX {
            parallelResidual = true
            exactGELU = true
        }
        try validate()
    }

    /// Rows of the fused query-key-value projection: (H + 2K)·E.
    public var qkvWidth: Int { (heads + 2 * kvHeads) * headWidth }
    /// Width of the attention output before its projection: H·E.
    public var attentionWidth: Int { heads * headWidth }
    /// Numbers of a head that rotate.
    public var rotaryWidth: Int { Int(Double(headWidth) * rotaryShare) }
    /// Whether queries and keys are normalised per head before they rotate.
    public var normalisesQueriesAndKeys: Bool { family == .qwen3 }

    /// Checks every field. Errors: `.value`, one sentence.
    public func validate() throws(RhoError) {
        for (name, value) in [
            ("vocab", vocab), ("dim", dim), ("layers", layers), ("heads", heads), ("kv_heads", kvHeads),
            ("head_width", headWidth), ("ff_width", ffWidth), ("context", context),
        ] {
            try Self.positive(name, value)
        }
        // The frequencies of a head are listed before anything is multiplied.
        if headWidth > 1 << 16 {
            throw RhoError(.value, "head_width must be at most \(1 << 16), got \(headWidth)")
        }
        if heads % kvHeads != 0 {
            throw RhoError(.value, "heads must be divisible by kv_heads, got heads \(heads) and kv_heads \(kvHeads)")
        }
        if !family.isLlamaLike {
            if kvHeads != heads {
                throw RhoError(
                    .value, "\(family.rawValue) has one kv head per head, got heads \(heads) and kv_heads \(kvHeads)")
            }
            if headWidth * heads != dim {
                throw RhoError(.value, "dim must be heads x head_width, got \(dim) and \(heads) x \(headWidth)")
            }
        }
        if !(rotaryShare > 0 && rotaryShare <= 1) {
            throw RhoError(.value, "rotary share must be in (0, 1], got \(rotaryShare)")
        }
        if family != .gpt2, rotaryWidth % 2 != 0 || rotaryWidth == 0 {
            throw RhoError(.value, "heads that rotate must have an even width, got \(rotaryWidth)")
        }
        if let window { try Self.positive("window", window) }
        if !(dropout >= 0 && dropout < 1) { throw RhoError(.value, "dropout must be in [0, 1), got \(dropout)") }
        if !(normEps > 0 && normEps < 1) { throw RhoError(.value, "norm_eps must be in (0, 1), got \(normEps)") }
        if !(ropeTheta > 0 && ropeTheta.isFinite) {
            throw RhoError(.value, "rope_theta must be positive, got \(ropeTheta)")
        }
        try ropeScaling?.validate()
        try lora?.validate(self)
        if lora != nil, storage != .f32 {
            throw RhoError(.value, "adapters need a model whose matrices are kept as f32, not \(storage.rawValue)")
        }
        try checkSize()
    }

    /// A model is refused before its numbers are too large to be counted, whoever made them up.
    private func checkSize() throws(RhoError) {
        // In floating point, where nothing overflows.
        let (dim, attention) = (Double(self.dim), Double(qkvWidth) + Double(attentionWidth))
        let perLayer = dim * (attention + 3 * Double(ffWidth))
        guard Double(layers) * perLayer + dim * (2 * Double(vocab) + Double(context)) < 0x1p46 else {
            throw RhoError(
                .value,
                "a model of dim \(self.dim), \(layers) layers, ff \(ffWidth) and vocab \(vocab) is too large to build")
        }
        guard layers <= 1 << 14 else { throw RhoError(.value, "layers must be at most \(1 << 14), got \(layers)") }
    }

    /// Sizes are bounded so that no product of two of them overflows.
    private static func positive(_ name: String, _ value: Int) throws(RhoError) {
        guard value >= 1 else { throw RhoError(.value, "\(name) must be at least 1, got \(value)") }
        guard value <= 1 << 28 else { throw RhoError(.value, "\(name) must be at most \(1 << 28), got \(value)") }
    }
}

/// Frequencies of a model whose context was stretched after training.
public enum RoPEScaling: Sendable, Equatable {
    /// All positions divided by `factor` (arXiv 2306.15595).
    case linear(factor: Double)
    /// Llama 3: wavelengths above `original / low` are divided by `factor`, those below `original / high` are kept,
    /// and those between are blended.
    case llama3(factor: Double, low: Double, high: Double, original: Int)

    func validate() throws(RhoError) {
        switch self {
        case .linear(let factor):
            guard factor > 0, factor.isFinite else {
                throw RhoError(.value, "rope scaling factor must be positive, got \(factor)")
            }
        case .llama3(let factor, let low, let high, let original):
            guard factor > 0, factor.isFinite, low > 0, high > low, high.isFinite, original > 0 else {
                throw RhoError(
                    .value,
                    "llama3 rope scaling needs factor > 0, 0 < low < high and an original context, got factor \(factor), "
                        + "low \(low), high \(high), original \(original)")
            }
        }
    }

    /// The scaled frequency, in radians per token, of a rotation whose unscaled frequency is `frequency`.
    func apply(to frequency: Double) -> Double {
        switch self {
        case .linear(let factor):
            return frequency / factor
        case .llama3(let factor, let low, let high, let original):
            let wavelength = 2 * Double.pi / frequency
            let turns = Double(original) / wavelength
            if turns < low { return frequency / factor }
            if turns > high { return frequency }
            let blend = (turns - low) / (high - low)
            return (1 - blend) * frequency / factor + blend * frequency
        }
    }
}
