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
    /// Keys in a tile: a multiple of 16, so that rows of a score tile can be walked in whole vectors.
    static let keyTile = 256

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

    /// First key that any query in `start ..< end` sees, rounded down to whole vectors.
    func firstKey(_ b: Int, from start: Int, to end: Int) -> Int {
        var first = start
        for i in start..<end { first = min(first, firstKey(b, i)) }
        return first & ~15
    }
}

/// y[e, t] = x[t·stride + e] for `tokens` rows of `width`, rows of y `ld` floats apart: keys and values turned once a
/// head, so that every tile product reads both sides along rows.
func packTransposed(_ y: MutableFloats, _ x: Floats, tokens: Int, width: Int, stride: Int, ld: Int) {
    var t = 0
    while t &+ 16 <= tokens {
        var e = 0
        while e &+ 16 <= width {
            transpose16(y + e &* ld &+ t, ld, x + t &* stride &+ e, stride)
            e &+= 16
        }
        while e < width {
            for row in 0..<16 { y[e &* ld &+ t &+ row] = x[(t &+ row) &* stride &+ e] }
            e &+= 1
        }
        t &+= 16
    }
    while t < tokens {
        for e in 0..<width { y[e &* ld &+ t] = x[t &* stride &+ e] }
        t &+= 1
    }
}

/// Turns a 16 × 16 square.
@inline(__always)
func transpose16(_ y: MutableFloats, _ ldy: Int, _ x: Floats, _ ldx: Int) {
    for row in 0..<16 {
        for column in 0..<16 { y[column &* ldy &+ row] = x[row &* ldx &+ column] }
    }
}

/// Lanes of the vector at column `i` that lie in `first ... last`.
@_transparent
func lanesWithin(_ i: Int, first: Int, last: Int) -> SIMDMask<IntVec> {
    let column = IntVec(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) &+ Int32(truncatingIfNeeded: i)
    return (column .>= IntVec(repeating: Int32(truncatingIfNeeded: first)))
        .& (column .<= IntVec(repeating: Int32(truncatingIfNeeded: last)))
}
