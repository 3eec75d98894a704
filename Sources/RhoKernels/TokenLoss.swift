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
    let entropy = extras?.entropy
    let tiles = LossTiles(rows: rows, vocab: vocab)
    Scratch.with(tiles.shares &* rows &* RowState.floats) { states in
        Parallel.blocks(tiles.rowTiles &* tiles.shares) { task in
            let row = task / tiles.shares &* tiles.rowTile
            let share = task % tiles.shares
            lossTile(
                states + share &* rows &* RowState.floats, hidden, head, targets, row: row,
                rows: min(tiles.rowTile, rows &- row), columns: share &* tiles.shareWidth,
                to: min((share &+ 1) &* tiles.shareWidth, vocab), width: width, vocab: vocab, entropy: entropy != nil)
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
                if let entropy { entropy[row] = total - state.dot / state.sum }
                if let margin = extras?.margin { margin[row] = hasTarget ? state.gold - state.other : 0 }
            }
        }
    }
}

/// Fixed tiles of the logits: rows by shares of the vocabulary, each share walked in chunks.
struct LossTiles {
    /// Columns of logits at a time: with 256 rows half a megabyte, which stays in L2.
    static let chunk = 512
    let rowTile: Int
    let rowTiles: Int
    let shareWidth: Int
    let shares: Int

    init(rows: Int, vocab: Int) {
        rowTile = min(256, rows)
        rowTiles = (rows &+ rowTile &- 1) / rowTile
        // Few rows leave the vocabulary as the only thing to share out.
        let wanted = max(1, (16 &+ rowTiles &- 1) / rowTiles)
        let chunks = (vocab &+ LossTiles.chunk &- 1) / LossTiles.chunk
        shareWidth = max(1, chunks / wanted) &* LossTiles.chunk
        shares = (vocab &+ shareWidth &- 1) / shareWidth
    }
}

/// What is known of a row of logits after some of its columns.
struct RowState {
    static let floats = 5
    var top: Float
    var sum: Float
    var dot: Float
    var gold: Float
    var other: Float

    init() {
        top = -.infinity
        sum = 0
        dot = 0
        gold = -.infinity
        other = -.infinity
    }

    init(_ p: MutableFloats) {
        top = p[0]
        sum = p[1]
        dot = p[2]
        gold = p[3]
        other = p[4]
    }

    func write(_ p: MutableFloats) {
        p[0] = top
        p[1] = sum
        p[2] = dot
        p[3] = gold
        p[4] = other
    }

    /// Adds columns seen elsewhere. Sums of e^(z - top) and z·e^(z - top) are brought to the larger top.
    mutating func merge(_ more: RowState) {
        let high = max(top, more.top)
        let mine = top == high ? 1 : expf(top - high)
        let theirs = more.top == high ? 1 : expf(more.top - high)
        sum = sum * mine + more.sum * theirs
        dot = dot * mine + more.dot * theirs
        top = high
        gold = max(gold, more.gold)
        other = max(other, more.other)
    }
}

/// The states of some rows over the columns `columns ..< to`.
private func lossTile(
    _ states: MutableFloats, _ hidden: Floats, _ head: WeightRows, _ targets: UnsafePointer<Int32>, row: Int, rows: Int,
    columns: Int, to: Int, width: Int, vocab: Int, entropy: Bool
) {
    Scratch.with(rows &* LossTiles.chunk) { logits in
        var from = columns
        while from < to {
            let count = min(LossTiles.chunk, to &- from)
            head.with(from, count, width: width) { head in
                sgemm(
                    logits, hidden + row &* width, head, m: rows, n: count, k: width,
                    transA: false, transB: true, alpha: 1, beta: 0, lda: width, ldb: width, ldc: LossTiles.chunk)
            }
            for r in 0..<rows {
                let place = states + (row &+ r) &* RowState.floats
                let gold = Int(targets[row &+ r]) &- from
                let chunk = scan(logits + r &* LossTiles.chunk, count, gold: gold, entropy: entropy)
                var state = chunk
                if from > columns {
                    state = RowState(place)
                    state.merge(chunk)
                }
                state.write(place)
            }
            from &+= count
        }
    }
}

/// The state of one row over `count` columns; `gold` is the target's column if it lies inside.
@inline(__always)
private func scan(_ z: MutableFloats, _ count: Int, gold: Int, entropy: Bool) -> RowState {
    // Padding the row to whole vectors with -∞ spares the loops a tail; the tile has room for it.
    for i in count..<(count &+ 15) & ~15 { z[i] = -.infinity }
    var state = RowState()
    let hasGold = gold >= 0 && gold < count
    if hasGold {
        state.gold = z[gold]
        z[gold] = -.infinity
    }
    var best = Vec(repeating: -.infinity)
    var i = 0
    while i < count {
        best = maximum(load(UnsafePointer(z) + i), best)
        i &+= 16
    }
    state.other = laneMax(best)
    if hasGold { z[gold] = state.gold }
    // max keeps a NaN gold out of top; the sum turns NaN all the same.
    state.top = state.gold > state.other ? state.gold : state.other
    let top = state.top == -.infinity ? 0 : state.top
    var sum = Vec.zero
    var dot = Vec.zero
    i = 0
    while i < count {
        let v = load(UnsafePointer(z) + i)
        let e = expBelowOverflow(v - top)
        sum += e
        // 0·(-∞) would be NaN; an impossible token adds nothing to the entropy.
        if entropy { dot += select(v .== Vec(repeating: -.infinity), .zero, v * e) }
        i &+= 16
    }
    state.sum = laneSum(sum)
    state.dot = laneSum(dot)
    return state
}
