import RhoCore

/// y = a where the condition is not 0, else b, with broadcasting. The condition has no gradient.
package struct WhereOp: Op {
    package var name: String { "where" }
    package static var samples: [OpSample] {
        [
            OpSample(WhereOp(), [[4, 5], [4, 5], [4, 5]], constant: [0]),
            OpSample(WhereOp(), [[4, 1], [5], [4, 5]], constant: [0]),
            OpSample(WhereOp(), [[6], [], [6]], constant: [0]),
        ]
    }

    package struct Saved {
        var condition: Buffer
        var a: Shape
        var b: Shape
    }

    package func resultShape(_ inputs: [Shape]) throws(RhoError) -> Shape {
        try inputs[0].broadcast(with: inputs[1], for: name).broadcast(with: inputs[2], for: name)
    }

    package func forward(_ x: [Buffer], _ shape: Shape) throws(RhoError) -> (Buffer, Saved) {
        let y = try x[0].like(shape)
        let condition = try x[0].stretched(to: shape)
        y.backend.select(y, condition, try x[1].stretched(to: shape), try x[2].stretched(to: shape))
        return (y, Saved(condition: condition, a: x[1].shape, b: x[2].shape))
    }

    package func backward(_ saved: consuming Saved, _ flow: GradientFlow) throws(RhoError) {
        let dy = try flow.dense()
        let zero = try Buffer.zeros(dy.shape, on: dy.backend)
        if flow.needs(1) {
            let da = try dy.like(dy.shape)
            dy.backend.select(da, saved.condition, dy, zero)
            try flow.give(1, Gradient(da.reduced(to: saved.a)))
        }
        if flow.needs(2) {
            let db = try dy.like(dy.shape)
            dy.backend.select(db, saved.condition, zero, dy)
            try flow.give(2, Gradient(db.reduced(to: saved.b)))
        }
    }
}
