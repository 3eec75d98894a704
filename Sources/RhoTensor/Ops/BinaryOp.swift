import RhoCore

/// y = f(a, b) for each element with broadcasting, f one of `BinaryFunction`.
///
/// Where a = b, `min` and `max` send the gradient to a. Comparisons give 1 or 0 and have no gradient.
package struct BinaryOp: Op {
    package let function: BinaryFunction
    package init(_ function: BinaryFunction) { self.function = function }

    package var name: String { function.rawValue }
    package static var samples: [OpSample] {
        let differentiable = BinaryFunction.allCases.filter { !$0.isComparison }
        return differentiable.flatMap { function in
            let region: OpSample.Region =
                switch function {
                case .pow: .positive
                case .div: .awayFromZero
                case .min, .max: .distinct
                default: .normal
                }
            return [[[4, 6], [4, 6]], [[2, 3, 5], [3, 1]], [[7], []]].map { OpSample(BinaryOp(function), $0, region) }
        } + [OpSample(BinaryOp(.mul), [[3, 1, 4], [2, 1, 5, 1]])]
    }

    package struct Saved {
        var a: Buffer?
        var b: Buffer?
        var shapes: [Shape]
    }

    package func resultShape(_ inputs: [Shape]) throws(RhoError) -> Shape {
        try inputs[0].broadcast(with: inputs[1], for: name)
    }

    package func forward(_ x: [Buffer], _ shape: Shape) throws(RhoError) -> (Buffer, Saved) {
        let y = try x[0].like(shape)
        y.backend.binary(y, x[0], x[1], function)
        let keepsValues = function != .add && function != .sub
        return (y, Saved(a: keepsValues ? x[0] : nil, b: keepsValues ? x[1] : nil, shapes: x.map(\.shape)))
    }

    package func backward(_ saved: consuming Saved, _ flow: GradientFlow) throws(RhoError) {
        let shapes = saved.shapes
        if function == .add, shapes[0] == shapes[1] {
            // The residual sum passes its gradient on as it is, sparse rows included.
            try flow.give(0, flow.gradient)
            try flow.give(1, flow.gradient)
            return
        }
        let dy = try flow.dense()
        let a = saved.a ?? dy
        let b = saved.b ?? dy
        if flow.needs(0) {
            let da: Buffer =
                switch function {
                case .add, .sub: dy
                case .mul: try dy.times(b)
                case .div: try dy.combined(.div, b)
                case .pow: try dy.times(b).times(a.combined(.pow, b.combined(.sub, 1)))
                case .min: try dy.times(a.combined(.le, b))
                case .max: try dy.times(a.combined(.ge, b))
                default: try Buffer.zeros(dy.shape, on: dy.backend)
                }
            try flow.give(0, Gradient(da.reduced(to: shapes[0])))
        }
        if flow.needs(1) {
            let db: Buffer =
                switch function {
                case .add: dy
                case .sub: try dy.scaled(-1)
                case .mul: try dy.times(a)
                case .div: try dy.times(a).combined(.div, b.applying(.square)).scaled(-1)
                case .pow: try dy.times(a.combined(.pow, b)).times(a.applying(.log))
                case .min: try dy.times(a.combined(.gt, b))
                case .max: try dy.times(a.combined(.lt, b))
                default: try Buffer.zeros(dy.shape, on: dy.backend)
                }
            try flow.give(1, Gradient(db.reduced(to: shapes[1])))
        }
    }
}
