import RhoCore

/// y = scale · Σ x over one dimension or over all elements. The mean is the sum with scale 1/n.
package struct SumOp: Op {
    package var axis: Int?
    package var keeping = false
    package var isMean = false

    package var name: String { isMean ? "mean" : "sum" }
    package static var samples: [OpSample] {
        [
            OpSample(SumOp(), [[3, 40]]), OpSample(SumOp(axis: 0), [[5, 7]]), OpSample(SumOp(axis: -1), [[5, 7]]),
            OpSample(SumOp(axis: 1, keeping: true), [[2, 3, 4]]), OpSample(SumOp(isMean: true), [[6, 5]]),
            OpSample(SumOp(axis: 1, isMean: true), [[2, 9, 3]]),
        ]
    }

    package struct Saved {
        var input: Shape
        var factor: Float
    }

    package func resultShape(_ inputs: [Shape]) throws(RhoError) -> Shape {
        guard let axis else { return keeping ? Shape(unchecked: inputs[0].dims.map { _ in 1 }) : .scalar }
        return inputs[0].reducing(try inputs[0].axis(axis, for: name), keeping: keeping)
    }

    package func forward(_ x: [Buffer], _ shape: Shape) throws(RhoError) -> (Buffer, Saved) {
        let input = x[0].shape
        let axis = try self.axis.map { axis throws(RhoError) in try input.axis(axis, for: name) }
        let n = axis.map { input[$0] } ?? input.count
        let sum = try x[0].summed(axis, keeping: keeping)
        guard isMean else { return (sum, Saved(input: input, factor: 1)) }
        return (try sum.combined(.div, Float(n)), Saved(input: input, factor: 1 / Float(n)))
    }

    package func backward(_ saved: consuming Saved, _ flow: GradientFlow) throws(RhoError) {
        let input = saved.input
        var kept = Shape(unchecked: input.dims.map { _ in 1 })
        if let axis { kept = input.reducing(try input.axis(axis, for: name), keeping: true) }
        let dy = try flow.dense().reshaped(kept)
        let scaled = saved.factor == 1 ? dy : try dy.scaled(saved.factor)
        try flow.give(0, Gradient(scaled.stretched(to: input)))
    }
}
