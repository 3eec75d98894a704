import RhoCore

/// The same numbers arranged otherwise.
extension Tensor {
    /// Same numbers in the same order under another shape; one size may be -1. Shares memory.
    public func reshape(_ dims: [Int]) throws(RhoError) -> Tensor { try ReshapeOp(dims).apply([self]) }

    /// Exchanges the two innermost dimensions.
    public func transpose() throws(RhoError) -> Tensor { try TransposeOp().apply([self]) }

    /// Entries `start ..< start + count` of a dimension. Shares memory when the dimension is the outermost.
    public func slice(_ axis: Int = 0, start: Int, count: Int) throws(RhoError) -> Tensor {
        try SliceOp(axis: axis, start: start, count: count).apply([self])
    }

    /// Tensors joined along a dimension.
    public static func concat(_ parts: [Tensor], axis: Int = 0) throws(RhoError) -> Tensor {
        try ConcatOp(axis: axis).apply(parts)
    }

    /// y[i] = x[i, ids[i]]: one entry of the innermost dimension of each row.
    public func gather(_ ids: [Int32]) throws(RhoError) -> Tensor { try GatherOp(ids).apply([self]) }

    /// y[i] = x[ids[i]]: entries of the outermost dimension by number.
    public func rows(_ ids: [Int32]) throws(RhoError) -> Tensor { try RowsOp(ids).apply([self]) }

    /// The numbers as indices. Throws `.value` at the first one that is not a whole number of an Int32.
    public func toIndices(for name: String = "index") throws(RhoError) -> [Int32] {
        var result: [Int32] = []
        result.reserveCapacity(count)
        for (place, value) in toArray().enumerated() {
            guard let index = Int32(exactly: value) else {
                throw RhoError(.value, "\(name): element \(place) must be a whole number, got \(value)")
            }
            result.append(index)
        }
        return result
    }
}
