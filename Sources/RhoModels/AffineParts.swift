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
