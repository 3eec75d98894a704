import RhoCore
import RhoTensor

/// Decoder of the Llama line (arXiv 2302.13971): RMSNorm before each block, rotary positions, grouped-query attention,
/// SwiGLU. Mistral adds a sliding window, Qwen 2 a bias on queries, keys and values, Qwen 3 a norm of each
/// query and key head; all are settings of `ModelConfig`.
///
///     h = x + Wo · attention(Wqkv · norm(x))        x' = h + Wdown · (silu(g) · u),  [g | u] = Wgu · norm(h)
public final class Llama: LanguageModel {
    struct HeadNorms {
        var query: Tensor
        var key: Tensor
    }

    struct Layer {
        var inputNorm: Tensor
        var qkv: Tensor
        var qkvBias: Tensor?
        var headNorms: HeadNorms?
        var attentionOut: Tensor
        var middleNorm: Tensor
        var gateUp: Tensor
        var down: Tensor
        var adapters: LoRALayer?
    }

    public let config: ModelConfig
    public let parameters: [Parameter]
    public let weights: [WeightView]
    public let headWeight: Tensor
    public var recompute = false
    private let embedding: Tensor
    let layers: [Layer]
    private let finalNorm: Tensor
    private let rotary: RotaryTables

    /// A model with all weights zero; `initialise(seed:)` or a checkpoint fills them.
    public init(_ config: ModelConfig) throws(RhoError) {
        try config.validate()
        guard config.family.isLlamaLike else {
            throw RhoError(.unsupported, "a model of family '\(config.family.rawValue)' is not of the Llama line")
        }
        self.config = config
        rotary = RotaryTables(config)
        let matrix = Initial.normal(config.initStd)
        // Each block adds two terms to the stream, so their sum keeps its size when each is smaller by sqrt(2L) (GPT-2).
        let residual = Initial.normal(config.initStd / (2 * Double(config.layers)).squareRoot())
        var set = ParameterSet()
        set.isFrozen = config.lora != nil || config.storage != .f32
        set.format = config.storage
        embedding = try set.matrix("model.embed_tokens.weight", rows: config.vocab, width: config.dim, matrix)
        var layers: [Layer] = []
        for index in 0..<config.layers {
            let place = "model.layers.\(index)."
            let queries = config.attentionWidth, keys = config.kvHeads * config.headWidth
            func projections(_ kind: String, _ initial: Initial) -> [ParameterSet.Part] {
                [
                    .init(name: place + "self_attn.q_proj.\(kind)", rows: queries, initial: initial),
                    .init(name: place + "self_attn.k_proj.\(kind)", rows: keys, initial: initial),
                    .init(name: place + "self_attn.v_proj.\(kind)", rows: keys, initial: initial),
                ]
            }
            layers.append(
                Layer(
                    inputNorm: try set.vector(place + "input_layernorm.weight", count: config.dim, .ones),
                    qkv: try set.matrix(
                        place + "self_attn.qkv_proj.weight", width: config.dim, projections("weight", matrix)),
                    qkvBias: config.qkvBias
                        ? try set.vector(place + "self_attn.qkv_proj.bias", projections("bias", .zeros)) : nil,
                    headNorms: config.normalisesQueriesAndKeys
                        ? HeadNorms(
                            query: try set.vector(place + "self_attn.q_norm.weight", count: config.headWidth, .ones),
                            key: try set.vector(place + "self_attn.k_norm.weight", count: config.headWidth, .ones))
                        : nil,
                    attentionOut: try set.matrix(
                        place + "self_attn.o_proj.weight", rows: config.dim, width: queries, residual),
                    middleNorm: try set.vector(place + "post_attention_layernorm.weight", count: config.dim, .ones),
                    gateUp: try set.matrix(
                        place + "mlp.gate_up_proj.weight", width: config.dim,
                        [
                            .init(name: place + "mlp.gate_proj.weight", rows: config.ffWidth, initial: matrix),
                            .init(name: place + "mlp.up_proj.weight", rows: config.ffWidth, initial: matrix),
                        ]),
                    down: try set.matrix(
                        place + "mlp.down_proj.weight", rows: config.dim, width: config.ffWidth, residual)))
        }
        finalNorm = try set.vector("model.norm.weight", count: config.dim, .ones)
        headWeight =
            config.tied ? embedding : try set.matrix("lm_head.weight", rows: config.vocab, width: config.dim, matrix)
        if let settings = config.lora {
            set.isFrozen = false
            for index in layers.indices {
                layers[index].adapters = try LoRALayer("model.layers.\(index).", config, settings, &set)
            }
        }
        self.layers = layers
        parameters = set.parameters
        weights = set.weights
    }

    public func blank() throws(RhoError) -> Llama { try Llama(config) }

    public func rotation(tokens: Int) throws(RhoError) -> RoPETable? { try rotary.table(tokens: tokens) }

    public func run(
        _ ids: [Int32], attention: any AttentionPath, dropout: DropoutKey?
    ) throws(RhoError) -> Tensor {
        let drop = Dropping(config, dropout)
        var x_ND = try drop(Fused.embedding(ids: ids, embedding), site: 0)
        for index in layers.indices {
            x_ND = try block(x_ND) { (x) throws(RhoError) in
                try self.layer(index, x, attention, drop)
            }
        }
        return try Fused.norm(x_ND, norm(finalNorm))
    }

    private func layer(
        _ index: Int, _ x_ND: Tensor, _ attention: any AttentionPath, _ drop: Dropping
    ) throws(RhoError) -> Tensor {
        let layer = layers[index]
        if let adapters = layer.adapters { return try adaptedLayer(index, x_ND, attention, drop, adapters) }
        let mixed = try attention.attend(projected(x_ND, layer), layer: index)
        let h_ND = try drop.add(x_ND, site: 2 * index + 1) { (residual) throws(RhoError) in
            try Fused.linear(mixed, layer.attentionOut, residual: residual)
        }
        let gu = try Fused.normLinear(h_ND, norm: norm(layer.middleNorm), layer.gateUp)
        return try drop.add(h_ND, site: 2 * index + 2) { (residual) throws(RhoError) in
            try Fused.swigluLinear(gu, layer.down, residual: residual)
        }
    }

    /// Rows [q | k | v] of a layer, with each query and key head normalised where the family does so (Qwen 3).
    private func projected(_ x_ND: Tensor, _ layer: Layer) throws(RhoError) -> Tensor {
        let qkv = try Fused.normLinear(x_ND, norm: norm(layer.inputNorm), layer.qkv, bias: layer.qkvBias)
        return try headNormed(qkv, layer)
    }

    /// The norm of each query and key head, where the family has one.
    func headNormed(_ qkv: Tensor, _ layer: Layer) throws(RhoError) -> Tensor {
        guard let norms = layer.headNorms else { return qkv }
        let rows = qkv.shape[0]
        let heads = config.heads, kvHeads = config.kvHeads
        let parts = try qkv.reshape([rows, heads + 2 * kvHeads, config.headWidth])
        let queries = try Fused.norm(parts.slice(1, start: 0, count: heads), norm(norms.query))
        let keys = try Fused.norm(parts.slice(1, start: heads, count: kvHeads), norm(norms.key))
        let values = try parts.slice(1, start: heads + kvHeads, count: kvHeads)
        return try Tensor.concat([queries, keys, values], axis: 1).reshape([rows, config.qkvWidth])
    }

    func norm(_ weight: Tensor) -> NormWeights {
        NormWeights(weight: weight, epsilon: Float(config.normEps))
    }
}

/// Dropout at the places of one forward pass; without a key or a share it does nothing.
struct Dropping {
    private let share: Float
    private let seed: UInt64

    init(_ config: ModelConfig, _ key: DropoutKey?) {
        share = key == nil ? 0 : Float(config.dropout)
        seed = key?.seed ?? 0
    }

    func callAsFunction(_ x: Tensor, site: Int) throws(RhoError) -> Tensor {
        share == 0 ? x : try Fused.dropout(x, p: share, seed: seed, stream: UInt64(site))
    }

    /// residual + drop(branch). Without dropout the branch adds the residual itself, in one pass.
    func add(
        _ residual: Tensor, site: Int, _ branch: (Tensor?) throws(RhoError) -> Tensor
    ) throws(RhoError) -> Tensor {
        if share == 0 { return try branch(residual) }
        return try residual.add(self(branch(nil), site: site))
    }
}
