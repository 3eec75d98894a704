import RhoCore

/// Tensors of equal rank joined along dimension `axis`; the other sizes must agree.
package struct ConcatOp: Op {
    package let axis: Int
    package init(axis: Int) { self.axis = axis }

    package var name: String { "concat" }
    package static var samples: [OpSample] {
        [
            OpSample(ConcatOp(axis: 0), [[2, 5], [3, 5]]), OpSample(ConcatOp(axis: -1), [[3, 2], [3, 4], [3, 1]]),
            OpSample(ConcatOp(axis: 1), [[2, 1, 3], [2, 2, 3]]),
        ]
    }

    package func resultShape(_ inputs: [Shape]) throws(RhoError) -> Shape {
        guard let first = inputs.first else { throw RhoError(.shape, "concat: needs at least one tensor") }
        let axis = try first.axis(axis, for: name)
        var dims = first.dims
        for other in inputs.dropFirst() {
            guard other.rank == first.rank, (0..<first.rank).allSatisfy({ $0 == axis || other[$0] == first[$0] }) else {
                throw RhoError(.shape, "concat: shapes \(first) and \(other) differ outside dimension \(self.axis)")
            }
            dims[axis] += other[axis]
        }
        return try Shape(dims, for: name)
    }

    package func forward(_ x: [Buffer], _ shape: Shape) throws(RhoError) -> (Buffer, [Shape]) {
        let (outer, n, inner) = shape.split(at: try shape.axis(axis, for: name))
        let y = try x[0].like(shape)
        var column = 0
        for part in x where outer > 0 {
            let width = part.count / outer
            let place = Buffer(storage: y.storage, offset: column, shape: part.shape)
            y.backend.copyRows(
                place, yStride: n * inner, part, xStride: width, rows: outer, width: width, accumulate: false)
            column += width
        }
        return (y, x.map(\.shape))
    }

    package func backward(_ shapes: consuming [Shape], _ flow: GradientFlow) throws(RhoError) {
        let dy = try flow.dense()
        let (outer, n, inner) = dy.shape.split(at: try dy.shape.axis(axis, for: name))
        guard outer > 0 else { return }
        var column = 0
        for (index, shape) in shapes.enumerated() {
            let width = shape.count / outer
            let source = Buffer(storage: dy.storage, offset: dy.offset + column, shape: shape)
            try flow.into(index) { (dx, adding) throws(RhoError) in
                dx.backend.copyRows(
                    dx, yStride: width, source, xStride: n * inner, rows: outer, width: width, accumulate: adding)
            }
            column += width
        }
    }
}
