import RhoCore

/// Reductions and matrix products. `axis` counts from the outermost dimension, negative from the innermost.
extension Tensor {
    /// Σ x over one dimension, or over all elements when `axis` is nil.
    public func sum(_ axis: Int? = nil, keeping: Bool = false) throws(RhoError) -> Tensor {
        try SumOp(axis: axis, keeping: keeping).apply([self])
    }

    /// Mean over one dimension or over all elements; NaN over no elements.
    public func mean(_ axis: Int? = nil, keeping: Bool = false) throws(RhoError) -> Tensor {
        try SumOp(axis: axis, keeping: keeping, isMean: true).apply([self])
    }

    /// Largest element; -∞ over no elements.
    public func max(_ axis: Int? = nil, keeping: Bool = false) throws(RhoError) -> Tensor {
        try MaxOp(axis: axis, keeping: keeping).apply([self])
    }

    /// Smallest element; +∞ over no elements.
    public func min(_ axis: Int? = nil, keeping: Bool = false) throws(RhoError) -> Tensor {
        try MaxOp(axis: axis, keeping: keeping, isMin: true).apply([self])
    }

    /// exp(x) / Σ exp(x) over the innermost dimension.
    public func softmax() throws(RhoError) -> Tensor { try SoftmaxOp().apply([self]) }

    /// log softmax(x) over the innermost dimension.
    public func logSoftmax() throws(RhoError) -> Tensor { try SoftmaxOp(isLog: true).apply([self]) }

    /// a · b: (M, K) × (K, N), or batches (P, M, K) × (P, K, N); either may be taken transposed.
    public func matmul(
        _ other: Tensor, transposeSelf: Bool = false, transposeOther: Bool = false
    ) throws(RhoError) -> Tensor {
        try MatMulOp(transA: transposeSelf, transB: transposeOther).apply([self, other])
    }
}
