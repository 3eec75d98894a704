import RhoCore

/// RMS normalisation (inputs [x, w]) or layer normalisation (inputs [x, w, b]) over the innermost dimension.
package struct NormOp: Op {
    package let epsilon: Float
    package let hasBias: Bool

    package init(epsilon: Float, hasBias: Bool) {
        self.epsilon = epsilon
        self.hasBias = hasBias
    }

    package var name: String { hasBias ? "layer_norm" : "rms_norm" }
    package static var samples: [OpSample] {
        [
            OpSample(NormOp(epsilon: 1e-5, hasBias: false), [[4, 8], [8]]),
            OpSample(NormOp(epsilon: 1e-5, hasBias: false), [[2, 3, 17], [17]]),
            OpSample(NormOp(epsilon: 1e-5, hasBias: true), [[5, 9], [9], [9]]),
        ]
    }

    /// What both this op and `NormLinearOp` keep: the statistics of each row, not the normalised rows.
    package struct Saved {
        var x: Buffer
        var weight: Buffer
        var bias: Buffer?
        var mean: Buffer?
        var rstd: Buffer

        /// With room for the statistics, which a kernel is to fill.
        init(_ x: Buffer, weight: Buffer, bias: Buffer?) throws(RhoError) {
            let statistics = Shape(unchecked: [x.rows, 1])
            self.x = x
            self.weight = weight
            self.bias = bias
            mean = bias == nil ? nil : try x.like(statistics)
            rstd = try x.like(statistics)
        }

        func buffers(_ epsilon: Float) -> NormBuffers {
            NormBuffers(x: x, weight: weight, bias: bias, mean: mean, rstd: rstd, epsilon: epsilon)
        }

        /// The same for some rows only.
        func gathering(_ rows: RowSet?) throws(RhoError) -> Saved {
            guard rows != nil else { return self }
            var part = self
            part.x = try x.gathering(rows)
            part.mean = try mean?.gathering(rows)
            part.rstd = try rstd.gathering(rows)
            return part
        }
    }

    package func resultShape(_ s: [Shape]) throws(RhoError) -> Shape {
        try NormOp.check(name, x: s[0], weight: s[1], bias: hasBias ? s[2] : nil)
        return s[0]
    }

    static func check(_ name: String, x: Shape, weight: Shape, bias: Shape?) throws(RhoError) {
        guard x.rank > 0, weight == Shape(unchecked: [x.width]), bias == nil || bias == weight else {
            throw RhoError(.shape, "\(name): input \(x) and weight \(weight) do not fit, expected weight (\(x.width))")
        }
    }

    package func forward(_ x: [Buffer], _ shape: Shape) throws(RhoError) -> (Buffer, Saved) {
        try NormOp.run(x[0], weight: x[1], bias: hasBias ? x[2] : nil, epsilon: epsilon)
    }

    static func run(
        _ x: Buffer, weight: Buffer, bias: Buffer?, epsilon: Float
    ) throws(RhoError) -> (Buffer, Saved) {
        let y = try x.like(x.shape)
        let saved = try Saved(x, weight: weight, bias: bias)
        x.backend.norm(y, mean: saved.mean, rstd: saved.rstd, x, weight, bias: bias, epsilon: epsilon)
        return (y, saved)
    }

    package func backward(_ saved: consuming Saved, _ flow: GradientFlow) throws(RhoError) {
        let part = try saved.gathering(flow.rows)
        try NormOp.propagate(flow.dy, part, flow, x: 0, weight: 1, bias: hasBias ? 2 : nil)
    }

    /// Sends `dy`, the gradient of the normalised rows, on to x, weight and bias.
    static func propagate(
        _ dy: Buffer, _ saved: Saved, _ flow: GradientFlow, x: Int, weight: Int, bias: Int?
    ) throws(RhoError) {
        try gradients(saved.x.shape, flow, x: x, weight: weight, bias: bias) { (dx, adding, dw, db) throws(RhoError) in
            dy.backend.normBackward(
                dx, dweight: dw, dbias: db, dy, saved.x, saved.weight, mean: saved.mean, rstd: saved.rstd,
                accumulate: adding)
        }
    }

    /// Lets `compute` write the gradients of x (adding to what is there when told so), weight and bias in their places.
    static func gradients(
        _ shape: Shape, _ flow: GradientFlow, x: Int, weight: Int, bias: Int?,
        _ compute: @escaping (_ dx: Buffer, _ adding: Bool, _ dw: Buffer?, _ db: Buffer?) throws(RhoError) -> Void
    ) throws(RhoError) {
        let withWeights: (Buffer, Bool) throws(RhoError) -> Void = { (dx, adding) throws(RhoError) in
            guard flow.needs(weight) else { return try compute(dx, adding, nil, nil) }
            try flow.into(weight, adding: true) { (dw, _) throws(RhoError) in
                guard let bias, flow.needs(bias) else { return try compute(dx, adding, dw, nil) }
                try flow.into(bias, adding: true) { (db, _) throws(RhoError) in try compute(dx, adding, dw, db) }
            }
        }
        if flow.needs(x) {
            try flow.into(x, rows: flow.rows, withWeights)
        } else {
            try withWeights(flow.dy.like(shape), false)
        }
    }
}
