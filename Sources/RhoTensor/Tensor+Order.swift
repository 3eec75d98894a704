import RhoCore

/// Order statistics and running sums. None of them carries a gradient; use `gather` with the indices where one is
/// needed. NaN counts as last in either direction, and equal elements keep their order.
extension Tensor {
    /// Values of the innermost dimension in order, and the index each came from.
    public func sort(descending: Bool = false) throws(RhoError) -> (values: Tensor, indices: Tensor) {
        try ordered("sort", shape.width, descending: descending)
    }

    /// The k largest (or smallest) values of the innermost dimension, best first, and their indices.
    public func topk(_ k: Int, largest: Bool = true) throws(RhoError) -> (values: Tensor, indices: Tensor) {
        guard k >= 0, k <= shape.width else {
            throw RhoError(.value, "topk: k must be in [0, \(shape.width)], got \(k)")
        }
        return try ordered("topk", k, descending: largest)
    }

    /// Value below which the share q of all elements lies, interpolated linearly between neighbours.
    ///
    /// Throws `.value` when q is outside [0, 1] or there are no elements. NaN elements make the result NaN.
    public func quantile(_ q: Double) throws(RhoError) -> Float {
        guard q >= 0, q <= 1 else { throw RhoError(.value, "quantile: q must be in [0, 1], got \(q)") }
        guard count > 0 else { throw RhoError(.value, "quantile: the tensor is empty") }
        let values = toArray()
        if values.contains(where: \.isNaN) { return .nan }
        let sorted = values.sorted()
        let place = q * Double(sorted.count - 1)
        let below = Int(place)
        let above = Swift.min(below + 1, sorted.count - 1)
        let share = place - Double(below)
        if share == 0 { return sorted[below] }
        return Float(Double(sorted[below]) * (1 - share) + Double(sorted[above]) * share)
    }

    /// Running sum along a dimension.
    public func cumsum(_ axis: Int = -1) throws(RhoError) -> Tensor {
        let (outer, n, inner) = shape.split(at: try shape.axis(axis, for: "cumsum"))
        let y = try buffer.like(shape)
        y.backend.cumulativeSum(y, buffer, outer: outer, n: n, inner: inner)
        return Tensor(y)
    }

    private func ordered(
        _ name: String, _ keep: Int, descending: Bool
    ) throws(RhoError) -> (values: Tensor, indices: Tensor) {
        guard shape.rank > 0 else { throw RhoError(.shape, "\(name): needs at least one dimension, got a scalar") }
        // Indices are returned as floats, which count exactly up to 2^24.
        guard shape.width <= 1 << 24 else {
            throw RhoError(.shape, "\(name): the innermost dimension of \(shape) exceeds 16777216")
        }
        let rows = shape.rows
        let order = buffer.backend.order(buffer, rows: rows, width: shape.width, descending: descending, count: keep)
        let numbers = toArray()
        let width = shape.width
        let dims = shape.replacingWidth(keep).dims
        let values = order.enumerated().map { numbers[$0.offset / Swift.max(keep, 1) * width + Int($0.element)] }
        return (try Tensor.from(values, dims), try Tensor.from(order.map(Float.init), dims))
    }
}
