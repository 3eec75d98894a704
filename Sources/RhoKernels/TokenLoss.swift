import Glibc

/// What `tokenLossForward` computes beside the loss, for scores that need it. Each is one float a row.
public struct TokenLossExtras {
    /// -Σ p·ln p of the predicted distribution, in nats.
    public var entropy: MutableFloats?
    /// Gold logit minus the largest other logit; 0 where there is no target.
    public var margin: MutableFloats?

    public init(entropy: MutableFloats? = nil, margin: MutableFloats? = nil) {
        self.entropy = entropy
        self.margin = margin
    }
}

/// loss_N = lse_N - z_N[target] in nats with logits z = hidden_ND·head_VDᵀ and lse_N = ln Σ_V e^z.
///
/// Logits exist one tile at a time. A target outside `0 ..< vocab` (-1 by custom) means no loss: 0. A NaN logit makes
/// the row's loss and lse NaN. `extras` as described there.
public func tokenLossForward(
    _ loss: MutableFloats, _ lse: MutableFloats, _ hidden: Floats, _ head: Floats, _ targets: UnsafePointer<Int32>,
    rows: Int, width: Int, vocab: Int, extras: TokenLossExtras? = nil
) {
    tokenLossForward(loss, lse, hidden, .f32(head), targets, rows: rows, width: width, vocab: vocab, extras: extras)
}

/// `tokenLossForward` for a head in whatever form it is kept.
public func tokenLossForward(
    _ loss: MutableFloats, _ lse: MutableFloats, _ hidden: Floats, _ head: WeightRows, _ targets: UnsafePointer<Int32>,
    rows: Int, width: Int, vocab: Int, extras: TokenLossExtras? = nil
) {
    guard rows > 0 && vocab > 0 else { return }
    LossPass(hidden: hidden, head: head, targets: targets, width: width, vocab: vocab)
        .losses(loss, lse, rows: rows, extras: extras)
}

/// Losses of rows from one look at their logits.
struct LossPass {
    let hidden: Floats
    let head: WeightRows
    let targets: UnsafePointer<Int32>
    let width: Int
    let vocab: Int

    /// Rows of logits that are looked at while they are in L1.
    private static let glance = 32

    /// Losses of `rows` rows; their logits stay in `kept` where it is given.
    func losses(
        _ loss: MutableFloats, _ lse: MutableFloats, rows: Int, extras: TokenLossExtras? = nil, kept: KeptLogits? = nil
    ) {
        let tiles = LossTiles(width: width, vocab: vocab)
        // A task packs the chunks of the head that it uses, so shares come first; rows are cut where those are too few.
        let rowTile = max(256, LossTiles.pieces(LossTiles.pieces(rows, 256), 32 / tiles.shares) &* 256)
        Scratch.with(tiles.shares &* rows &* RowState.floats) { states in
            Parallel.blocks(LossTiles.pieces(rows, rowTile) &* tiles.shares) { task in
                let row = task / tiles.shares &* rowTile
                let share = task % tiles.shares
                look(
                    states + share &* rows &* RowState.floats, tiles, share: share,
                    rows: row..<min(row &+ rowTile, rows), entropy: extras?.entropy != nil, kept: kept)
            }
            Parallel.ranges(rows, size: 1024) { start, end in
                for row in start..<end {
                    var state = RowState(states + row &* RowState.floats)
                    for share in 1..<max(tiles.shares, 1) {
                        state.merge(RowState(states + (share &* rows &+ row) &* RowState.floats))
                    }
                    let total = state.top + logf(state.sum)
                    lse[row] = total
                    let hasTarget = targets[row] >= 0 && Int(targets[row]) < vocab
                    loss[row] = hasTarget ? total - state.gold : 0
                    if let entropy = extras?.entropy { entropy[row] = total - state.dot / state.sum }
                    if let margin = extras?.margin { margin[row] = hasTarget ? state.gold - state.other : 0 }
                }
            }
        }
    }

    /// The states of some rows over a share of the columns.
    private func look(
        _ states: MutableFloats, _ tiles: LossTiles, share: Int, rows: Range<Int>, entropy: Bool, kept: KeptLogits?
    ) {
        let ld = tiles.ld
        let glance = LossPass.glance
        Scratch.with(glance &* ld &+ panelFloats(columns: tiles.chunk, k: width)) { memory in
            let panels = memory + glance &* ld
            tiles.forEachChunk(share) { index, column, columns in
                packWeights(panels, head, row: column, rows: columns, width: width)
                var row = rows.lowerBound
                while row < rows.upperBound {
                    let count = min(glance, rows.upperBound &- row)
                    let logits =
                        kept.map { $0.at(share: share, chunk: index, row: row) + row % LossTiles.block &* ld } ?? memory
                    multiplyPanels(
                        logits, ldc: ld, LeftFactor(hidden + row &* width, ld: width, transposed: false), rows: count,
                        Panels(start: panels, steps: width), columns: columns)
                    for r in 0..<count {
                        let place = states + (row &+ r) &* RowState.floats
                        let seen = RowState(
                            logits + r &* ld, columns, gold: Int(targets[row &+ r]) &- column, entropy: entropy)
                        var state = index > 0 ? RowState(place) : RowState()
                        state.merge(seen)
                        state.write(place)
                    }
                    row &+= count
                }
            }
        }
    }
}
