import RhoCore

/// y = min(max(x, low), high); the gradient passes where low <= x <= high.
package struct ClampOp: Op {
    package let low: Float
    package let high: Float

    package init(low: Float, high: Float) {
        self.low = low
        self.high = high
    }

    package var name: String { "clamp" }
    package static var samples: [OpSample] {
        [
            OpSample(ClampOp(low: -0.015, high: .infinity), [[4, 9]], .awayFromZero),
            OpSample(ClampOp(low: -1000, high: 0.015), [[4, 9]], .awayFromZero),
        ]
    }

    package func resultShape(_ inputs: [Shape]) throws(RhoError) -> Shape { inputs[0] }

    package func forward(_ x: [Buffer], _ shape: Shape) throws(RhoError) -> (Buffer, Buffer) {
        let y = try x[0].like(shape)
        y.backend.clamp(y, x[0], low, high)
        return (y, x[0])
    }

    package func backward(_ x: consuming Buffer, _ flow: GradientFlow) throws(RhoError) {
        let inside = try x.combined(.ge, low).times(x.combined(.le, high))
        try flow.give(0, Gradient(flow.dense().times(inside)))
    }
}
