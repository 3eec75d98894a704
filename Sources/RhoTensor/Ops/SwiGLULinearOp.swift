import RhoCore

/// y = (silu(g) · u) wᵀ + r for rows [g(F) | u(F)], w (O, F); inputs [gu, w, r?]. (arXiv 2002.05202)
///
/// Keeps gu only: the product is computed again in backward, and gu's gradient is written over gu where nobody else
/// reads it.
package struct SwiGLULinearOp: Op {
    package let hasResidual: Bool
    package init(hasResidual: Bool) { self.hasResidual = hasResidual }

    package var name: String { "swiglu_linear" }
    package static var samples: [OpSample] {
        [
            OpSample(SwiGLULinearOp(hasResidual: false), [[5, 14], [4, 7]]),
            OpSample(SwiGLULinearOp(hasResidual: true), [[2, 3, 10], [4, 5], [2, 3, 4]]),
        ]
    }

    package struct Saved {
        var gu: Buffer
        var w: Buffer
    }

    package func resultShape(_ s: [Shape]) throws(RhoError) -> Shape {
        guard s[0].rank > 0, s[0].width % 2 == 0 else {
            throw RhoError(.shape, "swiglu_linear: rows must hold gate and up halves of equal width, got shape \(s[0])")
        }
        return try LinearShape.result(
            name, x: s[0], inputs: s[0].width / 2, w: s[1], bias: nil, residual: hasResidual ? s[2] : nil)
    }

    package func forward(_ x: [Buffer], _ shape: Shape) throws(RhoError) -> (Buffer, Saved) {
        let y = try x[0].like(shape)
        y.backend.linear(y, swiglu: x[0], x[1], residual: hasResidual ? x[2] : nil)
        return (y, Saved(gu: x[0], w: x[1]))
    }

    package func backward(_ saved: consuming Saved, _ flow: GradientFlow) throws(RhoError) {
        let (dy, rows, w) = (flow.dy, flow.rows, saved.w)
        var gu = try saved.gu.gathering(rows)
        saved.gu = dy  // lets go of the gate and up rows, so that they can be overwritten
        let product = flow.needs(1) ? try gu.like(gu.shape.replacingWidth(gu.width / 2)) : nil
        let dgu = gu.isUnshared() ? gu : try gu.like(gu.shape)
        dy.backend.linearBackwardInput(swiglu: dgu, product: product, dy, w, gu)
        if let product { try flow.addLinearWeights(weight: 1, bias: nil, dy: dy, x: product) }
        try flow.give(0, Gradient(dgu, rows: rows))
        if hasResidual { try flow.give(2, flow.gradient) }
    }
}
