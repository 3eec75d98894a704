/// Sizes and masks of causal attention with grouped KV heads.
///
/// N = batch·tokens rows of qkv are [q(H·E) | k(K·E) | v(K·E)]; query head h reads KV head h / (H/K). Query i of a
/// sequence sees key j iff start[i] ≤ j ≤ i and i - j < window, all counted inside the sequence; a start beyond i
/// counts as i. Scores are kept in units of ln 2, so that weights are powers of two.
struct AttentionShape {
    let batch: Int
    let tokens: Int
    let heads: Int
    let kvHeads: Int
    let headWidth: Int
    let window: Int
    let scale: Float
    let segmentStart: UnsafePointer<Int32>?

    /// Keys are taken this many at a time: a panel of a product.
    @_transparent static var panel: Int { RegisterTile.columns }
    /// Queries are taken this many at a time: the rows of a register tile.
    @_transparent static var strip: Int { RegisterTile.rows }

    init(
        batch: Int, tokens: Int, heads: Int, kvHeads: Int, headWidth: Int, window: Int?, scale: Float?,
        segmentStart: UnsafePointer<Int32>?
    ) {
        self.batch = batch
        self.tokens = tokens
        self.heads = heads
        self.kvHeads = kvHeads
        self.headWidth = headWidth
        self.window = max(1, window ?? tokens)
        self.scale = scale ?? 1 / Float(headWidth).squareRoot()
        self.segmentStart = segmentStart
    }

    var group: Int { heads / max(kvHeads, 1) }
    var stride: Int { (heads &+ 2 &* kvHeads) &* headWidth }
    var outStride: Int { heads &* headWidth }
    var isEmpty: Bool { batch == 0 || tokens == 0 || kvHeads == 0 || headWidth == 0 }

    /// log₂ e and ln 2.
    static var log2e: Float { 1.442_695_04 }
    static var ln2: Float { 0.693_147_18 }

    /// First key that query `i` of sequence `b` sees.
    @inline(__always)
    func firstKey(_ b: Int, _ i: Int) -> Int {
        var first = max(0, i &- window &+ 1)
        if let segmentStart { first = max(first, min(i, Int(segmentStart[b &* tokens &+ i]))) }
        return first
    }

    /// First keys of the queries in `start ..< end`: the lowest and the highest.
    @inline(__always)
    func firstKeys(_ b: Int, _ start: Int, _ end: Int) -> (lowest: Int, highest: Int) {
        guard segmentStart != nil else { return (firstKey(b, start), firstKey(b, end &- 1)) }
        var (lowest, highest) = (start, 0)
        for i in start..<end {
            let first = firstKey(b, i)
            lowest = min(lowest, first)
            highest = max(highest, first)
        }
        return (lowest, highest)
    }

    /// The lanes from key `column` on that query `i` of sequence `b` sees; of a query past the last one, some.
    @inline(__always)
    func seen(_ b: Int, _ i: Int, from column: Int) -> IntVec {
        lanesWithin(column, first: firstKey(b, min(i, tokens &- 1)), last: i)
    }

    /// The width of a head and the tokens, rounded up to whole panels.
    var paddedWidth: Int { AttentionShape.padded(headWidth) }
    var paddedTokens: Int { AttentionShape.padded(tokens) }

    private static func padded(_ count: Int) -> Int { (count &+ panel &- 1) / panel &* panel }
}

/// All bits of the lanes of the vector at column `i` that lie in `first ... last`.
@_transparent
func lanesWithin(_ i: Int, first: Int, last: Int) -> IntVec {
    let column = IntVec(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) &+ Int32(truncatingIfNeeded: i)
    // The sign of a difference, spread over the lane.
    let before = (column &- IntVec(repeating: Int32(truncatingIfNeeded: first))) &>> 31
    let upToLast = (column &- IntVec(repeating: Int32(truncatingIfNeeded: last &+ 1))) &>> 31
    return upToLast & ~before
}
