import RhoCore

/// y[n] = table[ids[n]] for a table (V, D); the gradient adds into the rows that were looked up.
package struct EmbeddingOp: Op {
    package let ids: [Int32]
    package init(_ ids: [Int32]) { self.ids = ids }

    package var name: String { "embedding" }
    package static var samples: [OpSample] { [OpSample(EmbeddingOp([2, 0, 2, 4, 1, 2]), [[5, 7]])] }

    package func resultShape(_ s: [Shape]) throws(RhoError) -> Shape {
        guard s[0].rank == 2 else { throw RhoError(.shape, "embedding: needs a table (V, D), got shape \(s[0])") }
        try EmbeddingOp.check(name, ids, vocabulary: s[0][0], lowest: 0)
        return try Shape([ids.count, s[0][1]], for: name)
    }

    /// Throws `.value` naming the first id outside `lowest ..< vocabulary`.
    static func check(_ name: String, _ ids: [Int32], vocabulary: Int, lowest: Int32) throws(RhoError) {
        for (place, id) in ids.enumerated() where id < lowest || Int(id) >= vocabulary {
            throw RhoError(.value, "\(name): id \(id) at position \(place) is outside 0..<\(vocabulary)")
        }
    }

    package func forward(_ x: [Buffer], _ shape: Shape) throws(RhoError) -> (Buffer, Void) {
        let y = try x[0].like(shape)
        y.backend.embedding(y, x[0], ids)
        return (y, ())
    }

    package func backward(_ saved: consuming Void, _ flow: GradientFlow) throws(RhoError) {
        let dy = try flow.dense()
        try flow.into(0, adding: true) { (dtable, _) throws(RhoError) in
            dy.backend.embeddingBackward(dtable, dy, ids)
        }
    }
}
