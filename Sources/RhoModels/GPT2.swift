import RhoCore
import RhoTensor

/// GPT-2 (Radford et al. 2019): learned positions, LayerNorm before each block, full attention, GELU (in its
/// tanh form), biases everywhere. Checkpoints store its matrices as (inputs, outputs).
///
///     h = x + Wo · attention(Wqkv · norm(x) + b) + b      x' = h + Wproj · gelu(Wfc · norm(h) + b) + b
public final class GPT2: LanguageModel {
    public let config: ModelConfig
    public let parameters: [Parameter]
    public let weights: [WeightView]
    public let headWeight: Tensor
    public var recompute = false
    private let embedding: Tensor
    private let positionTable: Tensor
    private let layers: [AffineLayer]
    private let finalNorm: AffineNorm

    /// A model with all weights zero; `initialise(seed:)` or a checkpoint fills them.
    public init(_ config: ModelConfig) throws(RhoError) {
        try config.validate()
        self.config = config
        let matrix = Initial.normal(config.initStd)
        let residual = Initial.normal(config.initStd / (2 * Double(config.layers)).squareRoot())
        var set = ParameterSet()
        set.isFrozen = config.storage != .f32
        set.format = config.storage
        func linear(_ name: String, inputs: Int, outputs: Int, _ initial: Initial) throws(RhoError) -> AffineLinear {
            try AffineLinear(name, inputs: inputs, outputs: outputs, initial, &set, transposed: true)
        }
        func norm(_ name: String) throws(RhoError) -> AffineNorm { try AffineNorm(name, config, &set) }
        embedding = try set.matrix("transformer.wte.weight", rows: config.vocab, width: config.dim, matrix)
        positionTable = try set.matrix("transformer.wpe.weight", rows: config.context, width: config.dim, matrix)
        var layers: [AffineLayer] = []
        for index in 0..<config.layers {
            let place = "transformer.h.\(index)."
            layers.append(
                AffineLayer(
                    inputNorm: try norm(place + "ln_1"),
                    qkv: try linear(place + "attn.c_attn", inputs: config.dim, outputs: config.qkvWidth, matrix),
                    attentionOut: try linear(
                        place + "attn.c_proj", inputs: config.attentionWidth, outputs: config.dim, residual),
                    middleNorm: try norm(place + "ln_2"),
                    up: try linear(place + "mlp.c_fc", inputs: config.dim, outputs: config.ffWidth, matrix),
                    down: try linear(place + "mlp.c_proj", inputs: config.ffWidth, outputs: config.dim, residual)))
        }
        self.layers = layers
        finalNorm = try norm("transformer.ln_f")
        headWeight =
            config.tied ? embedding : try set.matrix("lm_head.weight", rows: config.vocab, width: config.dim, matrix)
        parameters = set.parameters
        weights = set.weights
    }

    public func blank() throws(RhoError) -> GPT2 { try GPT2(config) }

    public func rotation(tokens: Int) throws(RhoError) -> RoPETable? { nil }

    public func run(
        _ ids: [Int32], attention: any AttentionPath, dropout: DropoutKey?
    ) throws(RhoError) -> Tensor {
        let drop = Dropping(config, dropout)
        let places = try Fused.embedding(ids: attention.positions, positionTable)
        var x_ND = try drop(Fused.embedding(ids: ids, embedding).add(places), site: 0)
        for index in layers.indices {
            x_ND = try block(x_ND) { (x) throws(RhoError) in
                try self.layers[index].run(x, self.config, number: index, attention, drop)
            }
        }
        return try Fused.norm(x_ND, finalNorm.weights)
    }
}
