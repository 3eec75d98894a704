import RhoCore

/// out = softmax(q kᵀ / √E over the allowed keys) v per head, for rows [q(HE) | k(KE) | v(KE)] of B sequences of T.
///
/// Position i may look at j when segmentStart[i] <= j <= i and i - j < window. With `rope`, q and k are rotated as they
/// are read. Keeps the rows, the result and one log-sum-exp per head and position: no T × T matrix. (arXiv 2205.14135)
package struct AttentionOp: Op {
    package let layout: AttentionLayout
    package var rope: RoPETable?

    package init(_ layout: AttentionLayout, rope: RoPETable? = nil) {
        self.layout = layout
        self.rope = rope
    }

    package var name: String { "attention" }
    package static var samples: [OpSample] {
        let plain = AttentionLayout(batch: 2, tokens: 5, heads: 2, kvHeads: 2, headWidth: 4)
        let grouped = AttentionLayout(batch: 1, tokens: 7, heads: 4, kvHeads: 2, headWidth: 6, window: 3)
        let documents = AttentionLayout(
            batch: 2, tokens: 4, heads: 2, kvHeads: 1, headWidth: 4, segmentStart: [0, 0, 2, 2, 0, 1, 1, 1])
        let table = try? RoPETable(tokens: 8, headWidth: 4, theta: 100)
        return [
            OpSample(AttentionOp(plain), [[10, 24]]), OpSample(AttentionOp(grouped), [[7, 48]]),
            OpSample(AttentionOp(documents), [[8, 16]]), OpSample(AttentionOp(plain, rope: table), [[10, 24]]),
        ]
    }

    package struct Saved {
        var qkv: Buffer
        var out: Buffer
        var lse: Buffer
    }

    package func resultShape(_ s: [Shape]) throws(RhoError) -> Shape {
        let l = layout
        let sizes = [l.batch, l.tokens, l.heads, l.kvHeads, l.headWidth]
        guard sizes.allSatisfy({ $0 > 0 && $0 <= 1 << 24 }), l.heads % l.kvHeads == 0 else {
            throw RhoError(
                .value,
                "attention: \(l.heads) heads of width \(l.headWidth) with \(l.kvHeads) key/value heads over "
                    + "\(l.batch) x \(l.tokens) positions: sizes must be positive and kv heads divide heads")
        }
        let rows = l.batch * l.tokens
        guard s[0] == Shape(unchecked: [rows, l.qkvWidth]) else {
            throw RhoError(.shape, "attention: expected qkv of shape (\(rows), \(l.qkvWidth)), got \(s[0])")
        }
        if let window = l.window, window < 1 {
            throw RhoError(.value, "attention: window must be at least 1, got \(window)")
        }
        if let starts = l.segmentStart {
            let valid =
                starts.count == rows
                && starts.indices.allSatisfy { starts[$0] >= 0 && Int(starts[$0]) <= $0 % l.tokens }
            guard valid else {
                throw RhoError(.value, "attention: segment starts must be \(rows) positions, none after its own")
            }
        }
        if let rope { try rope.check(layout) }
        return Shape(unchecked: [rows, l.outWidth])
    }

    package func forward(_ x: [Buffer], _ shape: Shape) throws(RhoError) -> (Buffer, Saved) {
        let qkv = x[0]
        let out = try qkv.like(shape)
        let lse = try qkv.like(Shape(unchecked: [shape[0], layout.heads]))
        out.backend.attention(out, lse: lse, qkv, layout, rope: rope)
        return (out, Saved(qkv: qkv, out: out, lse: lse))
    }

    package func backward(_ saved: consuming Saved, _ flow: GradientFlow) throws(RhoError) {
        let dout = try flow.dense()
        let dqkv = try dout.like(saved.qkv.shape)
        dout.backend.attentionBackward(dqkv, dout, saved.out, lse: saved.lse, saved.qkv, layout, rope: rope)
        try flow.give(0, Gradient(dqkv))
    }
}
