import RhoCore

/// y = f(x) for each element, f one of `UnaryFunction`.
package struct UnaryOp: Op {
    package let function: UnaryFunction
    package init(_ function: UnaryFunction) { self.function = function }

    package var name: String { function.rawValue }
    package static var samples: [OpSample] {
        UnaryFunction.allCases.map { function in
            let region: OpSample.Region =
                switch function {
                case .log, .sqrt: .positive
                case .abs, .relu, .reciprocal, .sign, .floor: .awayFromZero
                default: .normal
                }
            return OpSample(UnaryOp(function), [[3, 17]], region)
        } + [OpSample(UnaryOp(.exp), [[]]), OpSample(UnaryOp(.tanh), [[2, 3, 2, 5]])]
    }

    package struct Saved {
        var x: Buffer?
        var y: Buffer?
    }

    package func resultShape(_ inputs: [Shape]) throws(RhoError) -> Shape { inputs[0] }

    package func forward(_ x: [Buffer], _ shape: Shape) throws(RhoError) -> (Buffer, Saved) {
        let y = try x[0].applying(function)
        return switch function {
        case .exp, .sqrt, .sigmoid, .tanh, .reciprocal: (y, Saved(y: y))
        case .neg, .sign, .floor: (y, Saved())
        case .log, .abs, .relu, .silu, .square: (y, Saved(x: x[0]))
        }
    }

    package func backward(_ saved: consuming Saved, _ flow: GradientFlow) throws(RhoError) {
        let dy = try flow.dense()
        let x = saved.x ?? dy
        let y = saved.y ?? dy
        let dx: Buffer =
            switch function {
            case .neg: try dy.scaled(-1)
            case .exp: try dy.times(y)
            case .log: try dy.combined(.div, x)
            case .sqrt: try dy.combined(.div, y.scaled(2))
            case .abs: try dy.times(x.applying(.sign))
            case .relu: try dy.times(x.combined(.gt, 0))
            case .sigmoid: try dy.times(y.combined(.sub, y.applying(.square)))
            case .tanh: try dy.combined(.sub, dy.times(y.applying(.square)))
            case .silu: try dy.times(siluDerivative(x))
            case .square: try dy.times(x.scaled(2))
            case .reciprocal: try dy.times(y.applying(.square)).scaled(-1)
            case .sign, .floor: try Buffer.zeros(dy.shape, on: dy.backend)
            }
        try flow.give(0, Gradient(dx))
    }

    /// σ(x) + xσ(x)(1 - σ(x))
    private func siluDerivative(_ x: Buffer) throws(RhoError) -> Buffer {
        let s = try x.applying(.sigmoid)
        return try s.combined(.add, x.times(s.combined(.sub, s.applying(.square))))
    }
}
