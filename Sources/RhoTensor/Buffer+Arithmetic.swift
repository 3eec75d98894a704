import RhoCore

/// Plain arithmetic for the backward passes of the general ops. No recording.
extension Buffer {
    func applying(_ function: UnaryFunction) throws(RhoError) -> Buffer {
        let y = try like(shape)
        backend.unary(y, self, function)
        return y
    }

    /// Elementwise with broadcasting; the shapes are known to broadcast.
    func combined(_ function: BinaryFunction, _ other: Buffer) throws(RhoError) -> Buffer {
        let y = try like(shape.broadcast(with: other.shape, for: function.rawValue))
        backend.binary(y, self, other, function)
        return y
    }

    func combined(_ function: BinaryFunction, _ other: Float) throws(RhoError) -> Buffer {
        let number = try like(.scalar)
        backend.fill(number, other)
        return try combined(function, number)
    }

    func scaled(_ factor: Float) throws(RhoError) -> Buffer {
        let y = try like(shape)
        backend.scale(y, self, factor)
        return y
    }

    func times(_ other: Buffer) throws(RhoError) -> Buffer { try combined(.mul, other) }

    /// Stretched to `shape` along its dimensions of size 1.
    func stretched(to shape: Shape) throws(RhoError) -> Buffer {
        if self.shape == shape { return self }
        let zero = try like(.scalar)
        backend.fill(zero, 0)
        let y = try like(shape)
        backend.binary(y, self, zero, .add)
        return y
    }

    /// Sum along dimension `axis`, or over everything.
    func summed(_ axis: Int?, keeping: Bool) throws(RhoError) -> Buffer {
        guard let axis else {
            let y = try like(keeping ? Shape(unchecked: shape.dims.map { _ in 1 }) : .scalar)
            backend.reduceSum(y, self, outer: 1, n: count, inner: 1)
            return y
        }
        let (outer, n, inner) = shape.split(at: axis)
        let y = try like(shape.reducing(axis, keeping: keeping))
        backend.reduceSum(y, self, outer: outer, n: n, inner: inner)
        return y
    }

    /// Gradient of broadcasting: sums over the dimensions along which `shape` was stretched to this one.
    func reduced(to target: Shape) throws(RhoError) -> Buffer {
        var result = self
        let surplus = shape.rank - target.rank
        for axis in 0..<shape.rank {
            let original = axis < surplus ? 1 : target[axis - surplus]
            if original == 1, result.shape[axis] != 1 { result = try result.summed(axis, keeping: true) }
        }
        return result.reshaped(target)
    }
}
