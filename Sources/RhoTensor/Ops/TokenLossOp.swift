import RhoCore

/// loss[n] = log Σ_v exp(hidden[n]·head[v]) - hidden[n]·head[targets[n]], in nats; 0 where the target is -1.
///
/// Inputs [hidden (N, D), head (V, D)]. Logits exist for a block of rows at a time, in both directions: N × V numbers
/// are never held. Rows whose gradient is exactly 0 (tokens that were not selected) are left out of the backward, and
/// out of everything behind it that works row by row.
package struct TokenLossOp: Op {
    package let targets: [Int32]
    /// Filled with the entropy of each prediction, in nats.
    package var entropy: Buffer?
    /// Filled with the target's logit minus the best other one.
    package var margin: Buffer?

    package init(_ targets: [Int32], entropy: Buffer? = nil, margin: Buffer? = nil) {
        self.targets = targets
        self.entropy = entropy
        self.margin = margin
    }

    package var name: String { "token_loss" }
    package static var samples: [OpSample] {
        [
            OpSample(TokenLossOp([1, 4, 0, 2]), [[4, 6], [5, 6]]),
            OpSample(TokenLossOp([1, -1, 0, 8, -1]), [[5, 7], [9, 7]]),
        ]
    }

    package struct Saved {
        var hidden: Buffer
        var head: Buffer
        var lse: Buffer
    }

    package func resultShape(_ s: [Shape]) throws(RhoError) -> Shape {
        let (hidden, head) = (s[0], s[1])
        guard hidden.rank == 2, head.rank == 2, hidden[1] == head[1] else {
            throw RhoError(
                .shape, "token_loss: hidden \(hidden) and head \(head) do not fit, expected (N, D) and (V, D)")
        }
        guard targets.count == hidden[0] else {
            throw RhoError(.shape, "token_loss: \(targets.count) targets for \(hidden[0]) rows")
        }
        try EmbeddingOp.check("token_loss: target", targets, vocabulary: head[0], lowest: -1)
        return Shape(unchecked: [targets.count])
    }

    package func forward(_ x: [Buffer], _ shape: Shape) throws(RhoError) -> (Buffer, Saved) {
        let loss = try x[0].like(shape)
        let lse = try x[0].like(Shape(unchecked: [shape[0], 1]))
        loss.backend.tokenLoss(loss, lse_N: lse, entropy_N: entropy, margin_N: margin, x[0], x[1], targets)
        return (loss, Saved(hidden: x[0], head: x[1], lse: lse))
    }

    package func backward(_ saved: consuming Saved, _ flow: GradientFlow) throws(RhoError) {
        let dloss = try flow.dense()
        let weights = dloss.backend.read(dloss)
        var kept: [Int32] = []
        kept.reserveCapacity(weights.count)
        for (row, weight) in weights.enumerated() where weight != 0 && targets[row] >= 0 {
            kept.append(Int32(truncatingIfNeeded: row))
        }
        let rows = kept.count == targets.count ? nil : RowSet(indices: kept, total: targets.count)
        guard !kept.isEmpty else { return }

        let hidden = try saved.hidden.gathering(rows)
        let lse = try saved.lse.gathering(rows)
        let weight = try dloss.reshaped(Shape(unchecked: [targets.count, 1])).gathering(rows)
        let labels = rows == nil ? targets : kept.map { targets[Int($0)] }
        let head = saved.head
        let finish: (Buffer, Bool) throws(RhoError) -> Void = { (dhidden, adding) throws(RhoError) in
            let compute: (Buffer?, Bool) -> Void = { dhead, addingHead in
                dhidden.backend.tokenLossBackward(
                    dhidden, dhead, hidden, head, labels, lse_N: lse, weight_N: weight, accumulate: adding,
                    accumulateHead: addingHead)
            }
            guard flow.needs(1) else { return compute(nil, true) }
            try flow.into(1) { (dhead, addingHead) throws(RhoError) in compute(dhead, addingHead) }
        }
        if flow.needs(0) {
            try flow.into(0, rows: rows, finish)
        } else {
            try finish(hidden.like(hidden.shape), false)
        }
    }
}
