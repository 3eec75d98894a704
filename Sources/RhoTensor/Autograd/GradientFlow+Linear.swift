import RhoCore

extension GradientFlow {
    /// Weight and bias gradients of y = x wᵀ + b: dw += dyᵀ x, db += Σ dy over the rows of `x` and `dy`.
    package func addLinearWeights(weight: Int, bias: Int?, dy: Buffer, x: Buffer) throws(RhoError) {
        try addLinearWeights(weight: weight, bias: bias, dy: dy) { dw, db, adding in
            dy.backend.linearBackwardWeight(dw, dbias: db, dy, x, accumulate: adding)
        }
    }

    /// The same where `compute` knows x: it sets dw, or adds to it when told so, and adds to db.
    package func addLinearWeights(
        weight: Int, bias: Int?, dy: Buffer, _ compute: (_ dw: Buffer, _ db: Buffer?, _ adding: Bool) -> Void
    ) throws(RhoError) {
        let wantsBias = bias.map(needs) ?? false
        guard needs(weight) else {
            guard let bias, wantsBias else { return }
            let matrix = dy.reshaped(Shape(unchecked: [dy.rows, dy.width]))
            return try give(bias, Gradient(matrix.summed(0, keeping: false)))
        }
        try into(weight) { (dw, adding) throws(RhoError) in
            guard let bias, wantsBias else { return compute(dw, nil, adding) }
            try self.into(bias, adding: true) { (db, _) throws(RhoError) in compute(dw, db, adding) }
        }
    }
}

/// Shape rule shared by the ops that end in a matrix product with a weight.
enum LinearShape {
    /// x (…, I) times w (O, I) gives (…, O); a bias is (O), a residual has the shape of the result.
    static func result(
        _ name: String, x: Shape, inputs: Int, w: Shape, bias: Shape?, residual: Shape?
    ) throws(RhoError) -> Shape {
        guard x.rank > 0, w.rank == 2, w[1] == inputs else {
            throw RhoError(
                .shape, "\(name): input \(x) and weight \(w) do not fit, expected weight (outputs, \(inputs))")
        }
        if let bias, bias != Shape(unchecked: [w[0]]) {
            throw RhoError(.shape, "\(name): bias \(bias) does not fit weight \(w)")
        }
        let shape = try Shape(Array(x.dims.dropLast()) + [w[0]], for: name)
        if let residual, residual != shape {
            throw RhoError(.shape, "\(name): residual \(residual) differs from the result \(shape)")
        }
        return shape
    }
}
