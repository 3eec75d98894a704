import RhoCore

/// y = x wᵀ + b + r for x (…, I), w (O, I). Bias and residual are optional; inputs are [x, w, b?, r?].
package struct LinearOp: Op {
    package var hasBias = false
    package var hasResidual = false

    package var name: String { "linear" }
    package static var samples: [OpSample] {
        [
            OpSample(LinearOp(), [[5, 7], [3, 7]]), OpSample(LinearOp(hasBias: true), [[2, 3, 4], [6, 4], [6]]),
            OpSample(LinearOp(hasBias: true, hasResidual: true), [[5, 4], [3, 4], [3], [5, 3]]),
            OpSample(LinearOp(hasResidual: true), [[40, 17], [19, 17], [40, 19]]),
        ]
    }

    package struct Saved {
        var x: Buffer
        var w: Buffer
    }

    package func resultShape(_ s: [Shape]) throws(RhoError) -> Shape {
        try LinearShape.result(
            name, x: s[0], inputs: s[0].width, w: s[1], bias: hasBias ? s[2] : nil, residual: hasResidual ? s.last : nil
        )
    }

    package func forward(_ x: [Buffer], _ shape: Shape) throws(RhoError) -> (Buffer, Saved) {
        let y = try x[0].like(shape)
        y.backend.linear(y, x[0], x[1], bias: hasBias ? x[2] : nil, residual: hasResidual ? x[x.count - 1] : nil)
        return (y, Saved(x: x[0], w: x[1]))
    }

    package func backward(_ saved: consuming Saved, _ flow: GradientFlow) throws(RhoError) {
        let (dy, rows) = (flow.dy, flow.rows)
        if flow.needs(1) || hasBias {
            let x = flow.needs(1) ? try saved.x.gathering(rows) : saved.x
            try flow.addLinearWeights(weight: 1, bias: hasBias ? 2 : nil, dy: dy, x: x)
        }
        try flow.into(0, rows: rows) { (dx, adding) throws(RhoError) in
            dy.backend.linearBackwardInput(dx, dy, saved.w, accumulate: adding)
        }
        if hasResidual { try flow.give(hasBias ? 3 : 2, flow.gradient) }
    }
}
