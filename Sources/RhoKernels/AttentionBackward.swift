/// dqkv of `attentionForward`, all of it written (not added): for each query, with p = e^(s - lse) recomputed,
/// dv_j += p·do, dp = do·v_j, ds = scale·p·(dp - Σ do·o), dq += ds·k_j, dk_j += ds·q.
///
/// One task owns a KV head of a sequence with all its query heads, so dk and dv are summed in a fixed order. `dqkv`
/// must not be `qkv`, nor `dout` be `out`.
public func attentionBackward(
    _ dqkv: MutableFloats, _ dout: Floats, _ out: Floats, _ lse: Floats, _ qkv: Floats,
    batch: Int, tokens: Int, heads: Int, kvHeads: Int, headWidth: Int,
    window: Int? = nil, scale: Float? = nil, segmentStart: UnsafePointer<Int32>? = nil
) {
    let shape = AttentionShape(
        batch: batch, tokens: tokens, heads: heads, kvHeads: kvHeads, headWidth: headWidth, window: window,
        scale: scale, segmentStart: segmentStart)
    guard !shape.isEmpty else { return }
    Parallel.blocks(batch &* kvHeads) { task in
        let padded = (tokens &+ 15) & ~15
        Scratch.with(2 &* headWidth &* padded &+ AttentionBackward.scratch) { memory in
            AttentionBackward(shape: shape, b: task / kvHeads, kv: task % kvHeads, memory: memory)
                .run(dqkv: dqkv, dout: dout, out: out, lse: lse, qkv: qkv)
        }
    }
}

private struct AttentionBackward {
    let shape: AttentionShape
    let b: Int
    let kv: Int
    let weights: MutableFloats
    let slopes: MutableFloats
    let delta: MutableFloats
    let keys: MutableFloats
    let values: MutableFloats

    static let scratch = AttentionShape.queryTile * (2 * AttentionShape.keyTile + 1)

    init(shape: AttentionShape, b: Int, kv: Int, memory: MutableFloats) {
        self.shape = shape
        self.b = b
        self.kv = kv
        weights = memory
        slopes = weights + AttentionShape.queryTile * AttentionShape.keyTile
        delta = slopes + AttentionShape.queryTile * AttentionShape.keyTile
        keys = delta + AttentionShape.queryTile
        values = keys + shape.headWidth &* ((shape.tokens &+ 15) & ~15)
    }

    func run(dqkv: MutableFloats, dout: Floats, out: Floats, lse: Floats, qkv: Floats) {
        let width = shape.headWidth
        let tokens = shape.tokens
        let padded = (tokens &+ 15) & ~15
        let rows = qkv + b &* tokens &* shape.stride
        let drows = dqkv + b &* tokens &* shape.stride
        let kOffset = (shape.heads &+ kv) &* width
        let vOffset = kOffset &+ shape.kvHeads &* width
        packTransposed(keys, rows + kOffset, tokens: tokens, width: width, stride: shape.stride, ld: padded)
        packTransposed(values, rows + vOffset, tokens: tokens, width: width, stride: shape.stride, ld: padded)
        for token in 0..<tokens {
            (drows + token &* shape.stride &+ kOffset).update(repeating: 0, count: width)
            (drows + token &* shape.stride &+ vOffset).update(repeating: 0, count: width)
        }
        for head in kv &* shape.group..<(kv &+ 1) &* shape.group {
            var start = 0
            while start < tokens {
                let end = min(start &+ AttentionShape.queryTile, tokens)
                let outOffset = (b &* tokens &+ start) &* shape.outStride &+ head &* width
                let count = end &- start
                for row in 0..<count {
                    let a = dout + outOffset &+ row &* shape.outStride
                    let o = out + outOffset &+ row &* shape.outStride
                    delta[row] = dot(a, o, width)
                }
                queries(
                    start, end, dq: drows + head &* width, dk: drows + kOffset, dv: drows + vOffset,
                    dout: dout + outOffset, lse: lse + (b &* tokens &+ start) &* shape.heads &+ head,
                    q: rows + head &* width, k: rows + kOffset, padded: padded)
                start = end
            }
        }
    }

    private func queries(
        _ start: Int, _ end: Int, dq: MutableFloats, dk: MutableFloats, dv: MutableFloats,
        dout: Floats, lse: Floats, q: Floats, k: Floats, padded: Int
    ) {
        let width = shape.headWidth
        let count = end &- start
        let stride = shape.stride
        let ld = AttentionShape.keyTile
        let first = shape.firstKey(b, from: start, to: end)
        let qTile = q + start &* stride
        var from = first
        while from < end {
            let to = min(from &+ AttentionShape.keyTile, end)
            let n = to &- from
            sgemm(
                weights, qTile, keys + from, m: count, n: n, k: width, transA: false, transB: false,
                alpha: shape.scale, beta: 0, lda: stride, ldb: padded, ldc: ld)
            sgemm(
                slopes, dout, values + from, m: count, n: n, k: width, transA: false, transB: false,
                alpha: 1, beta: 0, lda: shape.outStride, ldb: padded, ldc: ld)
            for row in 0..<count { weigh(row, query: start &+ row, lse: lse[row &* shape.heads], from: from, to: to) }
            sgemm(
                dv + from &* stride, weights, dout, m: n, n: width, k: count, transA: true, transB: false,
                alpha: 1, beta: 1, lda: ld, ldb: shape.outStride, ldc: stride)
            sgemm(
                dk + from &* stride, slopes, qTile, m: n, n: width, k: count, transA: true, transB: false,
                alpha: 1, beta: 1, lda: ld, ldb: stride, ldc: stride)
            sgemm(
                dq + start &* stride, slopes, k + from &* stride, m: count, n: width, k: n,
                transA: false, transB: false, alpha: 1, beta: from > first ? 1 : 0, lda: ld, ldb: stride, ldc: stride)
            from = to
        }
    }

    /// Scores become weights p and the products do·v become slopes scale·p·(dp - delta), both 0 where masked.
    @inline(__always)
    private func weigh(_ row: Int, query: Int, lse: Float, from: Int, to: Int) {
        let p = weights + row &* AttentionShape.keyTile
        let d = slopes + row &* AttentionShape.keyTile
        let first = shape.firstKey(b, query) &- from
        let last = min(query, to &- 1) &- from
        let columns = (to &- from &+ 15) & ~15
        let begin = last >= first && last >= 0 ? max(first, 0) & ~15 : columns
        let pull = delta[row]
        let scale = shape.scale
        var i = 0
        while i < begin {
            store(.zero, p + i)
            store(.zero, d + i)
            i &+= 16
        }
        while i <= last {
            var e = expBelowOverflow(load(UnsafePointer(p) + i) - lse)
            var slope = e * (load(UnsafePointer(d) + i) - pull) * scale
            if !(i >= first && i &+ 15 <= last) {
                let seen = lanesWithin(i, first: first, last: last)
                e = select(seen, e, .zero)
                slope = select(seen, slope, .zero)
            }
            store(e, p + i)
            store(slope, d + i)
            i &+= 16
        }
        while i < columns {
            store(.zero, p + i)
            store(.zero, d + i)
            i &+= 16
        }
    }
}
