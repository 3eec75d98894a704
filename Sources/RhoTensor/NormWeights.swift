/// Learned numbers of a normalisation over the innermost dimension D.
///
/// RMS: y = x · (mean x² + ε)^-½ · w (arXiv 1910.07467). Layer: y = (x - mean x) · (var x + ε)^-½ · w + b
/// (arXiv 1607.06450).
public struct NormWeights {
    /// Scale w, shape (D).
    public var weight: Tensor
    /// Shift b, shape (D): given for layer normalisation, nil for RMS.
    public var bias: Tensor?
    /// ε, added to the mean square before the root.
    public var epsilon: Float

    /// RMS normalisation without a bias, layer normalisation with one.
    public init(weight: Tensor, bias: Tensor? = nil, epsilon: Float) {
        self.weight = weight
        self.bias = bias
        self.epsilon = epsilon
    }
}
