import RhoCore

/// y[i] = x[i, ids[i]]: one entry from the innermost dimension of each row.
package struct GatherOp: Op {
    package let ids: [Int32]
    package init(_ ids: [Int32]) { self.ids = ids }

    package var name: String { "gather" }
    package static var samples: [OpSample] {
        [OpSample(GatherOp([2, 0, 3]), [[3, 5]]), OpSample(GatherOp([0, 1, 1, 0]), [[2, 2, 3]])]
    }

    package func resultShape(_ inputs: [Shape]) throws(RhoError) -> Shape {
        let x = inputs[0]
        guard x.rank > 0, x.rows == ids.count else {
            throw RhoError(.shape, "gather: \(ids.count) indices for the \(x.rank > 0 ? x.rows : 0) rows of shape \(x)")
        }
        guard x.count <= Int(Int32.max) else { throw RhoError(.shape, "gather: shape \(x) is too large") }
        for (row, id) in ids.enumerated() where id < 0 || Int(id) >= x.width {
            throw RhoError(.value, "gather: index \(id) of row \(row) is outside 0..<\(x.width)")
        }
        return Shape(unchecked: Array(x.dims.dropLast()))
    }

    package func forward(_ x: [Buffer], _ shape: Shape) throws(RhoError) -> (Buffer, Shape) {
        let input = x[0].shape
        let y = try x[0].like(shape)
        y.backend.gatherRows(y, x[0].reshaped(Shape(unchecked: [input.count, 1])), places(input.width))
        return (y, input)
    }

    package func backward(_ input: consuming Shape, _ flow: GradientFlow) throws(RhoError) {
        let dy = try flow.dense()
        let places = places(input.width)
        let column = Shape(unchecked: [input.count, 1])
        try flow.into(0, adding: true) { (dx, _) throws(RhoError) in
            dx.backend.scatterAddRows(
                dx.reshaped(column), dy.reshaped(Shape(unchecked: [places.count, 1])), places)
        }
    }

    private func places(_ width: Int) -> [Int32] {
        ids.enumerated().map { Int32(truncatingIfNeeded: $0.offset * width + Int($0.element)) }
    }
}
