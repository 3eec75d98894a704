import COpenBLAS

/// out_N(HE) = softmax(scale·q·kᵀ, masked)·v and lse_NH = ln Σ e^(scale·q·kᵀ), causal, grouped KV heads.
///
/// Scores exist for two strips of queries at a time; tiles above the diagonal are not computed. Layout and mask as in
/// `AttentionShape`: qkv rows are [q(H·E) | k(K·E) | v(K·E)]; query i sees key j iff segmentStart[i] ≤ j ≤ i (inside the
/// sequence) and i - j < window. `scale` nil means 1/√E. With `rotation` queries and keys are turned by their position
/// in the sequence as they are read; `qkv` stays as it is. (arXiv 2205.14135, arXiv 2104.09864)
public func attentionForward(
    _ out: MutableFloats, _ lse: MutableFloats, _ qkv: Floats,
    batch: Int, tokens: Int, heads: Int, kvHeads: Int, headWidth: Int,
    window: Int? = nil, scale: Float? = nil, segmentStart: UnsafePointer<Int32>? = nil, rotation: Rotation? = nil
) {
    let shape = AttentionShape(
        batch: batch, tokens: tokens, heads: heads, kvHeads: kvHeads, headWidth: headWidth, window: window,
        scale: scale, segmentStart: segmentStart)
    guard !shape.isEmpty else { return }
    Parallel.blocks(batch &* kvHeads) { task in
        Scratch.with(AttentionForward.floats(shape)) { memory in
            AttentionForward(shape, b: task / kvHeads, kv: task % kvHeads, memory: memory)
                .run(out: out, lse: lse, qkv: qkv, rotation)
        }
    }
}

/// The queries of one sequence that share one KV head.
private struct AttentionForward {
    let shape: AttentionShape
    let b: Int
    let kv: Int
    /// Packed: kᵀ and v.
    let keys: MutableFloats
    let values: MutableFloats
    /// A panel of rows of k and of v, then a tile of queries.
    let rows: MutableFloats
    /// Scores, then weights, of a tile of queries against all keys, rows `ld` apart.
    let scores: MutableFloats
    let ld: Int
    /// A register tile that sticks out of `out`.
    let edge: MutableFloats
    /// Of each query of the tile 16 lanes: the largest scores, the sums of weights. A square to turn them in.
    let best: MutableFloats
    let total: MutableFloats
    let square: MutableFloats
    /// Of each query the largest score and what its weights are to be multiplied by.
    let top: MutableFloats
    let inverse: MutableFloats

    /// Queries in a tile; at most 16, whose largest scores and sums make one vector.
    private static var tile: Int { 2 &* AttentionShape.strip }
    /// A cache line more than the keys, so that rows do not fall on the same cache sets.
    private static func scoreStride(_ shape: AttentionShape) -> Int { shape.paddedTokens &+ 16 }

    static func floats(_ shape: AttentionShape) -> Int {
        (2 &* shape.paddedTokens &+ AttentionShape.panel) &* shape.paddedWidth &+ tile &* scoreStride(shape)
            &+ AttentionShape.strip &* AttentionShape.panel &+ 3 &* 256 &+ 2 &* 16
    }

    init(_ shape: AttentionShape, b: Int, kv: Int, memory: MutableFloats) {
        self.shape = shape
        self.b = b
        self.kv = kv
        let size = shape.paddedTokens &* shape.paddedWidth
        keys = memory
        values = keys + size
        rows = values + size
        scores = rows + AttentionShape.panel &* shape.paddedWidth
        ld = AttentionForward.scoreStride(shape)
        best = scores + AttentionForward.tile &* ld
        total = best + 256
        square = total + 256
        top = square + 256
        inverse = top + 16
        edge = inverse + 16
    }

    func run(out: MutableFloats, lse: MutableFloats, qkv: Floats, _ rotation: Rotation?) {
        let (width, tokens, stride) = (shape.headWidth, shape.tokens, shape.stride)
        let first = qkv + b &* tokens &* stride
        let k = first + (shape.heads &+ kv) &* width
        let v = k + shape.kvHeads &* width
        shape.panels(of: 0..<tokens) {
            shape.gather(rows, k, stride: stride, rows: $0, rotation)
            shape.packColumns(keys, rows, row: $0.lowerBound, rows: $0.count)
            shape.gather(rows, v, stride: stride, rows: $0, nil)
            shape.packRows(values, rows, row: $0.lowerBound, rows: $0.count, capacity: shape.paddedTokens)
        }
        total.update(repeating: 0, count: 256)
        for head in kv &* shape.group..<(kv &+ 1) &* shape.group {
            var start = 0
            while start < tokens {
                let end = min(start &+ AttentionForward.tile, tokens)
                shape.gather(
                    rows, first + head &* width, stride: stride, rows: start..<end, rotation,
                    factor: shape.scale * AttentionShape.log2e)
                queries(
                    start, end, out: out + b &* tokens &* shape.outStride &+ head &* width,
                    lse: lse + b &* tokens &* shape.heads &+ head)
                start = end
            }
        }
        rho_store_fence()
    }

    /// A tile of queries against all keys that they see. Each stage runs over all of them before the next: the rows do not
    /// wait for each other's sums.
    @inline(never)
    private func queries(_ start: Int, _ end: Int, out: MutableFloats, lse: MutableFloats) {
        @inline(__always)
        func strips(_ body: (_ strip: Int, _ end: Int) -> Void) {
            var strip = start
            while strip < end {
                let next = min(strip &+ AttentionShape.strip, end)
                body(strip, next)
                strip = next
            }
        }
        best.update(repeating: -.infinity, count: 256)
        strips { score($0, $1, row: $0 &- start) }
        let tops = acrossRows(best) { maximum($0, $1) }
        store(tops, top)
        strips { strip, next in
            let (lowest, highest) = shape.firstKeys(b, strip, next)
            for query in strip..<next {
                weigh(
                    query &- start, query, from: lowest & ~15, whole: (highest &+ 15) & ~15, before: (strip &+ 1) & ~15,
                    to: next)
            }
        }
        let sums = acrossRows(total) { $0 + $1 }
        store(Vec(repeating: 1) / sums, inverse)
        store(fma(tops, Vec(repeating: AttentionShape.ln2), log(sums)), square)
        for query in start..<end { lse[query &* shape.heads] = square[query &- start] }
        strips { mix($0, $1, row: $0 &- start, out) }
    }

    /// Scores of a strip.
    @inline(__always)
    private func score(_ strip: Int, _ end: Int, row: Int) {
        let panel = AttentionShape.panel
        let (lowest, highest) = shape.firstKeys(b, strip, end)
        var j = lowest / panel &* panel
        while j < end {
            let ends = Scores(
                y: scores + row &* ld &+ j, ld: ld, best: best + row &* 16, shape: shape, b: b, query: strip, key: j,
                isWhole: true, isWide: true)
            if highest <= j && strip >= j &+ panel &- 1 {
                scoreTile(ends, row)
            } else {
                scorePartly(ends, row, wide: end > j &+ 16)
            }
            j &+= panel
        }
    }

    @inline(never)
    private func scoreTile(_ ends: Scores, _ row: Int) {
        var ends = ends
        (ends.isWhole, ends.isWide) = (true, RegisterTile.isWide)
        multiply(ends, row, wide: RegisterTile.isWide)
    }

    @inline(never)
    private func scorePartly(_ ends: Scores, _ row: Int, wide: Bool) {
        var ends = ends
        if RegisterTile.isWide && !wide {
            (ends.isWhole, ends.isWide) = (false, false)
            multiply(ends, row, wide: false)
        } else {
            (ends.isWhole, ends.isWide) = (false, RegisterTile.isWide)
            multiply(ends, row, wide: RegisterTile.isWide)
        }
    }

    @inline(__always)
    private func multiply(_ ends: Scores, _ row: Int, wide: Bool) {
        registerTile(
            ends, rows + row &* shape.paddedWidth, row: shape.paddedWidth, step: 1, keys + ends.key &* shape.headWidth,
            shape.headWidth, wide: wide)
    }

    /// Combines the lanes of each of 16 rows of 16.
    @inline(__always)
    private func acrossRows(_ x: MutableFloats, _ combine: (Vec, Vec) -> Vec) -> Vec {
        transpose16(square, 16, x, 16)
        var (r0, r1, r2, r3) = (load(square), load(square + 16), load(square + 32), load(square + 48))
        var i = 64
        while i < 256 {
            r0 = combine(r0, load(square + i))
            r1 = combine(r1, load(square + i &+ 16))
            r2 = combine(r2, load(square + i &+ 32))
            r3 = combine(r3, load(square + i &+ 48))
            i &+= 64
        }
        return combine(combine(r0, r1), combine(r2, r3))
    }

    /// Turns the scores of a query from `from` on into weights 2^(s - top), 0 where masked, and leaves their sum in lanes.
    /// From `whole` to `before` nothing is masked.
    @inline(__always)
    private func weigh(_ row: Int, _ query: Int, from: Int, whole: Int, before: Int, to: Int) {
        let line = scores + row &* ld
        let begin = min(max(whole, from), (to &+ 15) & ~15)
        let end = max(begin, before)
        let top = Vec(repeating: top[row])
        let first = shape.firstKey(b, query)
        var sum = Vec.zero
        var i = from
        @inline(__always)
        func partly(_ limit: Int) {
            while i < limit {
                let weight = exp2BelowOverflow(load(line + i) - top)
                let seen = select(lanesWithin(i, first: first, last: query), weight, .zero)
                store(seen, line + i)
                sum += seen
                i &+= 16
            }
        }
        partly(begin)
        while i < end {
            let weight = exp2BelowOverflow(load(line + i) - top)
            store(weight, line + i)
            sum += weight
            i &+= 16
        }
        partly(to)
        store(sum, total + row &* 16)
    }

    /// out = weights·v for a strip.
    @inline(__always)
    private func mix(_ strip: Int, _ end: Int, row: Int, _ out: MutableFloats) {
        let panel = AttentionShape.panel
        let (width, count) = (shape.headWidth, end &- strip)
        let lowest = shape.firstKeys(b, strip, end).lowest
        let y = out + strip &* shape.outStride
        let fits = count == AttentionShape.strip && shape.wholeLines(y, stride: shape.outStride)
        var column = 0
        while column < width {
            let whole = fits && column &+ panel <= width
            registerTile(
                Outputs(
                    y: whole ? y + column : edge, ld: whole ? shape.outStride : panel, factor: inverse + row),
                scores + row &* ld &+ lowest, row: ld, step: 1,
                values + column &* shape.paddedTokens &+ lowest &* panel, end &- lowest)
            if !whole {
                for r in 0..<count {
                    (y + r &* shape.outStride &+ column).update(
                        from: edge + r &* panel, count: min(panel, width &- column))
                }
            }
            column &+= panel
        }
    }
}

/// Scores on their way out of the registers: the largest of each query is kept in lanes.
private struct Scores: TileEnds {
    let y: MutableFloats
    let ld: Int
    let best: MutableFloats
    let shape: AttentionShape
    let b: Int
    let query: Int
    let key: Int
    var isWhole: Bool
    var isWide: Bool

    @inline(__always)
    func start(_ row: Int) -> TileRow { TileRow() }

    @inline(__always)
    func finish(_ row: Int, _ sum: TileRow) {
        put(row, sum.low, 0)
        if isWide { put(row, sum.high, 16) }
    }

    @inline(__always)
    private func put(_ row: Int, _ score: Vec, _ column: Int) {
        store(score, y + row &* ld &+ column)
        let best = best + row &* 16
        var score = score
        if !isWhole {
            score = select(shape.seen(b, query &+ row, from: key &+ column), score, Vec(repeating: -.infinity))
        }
        store(maximum(score, load(best)), best)
    }
}

/// Sums of weighted values, divided by the sum of the weights and written past the caches.
private struct Outputs: TileEnds {
    let y: MutableFloats
    let ld: Int
    let factor: MutableFloats

    @inline(__always)
    func start(_ row: Int) -> TileRow { TileRow() }

    @inline(__always)
    func finish(_ row: Int, _ sum: TileRow) {
        let factor = factor[row]
        TileRow(sum.low * factor, sum.high * factor).stream(y + row &* ld)
    }
}
