import RhoCore

/// y[…, j, i] = x[…, i, j]: exchanges the two innermost dimensions.
package struct TransposeOp: Op {
    package var name: String { "transpose" }
    package static var samples: [OpSample] {
        [
            OpSample(TransposeOp(), [[3, 7]]), OpSample(TransposeOp(), [[2, 3, 5]]),
            OpSample(TransposeOp(), [[2, 2, 3, 4]]),
        ]
    }

    package func resultShape(_ inputs: [Shape]) throws(RhoError) -> Shape {
        let x = inputs[0]
        guard x.rank >= 2 else { throw RhoError(.shape, "transpose: needs at least two dimensions, got shape \(x)") }
        return Shape(unchecked: Array(x.dims.dropLast(2)) + [x[x.rank - 1], x[x.rank - 2]])
    }

    package func forward(_ x: [Buffer], _ shape: Shape) throws(RhoError) -> (Buffer, Void) {
        (try exchange(x[0], shape), ())
    }

    package func backward(_ saved: consuming Void, _ flow: GradientFlow) throws(RhoError) {
        let dy = try flow.dense()
        try flow.give(0, Gradient(exchange(dy, resultShape([dy.shape]))))
    }

    private func exchange(_ x: Buffer, _ shape: Shape) throws(RhoError) -> Buffer {
        let y = try x.like(shape)
        let (rows, columns) = (shape[shape.rank - 1], shape[shape.rank - 2])
        let matrices = shape.dims.dropLast(2).reduce(1, *)
        y.backend.transpose(y, x, batch: matrices, rows: rows, columns: columns)
        return y
    }
}
