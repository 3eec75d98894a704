import Glibc

/// out_N(HE) = softmax(scale·q·kᵀ, masked)·v and lse_NH = ln Σ e^(scale·q·kᵀ), causal, grouped KV heads.
///
/// Online softmax over tiles of keys; scores exist one tile at a time and tiles above the diagonal are not computed.
/// Layout and mask as in `AttentionShape`: qkv rows are [q(H·E) | k(K·E) | v(K·E)]; query i sees key j iff
/// segmentStart[i] ≤ j ≤ i (inside the sequence) and i - j < window. `scale`
/// nil means 1/√E. (arXiv 2205.14135)
public func attentionForward(
    _ out: MutableFloats, _ lse: MutableFloats, _ qkv: Floats,
    batch: Int, tokens: Int, heads: Int, kvHeads: Int, headWidth: Int,
    window: Int? = nil, scale: Float? = nil, segmentStart: UnsafePointer<Int32>? = nil
) {
    let shape = AttentionShape(
        batch: batch, tokens: tokens, heads: heads, kvHeads: kvHeads, headWidth: headWidth, window: window,
        scale: scale, segmentStart: segmentStart)
    guard !shape.isEmpty else { return }
    Parallel.blocks(batch &* kvHeads) { task in
        let padded = (tokens &+ 15) & ~15
        Scratch.with(headWidth &* padded &+ AttentionForward.scratch) { memory in
            AttentionForward(shape: shape, b: task / kvHeads, kv: task % kvHeads, memory: memory)
                .run(out: out, lse: lse, qkv: qkv)
        }
    }
}

/// The queries of one sequence that share one KV head.
private struct AttentionForward {
    let shape: AttentionShape
    let b: Int
    let kv: Int
    let keys: MutableFloats
    let scores: MutableFloats
    let top: MutableFloats
    let sum: MutableFloats

    static let scratch = AttentionShape.queryTile * (AttentionShape.keyTile + 2)

    init(shape: AttentionShape, b: Int, kv: Int, memory: MutableFloats) {
        self.shape = shape
        self.b = b
        self.kv = kv
        scores = memory
        top = scores + AttentionShape.queryTile * AttentionShape.keyTile
        sum = top + AttentionShape.queryTile
        keys = sum + AttentionShape.queryTile
    }

    func run(out: MutableFloats, lse: MutableFloats, qkv: Floats) {
        let width = shape.headWidth
        let tokens = shape.tokens
        let padded = (tokens &+ 15) & ~15
        let rows = qkv + b &* tokens &* shape.stride
        let k = rows + (shape.heads &+ kv) &* width
        let v = k + shape.kvHeads &* width
        packTransposed(keys, k, tokens: tokens, width: width, stride: shape.stride, ld: padded)
        for head in kv &* shape.group..<(kv &+ 1) &* shape.group {
            var start = 0
            while start < tokens {
                let end = min(start &+ AttentionShape.queryTile, tokens)
                queries(
                    start, end, out: out + b &* tokens &* shape.outStride &+ head &* width,
                    lse: lse + b &* tokens &* shape.heads &+ head, q: rows + head &* width, v: v, padded: padded)
                start = end
            }
        }
    }

    /// One tile of queries against all keys that it sees.
    private func queries(
        _ start: Int, _ end: Int, out: MutableFloats, lse: MutableFloats, q: Floats, v: Floats, padded: Int
    ) {
        let width = shape.headWidth
        let count = end &- start
        top.update(repeating: -.infinity, count: count)
        sum.update(repeating: 0, count: count)
        let tile = out + start &* shape.outStride
        let first = shape.firstKey(b, from: start, to: end)
        var from = first
        while from < end {
            let to = min(from &+ AttentionShape.keyTile, end)
            sgemm(
                scores, q + start &* shape.stride, keys + from, m: count, n: to &- from, k: width,
                transA: false, transB: false, alpha: shape.scale, beta: 0,
                lda: shape.stride, ldb: padded, ldc: AttentionShape.keyTile)
            for row in 0..<count {
                let correction = weigh(row, query: start &+ row, from: from, to: to)
                if from > first && correction != 1 {
                    let line = tile + row &* shape.outStride
                    multiply(line, by: correction, width)
                }
            }
            sgemm(
                tile, scores, v + from &* shape.stride, m: count, n: width, k: to &- from,
                transA: false, transB: false, alpha: 1, beta: from > first ? 1 : 0,
                lda: AttentionShape.keyTile, ldb: shape.stride, ldc: shape.outStride)
            from = to
        }
        for row in 0..<count {
            let line = tile + row &* shape.outStride
            let inverse = 1 / sum[row]
            multiply(line, by: inverse, width)
            lse[(start &+ row) &* shape.heads] = top[row] + logf(sum[row])
        }
    }

    /// Turns a row of scores into weights e^(s - top), 0 where masked, and returns what earlier weights must be scaled
    /// by.
    @inline(__always)
    private func weigh(_ row: Int, query: Int, from: Int, to: Int) -> Float {
        let line = scores + row &* AttentionShape.keyTile
        let first = shape.firstKey(b, query) &- from
        let last = min(query, to &- 1) &- from
        let columns = (to &- from &+ 15) & ~15
        guard last >= first && last >= 0 else {
            line.update(repeating: 0, count: columns)
            return 1
        }
        // Whole vectors without a mask lie between these; the score tile is padded to whole vectors.
        let begin = max(first, 0) & ~15
        var best = Vec(repeating: -.infinity)
        var i = begin
        while i <= last {
            let s = load(UnsafePointer(line) + i)
            let whole = i >= first && i &+ 15 <= last
            best = maximum(whole ? s : select(lanesWithin(i, first: first, last: last), s, best), best)
            i &+= 16
        }
        let old = top[row]
        let new = max(old, laneMax(best))
        var total = Vec.zero
        i = 0
        while i < begin {
            store(.zero, line + i)
            i &+= 16
        }
        while i <= last {
            let whole = i >= first && i &+ 15 <= last
            var e = expBelowOverflow(load(UnsafePointer(line) + i) - new)
            if !whole { e = select(lanesWithin(i, first: first, last: last), e, .zero) }
            store(e, line + i)
            total += e
            i &+= 16
        }
        while i < columns {
            store(.zero, line + i)
            i &+= 16
        }
        let correction = old == -.infinity ? 1 : expf(old - new)
        top[row] = new
        sum[row] = sum[row] * correction + laneSum(total)
        return correction
    }
}

/// y *= factor.
private func multiply(_ y: MutableFloats, by factor: Float, _ count: Int) {
    var i = 0
    while i < count {
        let lanes = count &- i
        store(load(UnsafePointer(y) + i, lanes: lanes) * factor, y + i, lanes: lanes)
        i &+= 16
    }
}
