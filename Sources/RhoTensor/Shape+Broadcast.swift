import RhoCore

extension Shape {
    /// Shape of an elementwise result: sizes are aligned at the innermost dimension, and a size of 1 stretches.
    package func broadcast(with other: Shape, for name: String) throws(RhoError) -> Shape {
        let rank = Swift.max(self.rank, other.rank)
        var dims = [Int](repeating: 1, count: rank)
        for back in 0..<rank {
            let a = back < self.rank ? self[self.rank - 1 - back] : 1
            let b = back < other.rank ? other[other.rank - 1 - back] : 1
            guard a == b || a == 1 || b == 1 else {
                throw RhoError(.shape, "\(name): shapes \(self) and \(other) do not broadcast")
            }
            dims[rank - 1 - back] = a == 1 ? b : a
        }
        return try Shape(dims, for: name)
    }

    /// Element strides, four of them, for reading this shape as if it were `result`: 0 along stretched dimensions.
    package func strides(broadcastTo result: Shape) -> [Int] {
        var strides = [0, 0, 0, 0]
        var step = 1
        for back in 0..<rank {
            let size = self[rank - 1 - back]
            if size != 1 { strides[3 - back] = step }
            step *= size
        }
        return strides
    }

    /// Sizes padded on the left to four with ones.
    package var padded: [Int] {
        [Int](repeating: 1, count: 4 - rank) + dims
    }
}
