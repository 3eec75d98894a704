/// dqkv of `attentionForward`, all of it written (not added): for each query, with p = e^(s - lse) recomputed,
/// dv_j += p·do, dp = do·v_j, ds = scale·p·(dp - Σ do·o), dq += ds·k_j, dk_j += ds·q.
///
/// One task owns a KV head of a sequence with all its query heads, so dk and dv are summed in a fixed order. `dqkv`
/// must not be `qkv`, nor `dout` be `out`. With `rotation` the gradients of queries and keys are turned back, which makes
/// them those of the rows before `attentionForward` turned them; `qkv` holds the turned ones.
public func attentionBackward(
    _ dqkv: MutableFloats, _ dout: Floats, _ out: Floats, _ lse: Floats, _ qkv: Floats,
    batch: Int, tokens: Int, heads: Int, kvHeads: Int, headWidth: Int,
    window: Int? = nil, scale: Float? = nil, segmentStart: UnsafePointer<Int32>? = nil, rotation: Rotation? = nil
) {
    let shape = AttentionShape(
        batch: batch, tokens: tokens, heads: heads, kvHeads: kvHeads, headWidth: headWidth, window: window,
        scale: scale, segmentStart: segmentStart)
    guard !shape.isEmpty else { return }
    Parallel.blocks(batch &* kvHeads) { task in
        Scratch.with(AttentionBackward.floats(shape)) { memory in
            AttentionBackward(shape: shape, b: task / kvHeads, kv: task % kvHeads, memory: memory)
                .run(dqkv: dqkv, dout: dout, out: out, lse: lse, qkv: qkv, rotation)
        }
    }
}

private struct AttentionBackward {
    let shape: AttentionShape
    let b: Int
    let kv: Int
    /// p and ds of a tile of queries, and Σ do·o of each query.
    let weights: MutableFloats
    let slopes: MutableFloats
    let delta: MutableFloats
    /// Packed: kᵀ times the scale, vᵀ, k, and a tile of queries and of dout.
    let keysAcross: MutableFloats
    let valuesAcross: MutableFloats
    let keys: MutableFloats
    let qTile: MutableFloats
    let doutTile: MutableFloats
    /// dk and dv, in rows of the head's width.
    let dk: MutableFloats
    let dv: MutableFloats

    private static func tileFloats(_ shape: AttentionShape) -> Int {
        panelFloats(columns: shape.headWidth, k: AttentionShape.queryTile)
    }

    static func floats(_ shape: AttentionShape) -> Int {
        AttentionShape.queryTile &* (2 &* AttentionShape.keyTile &+ 1) &+ 3 &* shape.packedFloats
            &+ 2 &* tileFloats(shape) &+ 2 &* shape.tokens &* shape.headWidth
    }

    init(shape: AttentionShape, b: Int, kv: Int, memory: MutableFloats) {
        self.shape = shape
        self.b = b
        self.kv = kv
        weights = memory
        slopes = weights + AttentionShape.queryTile * AttentionShape.keyTile
        keysAcross = slopes + AttentionShape.queryTile * AttentionShape.keyTile
        valuesAcross = keysAcross + shape.packedFloats
        keys = valuesAcross + shape.packedFloats
        qTile = keys + shape.packedFloats
        doutTile = qTile + AttentionBackward.tileFloats(shape)
        dk = doutTile + AttentionBackward.tileFloats(shape)
        dv = dk + shape.tokens &* shape.headWidth
        delta = dv + shape.tokens &* shape.headWidth
    }

    func run(
        dqkv: MutableFloats, dout: Floats, out: Floats, lse: Floats, qkv: Floats, _ rotation: Rotation?
    ) {
        let (width, tokens, stride) = (shape.headWidth, shape.tokens, shape.stride)
        let rows = qkv + b &* tokens &* stride
        let drows = dqkv + b &* tokens &* stride
        let kOffset = (shape.heads &+ kv) &* width
        let vOffset = kOffset &+ shape.kvHeads &* width
        packPanels(
            keysAcross, rows + kOffset, ld: stride, transposed: true, columns: tokens, k: width, factor: shape.scale)
        packPanels(valuesAcross, rows + vOffset, ld: stride, transposed: true, columns: tokens, k: width)
        packPanels(keys, rows + kOffset, ld: stride, transposed: false, columns: width, k: tokens)
        dk.update(repeating: 0, count: 2 &* tokens &* width)
        for head in kv &* shape.group..<(kv &+ 1) &* shape.group {
            var start = 0
            while start < tokens {
                let end = min(start &+ AttentionShape.queryTile, tokens)
                let outOffset = (b &* tokens &+ start) &* shape.outStride &+ head &* width
                for row in 0..<end &- start {
                    let place = outOffset &+ row &* shape.outStride
                    delta[row] = dot(dout + place, out + place, width)
                }
                queries(
                    start, end, dq: drows + head &* width, dout: dout + outOffset,
                    lse: lse + (b &* tokens &+ start) &* shape.heads &+ head, q: rows + head &* width)
                start = end
            }
            rotation?.turn(drows + head &* width, tokens: tokens, stride: stride, inverse: true)
        }
        rotation?.turn(dk, tokens: tokens, stride: width, inverse: true)
        for token in 0..<tokens {
            (drows + token &* stride &+ kOffset).update(from: dk + token &* width, count: width)
            (drows + token &* stride &+ vOffset).update(from: dv + token &* width, count: width)
        }
    }

    private func queries(_ start: Int, _ end: Int, dq: MutableFloats, dout: Floats, lse: Floats, q: Floats) {
        let (width, stride) = (shape.headWidth, shape.stride)
        let count = end &- start
        let ld = AttentionShape.keyTile
        let first = shape.firstKey(b, from: start, to: end)
        let queries = q + start &* stride
        let target = dq + start &* stride
        packPanels(qTile, queries, ld: stride, transposed: false, columns: width, k: count)
        packPanels(doutTile, dout, ld: shape.outStride, transposed: false, columns: width, k: count)
        var from = first
        while from < end {
            let to = min(from &+ AttentionShape.keyTile, end)
            let n = to &- from
            multiplyPanels(
                weights, ldc: ld, LeftFactor(queries, ld: stride, transposed: false), rows: count,
                Panels(start: keysAcross, steps: width).dropping(columns: from), columns: AttentionShape.padded(n))
            multiplyPanels(
                slopes, ldc: ld, LeftFactor(dout, ld: shape.outStride, transposed: false), rows: count,
                Panels(start: valuesAcross, steps: width).dropping(columns: from), columns: AttentionShape.padded(n))
            for row in 0..<count { weigh(row, query: start &+ row, lse: lse[row &* shape.heads], from: from, to: to) }
            addTransposed(weights, keys: n, queries: count, to: dv + from &* width, doutTile)
            addTransposed(slopes, keys: n, queries: count, to: dk + from &* width, qTile)
            multiplyPanels(
                target, ldc: stride, LeftFactor(slopes, ld: ld, transposed: false), rows: count,
                Panels(start: keys, steps: shape.tokens), columns: width, steps: from..<to,
                onto: from > first ? UnsafePointer(target) : nil)
            from = to
        }
    }

    /// y += tileᵀ·rows for a tile of p or ds and the packed rows of its queries.
    private func addTransposed(
        _ tile: MutableFloats, keys: Int, queries: Int, to y: MutableFloats, _ rows: MutableFloats
    ) {
        multiplyPanels(
            y, ldc: shape.headWidth, LeftFactor(tile, ld: AttentionShape.keyTile, transposed: true), rows: keys,
            Panels(start: rows, steps: queries), columns: shape.headWidth, onto: UnsafePointer(y))
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
