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
            LossTile(
                states: states + (share &* rows &+ row) &* RowState.floats, hidden: hidden + row &* width, head: head,
                targets: targets + row, rows: min(tiles.rowTile, rows &- row), width: width,
                columns: share &* tiles.shareWidth..<min((share &+ 1) &* tiles.shareWidth, vocab), chunk: tiles.chunk,
                entropy: entropy != nil
            ).run()
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

/// Fixed tiles of the logits: shares of the vocabulary by rows, each share walked in chunks of columns.
struct LossTiles {
    let chunk: Int
    let shareWidth: Int
    let shares: Int
    let rowTile: Int
    let rowTiles: Int

    /// Each chunk of the head is packed by the task that uses it, so shares of the vocabulary come first; rows are cut
    /// only where those make too few tasks.
    init(rows: Int, vocab: Int) {
        func pieces(_ total: Int, _ size: Int) -> Int { (total &+ size &- 1) / size }
        chunk = vocab >= 4096 ? 256 : 128
        let chunks = pieces(vocab, chunk)
        shareWidth = pieces(chunks, min(chunks, 32)) &* chunk
        shares = pieces(vocab, shareWidth)
        let wanted = pieces(32, shares)
        rowTile = min(rows, max(256, (pieces(rows, wanted) &+ 63) / 64 &* 64))
        rowTiles = pieces(rows, rowTile)
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

/// The states of some rows over some columns.
private struct LossTile {
    let states: MutableFloats
    let hidden: Floats
    let head: WeightRows
    let targets: UnsafePointer<Int32>
    let rows: Int
    let width: Int
    let columns: Range<Int>
    let chunk: Int
    let entropy: Bool

    /// Rows of logits at a time: with a chunk of columns 64 KiB.
    private static let block = 64

    func run() {
        Scratch.with(LossTile.block &* chunk &+ panelFloats(columns: chunk, k: width)) { logits in
            let panels = logits + LossTile.block &* chunk
            var from = columns.lowerBound
            while from < columns.upperBound {
                let count = min(chunk, columns.upperBound &- from)
                packWeights(panels, head, row: from, rows: count, width: width)
                var row = 0
                while row < rows {
                    let end = min(row &+ LossTile.block, rows)
                    multiplyPanels(
                        logits, ldc: chunk, LeftFactor(hidden + row &* width, ld: width, transposed: false),
                        rows: end &- row, Panels(start: panels, steps: width), columns: count)
                    for r in row..<end { merge(logits + (r &- row) &* chunk, count, row: r, from: from) }
                    row = end
                }
                from &+= count
            }
        }
    }

    @inline(__always)
    private func merge(_ logits: MutableFloats, _ count: Int, row: Int, from: Int) {
        let place = states + row &* RowState.floats
        let chunk = scan(logits, count, gold: Int(targets[row]) &- from, entropy: entropy)
        var state = from > columns.lowerBound ? RowState(place) : RowState()
        state.merge(chunk)
        state.write(place)
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
