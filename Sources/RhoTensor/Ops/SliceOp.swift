import RhoCore

/// Entries `start ..< start + count` of dimension `axis`. A view when the axis is the outermost, else a copy.
package struct SliceOp: Op {
    package let axis: Int
    package let start: Int
    package let count: Int

    package init(axis: Int, start: Int, count: Int) {
        self.axis = axis
        self.start = start
        self.count = count
    }

    package var name: String { "slice" }
    package static var samples: [OpSample] {
        [
            OpSample(SliceOp(axis: 0, start: 1, count: 2), [[4, 5]]),
            OpSample(SliceOp(axis: -1, start: 2, count: 3), [[4, 7]]),
            OpSample(SliceOp(axis: 1, start: 0, count: 1), [[2, 3, 4]]),
        ]
    }

    package func resultShape(_ inputs: [Shape]) throws(RhoError) -> Shape {
        let axis = try inputs[0].axis(axis, for: name)
        let size = inputs[0][axis]
        guard start >= 0, count >= 0, start <= size, count <= size - start else {
            throw RhoError(
                .shape, "slice: \(count) entries from \(start) are outside dimension \(self.axis) of shape \(inputs[0])"
            )
        }
        var dims = inputs[0].dims
        dims[axis] = count
        return Shape(unchecked: dims)
    }

    package func forward(_ x: [Buffer], _ shape: Shape) throws(RhoError) -> (Buffer, Shape) {
        let input = x[0].shape
        let (outer, n, inner) = input.split(at: try input.axis(axis, for: name))
        if outer == 1 {
            return (x[0].reshaped(Shape(unchecked: [n, inner])).slice(start, count).reshaped(shape), input)
        }
        let y = try x[0].like(shape)
        let source = Buffer(storage: x[0].storage, offset: x[0].offset + start * inner, shape: shape)
        y.backend.copyRows(
            y, yStride: count * inner, source, xStride: n * inner, rows: outer, width: count * inner, accumulate: false)
        return (y, input)
    }

    package func backward(_ input: consuming Shape, _ flow: GradientFlow) throws(RhoError) {
        let dy = try flow.dense()
        let (outer, n, inner) = input.split(at: try input.axis(axis, for: name))
        try flow.into(0, adding: true) { (dx, _) throws(RhoError) in
            let place = Buffer(storage: dx.storage, offset: dx.offset + start * inner, shape: dy.shape)
            dx.backend.copyRows(
                place, yStride: n * inner, dy, xStride: count * inner, rows: outer, width: count * inner,
                accumulate: true)
        }
    }
}
