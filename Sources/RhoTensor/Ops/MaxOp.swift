import RhoCore

/// y = max x (or min x) over one dimension or over all elements.
///
/// Elements that share the extreme share its gradient equally. Over no elements the result is -∞ (+∞ for min).
package struct MaxOp: Op {
    package var axis: Int?
    package var keeping = false
    package var isMin = false

    package var name: String { isMin ? "min" : "max" }
    package static var samples: [OpSample] {
        [
            OpSample(MaxOp(), [[3, 9]], .distinct), OpSample(MaxOp(axis: 0), [[5, 7]], .distinct),
            OpSample(MaxOp(axis: 1, keeping: true), [[2, 3, 4]], .distinct),
            OpSample(MaxOp(axis: -1, isMin: true), [[5, 7]], .distinct),
        ]
    }

    package struct Saved {
        var x: Buffer
        var y: Buffer
    }

    package func resultShape(_ inputs: [Shape]) throws(RhoError) -> Shape {
        guard let axis else { return keeping ? Shape(unchecked: inputs[0].dims.map { _ in 1 }) : .scalar }
        return inputs[0].reducing(try inputs[0].axis(axis, for: name), keeping: keeping)
    }

    package func forward(_ x: [Buffer], _ shape: Shape) throws(RhoError) -> (Buffer, Saved) {
        let input = x[0].shape
        let source = isMin ? try x[0].scaled(-1) : x[0]
        let y = try x[0].like(shape)
        let axis = try self.axis.map { axis throws(RhoError) in try input.axis(axis, for: name) }
        let (outer, n, inner) = axis.map { input.split(at: $0) } ?? (1, input.count, 1)
        if n == 0 {
            y.backend.fill(y, -.infinity)
        } else {
            y.backend.reduceMax(y, source, outer: outer, n: n, inner: inner)
        }
        if isMin { y.backend.scale(y, y, -1) }
        return (y, Saved(x: x[0], y: y))
    }

    package func backward(_ saved: consuming Saved, _ flow: GradientFlow) throws(RhoError) {
        let input = saved.x.shape
        let axis = try self.axis.map { axis throws(RhoError) in try input.axis(axis, for: name) }
        let kept = axis.map { input.reducing($0, keeping: true) } ?? Shape(unchecked: input.dims.map { _ in 1 })
        let mask = try saved.x.combined(.eq, saved.y.reshaped(kept))
        let share = try flow.dense().reshaped(kept).combined(.div, mask.summed(axis, keeping: true))
        try flow.give(0, Gradient(mask.times(share)))
    }
}
