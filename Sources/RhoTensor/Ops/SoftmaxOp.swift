import RhoCore

/// y = exp(x) / Σ exp(x) over the innermost dimension, or its logarithm; computed from x - max x.
package struct SoftmaxOp: Op {
    package var isLog = false

    package var name: String { isLog ? "log_softmax" : "softmax" }
    package static var samples: [OpSample] {
        [false, true].flatMap { isLog in
            [OpSample(SoftmaxOp(isLog: isLog), [[5, 17]]), OpSample(SoftmaxOp(isLog: isLog), [[2, 3, 4]])]
        }
    }

    package func resultShape(_ inputs: [Shape]) throws(RhoError) -> Shape {
        guard inputs[0].rank > 0 else { throw RhoError(.shape, "\(name): needs at least one dimension, got a scalar") }
        return inputs[0]
    }

    package func forward(_ x: [Buffer], _ shape: Shape) throws(RhoError) -> (Buffer, Buffer) {
        let y = try x[0].like(shape)
        y.backend.softmax(y, x[0], rows: shape.rows, width: shape.width, log: isLog)
        return (y, y)
    }

    package func backward(_ y: consuming Buffer, _ flow: GradientFlow) throws(RhoError) {
        let dy = try flow.dense()
        let last = y.shape.rank - 1
        let dx: Buffer
        if isLog {
            // dx = dy - softmax(x) Σ dy
            dx = try dy.combined(.sub, y.applying(.exp).times(dy.summed(last, keeping: true)))
        } else {
            // dx = y (dy - Σ y dy)
            dx = try y.times(dy.combined(.sub, dy.times(y).summed(last, keeping: true)))
        }
        try flow.give(0, Gradient(dx))
    }
}
