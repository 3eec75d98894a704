import RhoCore

/// Elementwise functions. Shapes broadcast from the innermost dimension; numbers act as rank-0 tensors.
extension Tensor {
    /// f(x) for each element.
    public func unary(_ function: UnaryFunction) throws(RhoError) -> Tensor { try UnaryOp(function).apply([self]) }

    /// f(a, b) for each pair of elements. Comparisons give 1 or 0 and carry no gradient.
    public func binary(_ function: BinaryFunction, _ other: Tensor) throws(RhoError) -> Tensor {
        guard function.isComparison else { return try BinaryOp(function).apply([self, other]) }
        return try BinaryOp(function).apply([detach(), other.detach()])
    }

    /// f(a, number) for each element.
    public func binary(_ function: BinaryFunction, _ other: Float) throws(RhoError) -> Tensor {
        try binary(function, Tensor.scalar(other))
    }

    /// a + b
    public func add(_ other: Tensor) throws(RhoError) -> Tensor { try binary(.add, other) }
    /// a - b
    public func sub(_ other: Tensor) throws(RhoError) -> Tensor { try binary(.sub, other) }
    /// a · b
    public func mul(_ other: Tensor) throws(RhoError) -> Tensor { try binary(.mul, other) }
    /// a / b
    public func div(_ other: Tensor) throws(RhoError) -> Tensor { try binary(.div, other) }
    /// aᵇ
    public func pow(_ other: Tensor) throws(RhoError) -> Tensor { try binary(.pow, other) }
    /// The smaller of a and b; at equality a's gradient flows.
    public func minimum(_ other: Tensor) throws(RhoError) -> Tensor { try binary(.min, other) }
    /// The larger of a and b; at equality a's gradient flows.
    public func maximum(_ other: Tensor) throws(RhoError) -> Tensor { try binary(.max, other) }

    /// min(max(x, low), high); a bound may be infinite. Throws `.value` when low exceeds high or one is not a number.
    public func clamp(low: Float = -.infinity, high: Float = .infinity) throws(RhoError) -> Tensor {
        guard low <= high else { throw RhoError(.value, "clamp: low must not exceed high, got \(low) and \(high)") }
        return try ClampOp(low: low, high: high).apply([self])
    }

    /// yes where the condition is not 0, else no.
    public static func select(_ condition: Tensor, _ yes: Tensor, _ no: Tensor) throws(RhoError) -> Tensor {
        try WhereOp().apply([condition.detach(), yes, no])
    }
}
