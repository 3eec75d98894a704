import RhoCore

/// A named weight that an optimiser updates.
public final class Parameter {
    /// Name in checkpoints and messages, `model.layers.0.mlp.down_proj.weight`.
    public let name: String
    /// The weight, a leaf with `requiresGrad`.
    public let tensor: Tensor
    /// Whether decoupled weight decay applies: matrices yes, norms and biases no.
    public let decays: Bool

    /// Makes `tensor` require gradients. `decays` defaults to whether it has at least two dimensions.
    public init(name: String, tensor: Tensor, decays: Bool? = nil) {
        self.name = name
        self.tensor = tensor
        self.decays = decays ?? (tensor.shape.rank >= 2)
        tensor.requiresGrad = true
    }

    /// Number of elements.
    public var count: Int { tensor.count }

    /// Forgets the gradient, keeping its memory for the next step.
    public func zeroGrad() { tensor.clearGradient() }
}

/// A tensor with its name in a checkpoint.
public struct NamedTensor {
    /// Key in the file.
    public var name: String
    /// Values.
    public var tensor: Tensor

    /// Pairs a tensor with its key.
    public init(_ name: String, _ tensor: Tensor) {
        self.name = name
        self.tensor = tensor
    }
}
