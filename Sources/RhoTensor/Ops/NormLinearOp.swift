import RhoCore

/// y = norm(x) wᵀ + b, inputs [x, norm weight, w, norm bias?, b?].
///
/// Keeps x and the row statistics. The normalised rows exist only piece by piece beside the products that take them.
package struct NormLinearOp: Op {
    package let epsilon: Float
    package let isLayer: Bool
    package let hasBias: Bool

    package init(epsilon: Float, isLayer: Bool, hasBias: Bool) {
        self.epsilon = epsilon
        self.isLayer = isLayer
        self.hasBias = hasBias
    }

    package var name: String { "norm_linear" }
    package static var samples: [OpSample] {
        [
            OpSample(NormLinearOp(epsilon: 1e-5, isLayer: false, hasBias: false), [[5, 8], [8], [6, 8]]),
            OpSample(NormLinearOp(epsilon: 1e-5, isLayer: false, hasBias: true), [[2, 3, 9], [9], [4, 9], [4]]),
            OpSample(NormLinearOp(epsilon: 1e-5, isLayer: true, hasBias: false), [[5, 8], [8], [6, 8], [8]]),
            OpSample(NormLinearOp(epsilon: 1e-5, isLayer: true, hasBias: true), [[35, 8], [8], [6, 8], [8], [6]]),
        ]
    }

    package struct Saved {
        var norm: NormOp.Saved
        var w: Buffer
    }

    private var biasIndex: Int? { hasBias ? (isLayer ? 4 : 3) : nil }

    package func resultShape(_ s: [Shape]) throws(RhoError) -> Shape {
        try NormOp.check(name, x: s[0], weight: s[1], bias: isLayer ? s[3] : nil)
        return try LinearShape.result(
            name, x: s[0], inputs: s[0].width, w: s[2], bias: biasIndex.map { s[$0] }, residual: nil)
    }

    package func forward(_ x: [Buffer], _ shape: Shape) throws(RhoError) -> (Buffer, Saved) {
        let norm = try NormOp.Saved(x[0], weight: x[1], bias: isLayer ? x[3] : nil)
        let y = try x[0].like(shape)
        y.backend.linear(y, norm: norm.buffers(epsilon), x[2], bias: biasIndex.map { x[$0] })
        return (y, Saved(norm: norm, w: x[2]))
    }

    package func backward(_ saved: consuming Saved, _ flow: GradientFlow) throws(RhoError) {
        let (dy, w) = (flow.dy, saved.w)
        let norm = try saved.norm.gathering(flow.rows).buffers(epsilon)
        if flow.needs(2) || hasBias {
            try flow.addLinearWeights(weight: 2, bias: biasIndex, dy: dy) { dw, db, adding in
                dy.backend.linearBackwardWeight(dw, dbias: db, dy, norm: norm, accumulate: adding)
            }
        }
        guard flow.needs(0) || flow.needs(1) || (isLayer && flow.needs(3)) else { return }
        let bias = isLayer ? 3 : nil
        try NormOp.gradients(norm.x.shape, flow, x: 0, weight: 1, bias: bias) { (dx, adding, dw, db) throws(RhoError) in
            try dy.backend.linearBackwardInput(dx, dweight: dw, dbias: db, dy, w, norm: norm, accumulate: adding)
        }
    }
}
