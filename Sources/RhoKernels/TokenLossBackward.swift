/// Gradients of Σ_N weight_N·loss_N: with p = e^(z - lse), dz = weight·(p - [target]), dhidden_ND = dz·head (+= when
/// `accumulate`) and, where given, dhead_VD = dzᵀ·hidden (+= when `accumulateHead`).
///
/// Rows of weight 0 and rows without a target are left out of all work: the rest are gathered first, their logits
/// recomputed a tile at a time. Left-out rows of dhidden become 0, or stay as they are when `accumulate`. Where all that
/// count weigh alike, the gradient is that of weight 1, multiplied at the end: as `tokenLossGradients` gives it, bit for
/// bit.
public func tokenLossBackward(
    _ dhidden: MutableFloats, _ dhead: MutableFloats?, _ hidden: Floats, _ head: Floats,
    _ targets: UnsafePointer<Int32>,
    _ lse: Floats, _ weight: Floats, rows: Int, width: Int, vocab: Int, accumulate: Bool, accumulateHead: Bool = true
) {
    guard rows > 0 && width > 0 else { return }
    Scratch.with(rows) { memory in
        memory.withMemoryRebound(to: Int32.self, capacity: rows) { active in
            var count = 0
            var alike = true
            for row in 0..<rows where weight[row] != 0 && targets[row] >= 0 && Int(targets[row]) < vocab {
                active[count] = Int32(truncatingIfNeeded: row)
                alike = alike && weight[row] == weight[Int(active[0])]
                count &+= 1
            }
            if count < rows && !accumulate { fill(dhidden, 0, count: rows &* width) }
            guard count > 0 else {
                if let dhead, !accumulateHead { fill(dhead, 0, count: vocab &* width) }
                return
            }
            let share = weight[Int(active[0])]
            func run(_ dhidden: MutableFloats, _ hidden: Floats, accumulate: Bool) {
                let gradient = LossGradient(
                    hidden: hidden, head: head, targets: targets, lse: lse, weight: alike ? nil : weight,
                    active: active, width: width, vocab: vocab)
                let factor = alike ? share : 1
                guard accumulateHead, let dhead else {
                    gradient.run(dhidden, dhead, rows: count, factor: factor, accumulate: accumulate)
                    if let dhead, factor != 1 { scale(dhead, dhead, factor, count: vocab &* width) }
                    return
                }
                Scratch.with(vocab &* width) { sum in
                    gradient.run(dhidden, sum, rows: count, factor: factor, accumulate: accumulate)
                    axpy(dhead, sum, factor, count: vocab &* width)
                }
            }
            if count == rows { return run(dhidden, hidden, accumulate: accumulate) }
            Scratch.with(2 &* count &* width) { gathered in
                gatherRows(gathered, hidden, active, rows: count, width: width)
                let partial = gathered + count &* width
                run(partial, gathered, accumulate: false)
                Parallel.ranges(count, size: normBlock) { start, end in
                    for index in start..<end {
                        add(dhidden + Int(active[index]) &* width, partial + index &* width, width)
                    }
                }
            }
        }
    }
}

/// `tokenLossForward` and, on the way, the gradients of Σ_N loss_N: dhidden_ND and, where given, dhead_VD. All rows must
/// have a target.
///
/// Logits are kept for a group of rows, as many as 64 MB hold but at most 1,024, so that they are computed once.
public func tokenLossGradients(
    _ loss: MutableFloats, _ lse: MutableFloats, _ dhidden: MutableFloats, _ dhead: MutableFloats?, _ hidden: Floats,
    _ head: Floats, _ targets: UnsafePointer<Int32>, rows: Int, width: Int, vocab: Int,
    extras: TokenLossExtras? = nil
) {
    guard rows > 0 && vocab > 0 else { return }
    let tiles = LossTiles(width: width, vocab: vocab)
    let block = LossTiles.block
    let group = min(rows, LossGradient.groupRows, max(block, (1 << 24) / vocab / block &* block))
    Scratch.with(KeptLogits.floats(tiles, rows: group)) { memory in
        var row = 0
        while row < rows {
            let count = min(group, rows &- row)
            let kept = KeptLogits(memory, tiles, rows: count)
            let rest = TokenLossExtras(
                entropy: extras?.entropy.map { $0 + row }, margin: extras?.margin.map { $0 + row })
            LossPass(
                hidden: hidden + row &* width, head: .f32(head), targets: targets + row, width: width, vocab: vocab
            )
            .losses(loss + row, lse + row, rows: count, extras: rest, kept: kept)
            LossGradient(
                hidden: hidden + row &* width, head: head, targets: targets + row, lse: lse + row, weight: nil,
                active: nil, width: width, vocab: vocab
            ).run(
                dhidden + row &* width, dhead, rows: count, factor: 1, accumulate: false, startsHead: row == 0,
                kept: kept)
            row &+= count
        }
    }
}
