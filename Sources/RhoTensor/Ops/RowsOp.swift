import RhoCore

/// y[i, …] = x[ids[i], …]: entries of the outermost dimension by number; a number may occur several times.
package struct RowsOp: Op {
    package let ids: [Int32]
    package init(_ ids: [Int32]) { self.ids = ids }

    package var name: String { "rows" }
    package static var samples: [OpSample] {
        [
            OpSample(RowsOp([3, 0, 3, 1]), [[4, 6]]), OpSample(RowsOp([1]), [[2, 2, 3]]),
            OpSample(RowsOp([2, 2]), [[4]]),
        ]
    }

    package func resultShape(_ inputs: [Shape]) throws(RhoError) -> Shape {
        let x = inputs[0]
        guard x.rank > 0 else { throw RhoError(.shape, "rows: needs at least one dimension, got a scalar") }
        for (place, id) in ids.enumerated() where id < 0 || Int(id) >= x[0] {
            throw RhoError(.value, "rows: index \(id) at place \(place) is outside 0..<\(x[0])")
        }
        return try Shape([ids.count] + Array(x.dims.dropFirst()), for: name)
    }

    package func forward(_ x: [Buffer], _ shape: Shape) throws(RhoError) -> (Buffer, Shape) {
        let y = try x[0].like(shape)
        y.backend.gatherRows(y, matrix(x[0]), ids)
        return (y, x[0].shape)
    }

    package func backward(_ input: consuming Shape, _ flow: GradientFlow) throws(RhoError) {
        let dy = try matrix(flow.dense())
        try flow.into(0, adding: true) { (dx, _) throws(RhoError) in
            // The embedding kernel is the one that sums repeated rows in a fixed order.
            dx.backend.embeddingBackward(matrix(dx), dy, ids)
        }
    }

    private func matrix(_ x: Buffer) -> Buffer {
        let width = x.shape.dims.dropFirst().reduce(1, *)
        return x.reshaped(Shape(unchecked: [x.shape[0], width]))
    }
}
