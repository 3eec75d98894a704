import RhoCore

/// Same numbers in the same order under another shape; one size may be -1 and is then computed. A view, no copy.
package struct ReshapeOp: Op {
    package let dims: [Int]
    package init(_ dims: [Int]) { self.dims = dims }

    package var name: String { "reshape" }
    package static var samples: [OpSample] {
        [
            OpSample(ReshapeOp([6, 4]), [[2, 3, 4]]), OpSample(ReshapeOp([-1]), [[3, 5]]),
            OpSample(ReshapeOp([]), [[1, 1]]),
        ]
    }

    package func resultShape(_ inputs: [Shape]) throws(RhoError) -> Shape {
        let count = inputs[0].count
        var wanted = dims
        let open = dims.indices.filter { dims[$0] == -1 }
        if let axis = open.first, open.count == 1 {
            wanted[axis] = 1
            let known = try Shape(wanted, for: name).count
            wanted[axis] = known == 0 ? 0 : count / known
        }
        let shape = try Shape(wanted, for: name)
        guard shape.count == count else {
            throw RhoError(.shape, "reshape: shape \(inputs[0]) has \(count) elements, \(wantedText) does not fit")
        }
        return shape
    }

    package func forward(_ x: [Buffer], _ shape: Shape) throws(RhoError) -> (Buffer, Shape) {
        (x[0].reshaped(shape), x[0].shape)
    }

    package func backward(_ input: consuming Shape, _ flow: GradientFlow) throws(RhoError) {
        let dy = try flow.dense()
        try flow.give(0, Gradient(dy.reshaped(input)))
    }

    private var wantedText: String {
        "(" + dims.map(String.init).joined(separator: ", ") + ")"
    }
}
