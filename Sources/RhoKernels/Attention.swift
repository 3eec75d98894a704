/// Sizes and masks of causal attention with grouped KV heads.
///
/// N = batch·tokens rows of qkv are [q(H·E) | k(K·E) | v(K·E)]; query head h reads KV head h / (H/K). Query i of a
/// sequence sees key j iff start[i] ≤ j ≤ i and i - j < window, all counted inside the sequence; a start beyond i
/// counts as i.
struct AttentionShape {
    let batch: Int
    let tokens: Int
    let heads: Int
    let kvHeads: Int
    let headWidth: Int
    let window: Int
    let scale: Float
    let segmentStart: UnsafePointer<Int32>?

    /// Rows of queries in a tile: a tile of scores fills an L1 cache, and little is computed above the diagonal.
    static let queryTile = 32
    /// Keys in a tile: a multiple of `panel`.
    static let keyTile = 256
    /// Keys are taken this many at a time: whole panels of a product.
    @_transparent static var panel: Int { RegisterTile.columns }

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

    /// First key that query `i` of sequence `b` sees.
    @inline(__always)
    func firstKey(_ b: Int, _ i: Int) -> Int {
        var first = max(0, i &- window &+ 1)
        if let segmentStart { first = max(first, min(i, Int(segmentStart[b &* tokens &+ i]))) }
        return first
    }

    /// First key that any query in `start ..< end` sees, rounded down to whole panels.
    func firstKey(_ b: Int, from start: Int, to end: Int) -> Int {
        var first = start
        for i in start..<end { first = min(first, firstKey(b, i)) }
        return first / AttentionShape.panel &* AttentionShape.panel
    }

    /// Floats of the keys or values of one head, packed over tokens or over the width of the head.
    var packedFloats: Int {
        max(panelFloats(columns: tokens, k: headWidth), panelFloats(columns: headWidth, k: tokens))
    }

    /// `count` keys rounded up to whole panels: the tiles of scores have room for them.
    @inline(__always)
    static func padded(_ count: Int) -> Int { (count &+ panel &- 1) / panel &* panel }
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
