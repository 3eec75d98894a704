import RhoCore
import RhoTensor

/// Low-rank adaptation (arXiv 2106.09685): a frozen matrix W acts as W + (alpha / rank) · B A, with A (rank, inputs) and
/// B (outputs, rank) trained instead of it. B starts at zero, so an adapted model starts as the one it came from.
public struct LoRASettings: Sendable, Equatable {
    public var rank: Int
    /// The change is scaled by alpha / rank.
    public var alpha: Double
    /// Which matrices are adapted, by their names in a layer.
    public var targets: [String]

    /// Matrices of a layer of the Llama line that can be adapted, in the order of the layer.
    public static let supported = [
        "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj",
    ]

    public init(rank: Int, alpha: Double, targets: [String]) {
        self.rank = rank
        self.alpha = alpha
        self.targets = targets
    }

    var scale: Float { Float(alpha / Double(rank)) }

    /// Errors: `.value`, one sentence.
    func validate(_ config: ModelConfig) throws(RhoError) {
        guard config.family.isLlamaLike else {
            throw RhoError(
                .unsupported, "LoRA is built for the Llama line, not for models of family '\(config.family.rawValue)'")
        }
        guard rank >= 1, rank <= config.dim else {
            throw RhoError(.value, "rank must be in [1, \(config.dim)], got \(rank)")
        }
        guard alpha > 0, alpha.isFinite else { throw RhoError(.value, "alpha must be positive, got \(alpha)") }
        guard !targets.isEmpty else { throw RhoError(.value, "targets must name at least one matrix") }
        for target in targets where !Self.supported.contains(target) {
            throw RhoError(
                .value,
                "target '\(target)' is no matrix of a layer\(suggestion(for: target, in: Self.supported)); "
                    + "there are \(Self.supported.joined(separator: ", "))")
        }
    }
}

/// The two factors of one adapted matrix.
struct LoRAPair {
    let a: Tensor
    let b: Tensor
    let scale: Float

    /// Adds `PLACE.lora_A.weight` and `PLACE.lora_B.weight` to a model's parameters. A has the variance of PEFT's start.
    init(
        _ place: String, inputs: Int, outputs: Int, _ settings: LoRASettings, _ set: inout ParameterSet
    ) throws(RhoError) {
        let initial = Initial.normal(1 / (3 * Double(inputs)).squareRoot())
        a = try set.matrix(place + ".lora_A.weight", rows: settings.rank, width: inputs, initial)
        b = try set.matrix(place + ".lora_B.weight", rows: outputs, width: settings.rank, .zeros)
        scale = settings.scale
    }

    /// y + scale · (x Aᵀ) Bᵀ.
    func add(to y: Tensor, _ x: Tensor) throws(RhoError) -> Tensor { try Fused.linear(low(x), b, residual: y) }

    /// scale · (x Aᵀ) Bᵀ.
    func change(_ x: Tensor) throws(RhoError) -> Tensor { try Fused.linear(low(x), b) }

    private func low(_ x: Tensor) throws(RhoError) -> Tensor { try Fused.linear(x, a).binary(.mul, scale) }
}

/// The adapted matrices of one layer of the Llama line.
struct LoRALayer {
    /// Queries, keys and values, which are stored as one matrix; likewise gate and up.
    let qkv: [Part]
    let gateUp: [Part]
    let attentionOut: LoRAPair?
    let down: LoRAPair?

    /// Rows of a fused matrix, adapted or not.
    struct Part {
        let width: Int
        let pair: LoRAPair?
    }

    init(
        _ place: String, _ config: ModelConfig, _ settings: LoRASettings, _ set: inout ParameterSet
    ) throws(RhoError) {
        func pair(_ block: String, _ name: String, _ inputs: Int, _ outputs: Int) throws(RhoError) -> LoRAPair? {
            guard settings.targets.contains(name) else { return nil }
            return try LoRAPair("\(place)\(block).\(name)", inputs: inputs, outputs: outputs, settings, &set)
        }
        func part(_ block: String, _ name: String, _ outputs: Int) throws(RhoError) -> Part {
            Part(width: outputs, pair: try pair(block, name, config.dim, outputs))
        }
        let keys = config.kvHeads * config.headWidth
        qkv = [
            try part("self_attn", "q_proj", config.attentionWidth), try part("self_attn", "k_proj", keys),
            try part("self_attn", "v_proj", keys),
        ]
        attentionOut = try pair("self_attn", "o_proj", config.attentionWidth, config.dim)
        gateUp = [try part("mlp", "gate_proj", config.ffWidth), try part("mlp", "up_proj", config.ffWidth)]
        down = try pair("mlp", "down_proj", config.ffWidth, config.dim)
    }

    /// y plus the changes of the parts of a fused matrix, side by side.
    static func add(_ parts: [Part], to y: Tensor, _ x: Tensor) throws(RhoError) -> Tensor {
        guard parts.contains(where: { $0.pair != nil }) else { return y }
        var changes: [Tensor] = []
        for part in parts {
            if let pair = part.pair {
                changes.append(try pair.change(x))
            } else {
                changes.append(try Tensor.zeros([x.shape[0], part.width]))
            }
        }
        return try y.add(Tensor.concat(changes, axis: 1))
    }
}

extension LanguageModel {
    /// A model with the same weights, frozen, and fresh adapters from `seed`.
    /// Errors: `.value` or `.unsupported` from the settings, `.memory`.
    public func adapted(_ settings: LoRASettings, seed: UInt64) throws(RhoError) -> any LanguageModel {
        guard config.lora == nil else {
            throw RhoError(.value, "the model has LoRA adapters already", hint: "merge them first")
        }
        var config = config
        config.lora = settings
        let result = try ModelCatalog.blank(config)
        var own: [String: WeightView] = [:]
        for weight in weights { own[weight.name] = weight }
        for weight in result.weights {
            if let source = own[weight.name] {
                try weight.load(source.values())
            } else {
                try weight.initialise(seed: seed)
            }
        }
        return result
    }

    /// A model without adapters that computes the same: each W + (alpha / rank) · B A as one matrix. The model itself if
    /// it has none.
    public func merged() throws(RhoError) -> any LanguageModel {
        guard let settings = config.lora else { return self }
        var config = config
        config.lora = nil
        let result = try ModelCatalog.blank(config)
        var own: [String: WeightView] = [:]
        for weight in weights { own[weight.name] = weight }
        for weight in result.weights {
            guard let source = own[weight.name] else { continue }
            var values = source.values()
            let place = weight.name.hasSuffix(".weight") ? String(weight.name.dropLast(7)) : weight.name
            if let a = own[place + ".lora_A.weight"], let b = own[place + ".lora_B.weight"] {
                let change = try Autograd.withoutGrad { () throws(RhoError) -> [Float] in
                    try Tensor.from(b.values(), b.shape).matmul(Tensor.from(a.values(), a.shape))
                        .binary(.mul, settings.scale).toArray()
                }
                for index in values.indices { values[index] += change[index] }
            }
            try weight.load(values)
        }
        return result
    }
}
