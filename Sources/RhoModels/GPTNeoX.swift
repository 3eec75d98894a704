import RhoCore
import RhoTensor

/// GPT-NeoX and Pythia (arXiv 2204.06745, 2304.01373): LayerNorm, rotary positions on a part of each head, exact GELU,
/// biases everywhere, and both blocks of a layer side by side:
///
///     x' = x + Wo · attention(Wqkv · norm1(x) + b) + b + Wdown · gelu(Wup · norm2(x) + b) + b
///
/// or one after the other, where the configuration says so. Checkpoints interleave the rows of queries, keys and values
/// head by head.
public final class GPTNeoX: LanguageModel {
    public let config: ModelConfig
    public let parameters: [Parameter]
    public let weights: [WeightView]
    public let headWeight: Tensor
    public var recompute = false
    private let embedding: Tensor
    private let layers: [AffineLayer]
    private let finalNorm: AffineNorm
    private let rotary: RotaryTables

    /// A model with all weights zero; `initialise(seed:)` or a checkpoint fills them.
    public init(_ config: ModelConfig) throws(RhoError) {
        try config.validate()
        self.config = config
        rotary = RotaryTables(config)
        let matrix = Initial.normal(config.initStd)
        let residual = Initial.normal(config.initStd / (2 * Double(config.layers)).squareRoot())
        var set = ParameterSet()
        set.isFrozen = config.storage != .f32
        set.format = config.storage
        func linear(_ name: String, inputs: Int, outputs: Int, _ initial: Initial) throws(RhoError) -> AffineLinear {
            try AffineLinear(name, inputs: inputs, outputs: outputs, initial, &set)
        }
        func norm(_ name: String) throws(RhoError) -> AffineNorm { try AffineNorm(name, config, &set) }
        embedding = try set.matrix("gpt_neox.embed_in.weight", rows: config.vocab, width: config.dim, matrix)
        var layers: [AffineLayer] = []
        for index in 0..<config.layers {
            let place = "gpt_neox.layers.\(index)."
            let (name, scatter) = (place + "attention.query_key_value.", Self.interleaved(config))
            func part(_ kind: String, _ initial: Initial) -> [ParameterSet.Part] {
                [.init(name: name + kind, rows: config.qkvWidth, initial: initial, scatter: scatter)]
            }
            layers.append(
                AffineLayer(
                    inputNorm: try norm(place + "input_layernorm"),
                    qkv: AffineLinear(
                        weight: try set.matrix(name + "weight", width: config.dim, part("weight", matrix)),
                        bias: try set.vector(name + "bias", part("bias", .zeros))),
                    attentionOut: try linear(
                        place + "attention.dense", inputs: config.attentionWidth, outputs: config.dim, residual),
                    middleNorm: try norm(place + "post_attention_layernorm"),
                    up: try linear(place + "mlp.dense_h_to_4h", inputs: config.dim, outputs: config.ffWidth, matrix),
                    down: try linear(
                        place + "mlp.dense_4h_to_h", inputs: config.ffWidth, outputs: config.dim, residual)))
        }
        self.layers = layers
        finalNorm = try norm("gpt_neox.final_layer_norm")
        headWeight =
            config.tied ? embedding : try set.matrix("embed_out.weight", rows: config.vocab, width: config.dim, matrix)
        parameters = set.parameters
        weights = set.weights
    }

    /// Where the rows of query_key_value go: [H, 3, E] in a checkpoint, [3, H, E] here.
    private static func interleaved(_ config: ModelConfig) -> [WeightView.Segment] {
        (0..<config.heads).flatMap { head in
            (0..<3).map { kind in
                WeightView.Segment(
                    source: (3 * head + kind) * config.headWidth,
                    target: (kind * config.heads + head) * config.headWidth,
                    count: config.headWidth)
            }
        }
    }

    public func blank() throws(RhoError) -> GPTNeoX { try GPTNeoX(config) }

    public func rotation(tokens: Int) throws(RhoError) -> RoPETable? { try rotary.table(tokens: tokens) }

    public func run(
        _ ids: [Int32], attention: any AttentionPath, dropout: DropoutKey?
    ) throws(RhoError) -> Tensor {
        let drop = Dropping(config, dropout)
        var x_ND = try drop(Fused.embedding(ids: ids, embedding), site: 0)
        for index in layers.indices {
            x_ND = try block(x_ND) { (x) throws(RhoError) in
                try self.layers[index].run(x, self.config, number: index, attention, drop)
            }
        }
        return try Fused.norm(x_ND, finalNorm.weights)
    }
}
