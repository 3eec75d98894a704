import RhoCore

/// y = gelu(h) wᵀ + b + r, inputs [h, w, b?, r?]: GELU in its tanh form (GPT-2) or exact (GPT-NeoX). (arXiv 1606.08415)
///
/// Keeps h only; gelu(h) is computed again in backward.
package struct GELULinearOp: Op {
    package var hasBias = false
    package var hasResidual = false
    package var isExact = false

    package var name: String { "gelu_linear" }
    package static var samples: [OpSample] {
        [
            OpSample(GELULinearOp(), [[5, 7], [4, 7]]), OpSample(GELULinearOp(hasBias: true), [[5, 7], [4, 7], [4]]),
            OpSample(GELULinearOp(hasBias: true, hasResidual: true), [[2, 3, 5], [4, 5], [4], [2, 3, 4]]),
            OpSample(GELULinearOp(hasBias: true, isExact: true), [[5, 7], [4, 7], [4]]),
        ]
    }

    package struct Saved {
        var h: Buffer
        var w: Buffer
    }

    package func resultShape(_ s: [Shape]) throws(RhoError) -> Shape {
        try LinearShape.result(
            name, x: s[0], inputs: s[0].width, w: s[1], bias: hasBias ? s[2] : nil, residual: hasResidual ? s.last : nil
        )
    }

    package func forward(_ x: [Buffer], _ shape: Shape) throws(RhoError) -> (Buffer, Saved) {
        let active = try x[0].like(x[0].shape)
        active.backend.gelu(active, x[0], exact: isExact)
        let y = try x[0].like(shape)
        y.backend.linear(y, active, x[1], bias: hasBias ? x[2] : nil, residual: hasResidual ? x[x.count - 1] : nil)
        return (y, Saved(h: x[0], w: x[1]))
    }

    package func backward(_ saved: consuming Saved, _ flow: GradientFlow) throws(RhoError) {
        let (dy, rows, w) = (flow.dy, flow.rows, saved.w)
        var h = try saved.h.gathering(rows)
        saved.h = dy  // lets go of h, so that it can be overwritten
        if flow.needs(1) || hasBias {
            let active = try h.like(h.shape)
            dy.backend.gelu(active, h, exact: isExact)
            try flow.addLinearWeights(weight: 1, bias: hasBias ? 2 : nil, dy: dy, x: active)
        }
        if flow.needs(0) {
            let dactive = try h.like(h.shape)
            dy.backend.linearBackwardInput(dactive, dy, w, accumulate: false)
            let dh = h.isUnshared() ? h : dactive
            dy.backend.geluBackward(dh, dactive, h, exact: isExact)
            try flow.give(0, Gradient(dh, rows: rows))
        }
        if hasResidual { try flow.give(hasBias ? 3 : 2, flow.gradient) }
    }
}
