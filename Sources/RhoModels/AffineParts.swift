import RhoCore
import RhoTensor

/// A linear map with a bias: y = x Wᵀ + b.
struct AffineLinear {
    var weight: Tensor
    var bias: Tensor
}

extension AffineLinear {
    /// Adds `NAME.weight` and `NAME.bias` to a model's parameters.
    init(
        _ name: String, inputs: Int, outputs: Int, _ initial: Initial, _ set: inout ParameterSet,
        transposed: Bool = false
    ) throws(RhoError) {
        weight = try set.matrix(name + ".weight", rows: outputs, width: inputs, initial, transposed: transposed)
        bias = try set.vector(name + ".bias", count: outputs, .zeros)
    }
}

/// A layer normalisation with weight and bias.
struct AffineNorm {
    let weights: NormWeights

    /// Adds `NAME.weight` and `NAME.bias` to a model's parameters.
    init(_ name: String, _ config: ModelConfig, _ set: inout ParameterSet) throws(RhoError) {
        weights = NormWeights(
            weight: try set.vector(name + ".weight", count: config.dim, .ones),
            bias: try set.vector(name + ".bias", count: config.dim, .zeros), epsilon: Float(config.normEps))
    }
}

/// A layer of the GPT line, with biases everywhere:
///
///     h = x + Wo · attention(Wqkv · norm1(x) + b) + b      x' = h + Wdown · gelu(Wup · norm2(h) + b) + b
///
/// or with both blocks side by side, norm2(x) for norm2(h), where `parallelResidual` says so.
struct AffineLayer {
    var inputNorm: AffineNorm
    var qkv: AffineLinear
    var attentionOut: AffineLinear
    var middleNorm: AffineNorm
    var up: AffineLinear
    var down: AffineLinear

    /// Output [N, D] of the layer with this number, counted from 0.
    func run(
        _ x_ND: Tensor, _ config: ModelConfig, number: Int, _ attention: any AttentionPath, _ drop: Dropping
    ) throws(RhoError) -> Tensor {
        let mixed = try attention.attend(
            Fused.normLinear(x_ND, norm: inputNorm.weights, qkv.weight, bias: qkv.bias), layer: number)
        let h_ND = try drop.add(x_ND, site: 2 * number + 1) { (residual) throws(RhoError) in
            try Fused.linear(mixed, attentionOut.weight, bias: attentionOut.bias, residual: residual)
        }
        let inner = try Fused.normLinear(
            config.parallelResidual ? x_ND : h_ND, norm: middleNorm.weights, up.weight, bias: up.bias)
        return try drop.add(h_ND, site: 2 * number + 2) { (residual) throws(RhoError) in
            try Fused.geluLinear(inner, down.weight, bias: down.bias, residual: residual, exact: config.exactGELU)
        }
    }
}
