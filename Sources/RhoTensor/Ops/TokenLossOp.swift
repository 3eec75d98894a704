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
    /// What forward computes beside the losses: the gradients for a loss that counts each row alike, while the logits are
    /// at hand. Any other gradient is computed in backward all the same.
    package var ahead: Ahead?

    /// Whose gradients are wanted: the hidden rows' alone or also the head's.
    package enum Ahead {
        case hidden, both
    }

    package init(_ targets: [Int32], entropy: Buffer? = nil, margin: Buffer? = nil, ahead: Ahead? = nil) {
        self.targets = targets
        self.entropy = entropy
        self.margin = margin
        self.ahead = targets.allSatisfy { $0 >= 0 } ? ahead : nil
    }

    package var name: String { "token_loss" }
    package static var samples: [OpSample] {
        [
            OpSample(TokenLossOp([1, 4, 0, 2]), [[4, 6], [5, 6]]),
            OpSample(TokenLossOp([1, -1, 0, 8, -1]), [[5, 7], [9, 7]]),
            OpSample(TokenLossOp([1, 4, 0, 2], ahead: .both), [[4, 6], [5, 6]]),
        ]
    }

    package struct Saved {
        var hidden: Buffer
        var head: Buffer
        var lse: Buffer
        /// Gradients of the sum of the losses.
        var ahead: (dhidden: Buffer, dhead: Buffer?)?
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
        var saved = Saved(hidden: x[0], head: x[1], lse: lse)
        if let ahead, !targets.isEmpty, x[0].width > 0 {
            let dhidden = try x[0].like(x[0].shape)
            let dhead = ahead == .both ? try x[1].like(x[1].shape) : nil
            loss.backend.tokenLossGradients(
                loss, lse_N: lse, entropy_N: entropy, margin_N: margin, dhidden, dhead, x[0], x[1], targets)
            saved.ahead = (dhidden, dhead)
        } else {
            loss.backend.tokenLoss(loss, lse_N: lse, entropy_N: entropy, margin_N: margin, x[0], x[1], targets)
        }
        return (loss, saved)
    }

    package func backward(_ saved: consuming Saved, _ flow: GradientFlow) throws(RhoError) {
        let dloss = try flow.dense()
        let weights = dloss.backend.read(dloss)
        if let ahead = saved.ahead, let factor = weights.first, weights.allSatisfy({ $0 == factor }), factor != 0 {
            return try give(ahead, times: factor, flow)
        }
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

    /// The gradients that forward computed, times the gradient of each row's loss: what the kernel for backward gives for
    /// rows of equal weight, bit for bit.
    private func give(
        _ ahead: (dhidden: Buffer, dhead: Buffer?), times factor: Float, _ flow: GradientFlow
    ) throws(RhoError) {
        func into(_ input: Int, _ sum: Buffer) throws(RhoError) {
            try flow.into(input) { (place, adding) throws(RhoError) in
                if adding {
                    place.backend.axpy(place, sum, factor)
                } else {
                    place.backend.scale(place, sum, factor)
                }
            }
        }
        try into(0, ahead.dhidden)
        if let dhead = ahead.dhead { try into(1, dhead) }
    }
}
