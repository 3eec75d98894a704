import Glibc

/// out_N(HE) = softmax(scale·q·kᵀ, masked)·v and lse_NH = ln Σ e^(scale·q·kᵀ), causal, grouped KV heads.
///
/// Online softmax over tiles of keys; scores exist one tile at a time and tiles above the diagonal are not computed.
/// Layout and mask as in `AttentionShape`: qkv rows are [q(H·E) | k(K·E) | v(K·E)]; query i sees key j iff
/// segmentStart[i] ≤ j ≤ i (inside the sequence) and i - j < window. `scale` nil means 1/√E. With `rotation` queries and
/// keys are first turned, in place, by their position in the sequence. (arXiv 2205.14135, arXiv 2104.09864)
public func attentionForward(
    _ out: MutableFloats, _ lse: MutableFloats, _ qkv: MutableFloats,
    batch: Int, tokens: Int, heads: Int, kvHeads: Int, headWidth: Int,
    window: Int? = nil, scale: Float? = nil, segmentStart: UnsafePointer<Int32>? = nil, rotation: Rotation? = nil
) {
    let shape = AttentionShape(
        batch: batch, tokens: tokens, heads: heads, kvHeads: kvHeads, headWidth: headWidth, window: window,
        scale: scale, segmentStart: segmentStart)
    guard !shape.isEmpty else { return }
    Parallel.blocks(batch &* kvHeads) { task in
        Scratch.with(2 &* shape.packedFloats &+ AttentionForward.scratch) { memory in
            let task = AttentionForward(shape: shape, b: task / kvHeads, kv: task % kvHeads, memory: memory)
            if let rotation { task.turn(qkv, rotation) }
            task.run(out: out, lse: lse, qkv: qkv)
        }
    }
}

/// The queries of one sequence that share one KV head.
private struct AttentionForward {
    let shape: AttentionShape
    let b: Int
    let kv: Int
    let scores: MutableFloats
    let top: MutableFloats
    let sum: MutableFloats
    let keys: MutableFloats
    let values: MutableFloats

    static let scratch = AttentionShape.queryTile * (AttentionShape.keyTile + 2)

    init(shape: AttentionShape, b: Int, kv: Int, memory: MutableFloats) {
        self.shape = shape
        self.b = b
        self.kv = kv
        scores = memory
        top = scores + AttentionShape.queryTile * AttentionShape.keyTile
        sum = top + AttentionShape.queryTile
        keys = sum + AttentionShape.queryTile
        values = keys + shape.packedFloats
    }

    /// Turns this task's key head and query heads, which no other task reads.
    func turn(_ qkv: MutableFloats, _ rotation: Rotation) {
        let rows = qkv + b &* shape.tokens &* shape.stride
        for head in [shape.heads &+ kv] + (kv &* shape.group..<(kv &+ 1) &* shape.group) {
            rotation.turn(rows + head &* shape.headWidth, tokens: shape.tokens, stride: shape.stride, inverse: false)
        }
    }

    func run(out: MutableFloats, lse: MutableFloats, qkv: Floats) {
        let width = shape.headWidth
        let tokens = shape.tokens
        let rows = qkv + b &* tokens &* shape.stride
        let k = rows + (shape.heads &+ kv) &* width
        let v = k + shape.kvHeads &* width
        packPanels(keys, k, ld: shape.stride, transposed: true, columns: tokens, k: width, factor: shape.scale)
        packPanels(values, v, ld: shape.stride, transposed: false, columns: width, k: tokens)
        for head in kv &* shape.group..<(kv &+ 1) &* shape.group {
            var start = 0
            while start < tokens {
                let end = min(start &+ AttentionShape.queryTile, tokens)
                queries(
                    start, end, out: out + b &* tokens &* shape.outStride &+ head &* width,
                    lse: lse + b &* tokens &* shape.heads &+ head, q: rows + head &* width)
                start = end
            }
        }
    }

    /// One tile of queries against all keys that it sees.
    private func queries(
        _ start: Int, _ end: Int, out: MutableFloats, lse: MutableFloats, q: Floats
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
            multiplyPanels(
                scores, ldc: AttentionShape.keyTile,
                LeftFactor(q + start &* shape.stride, ld: shape.stride, transposed: false),
                rows: count, Panels(start: keys, steps: width).dropping(columns: from),
                columns: AttentionShape.padded(to &- from))
            for row in 0..<count {
                let correction = weigh(row, query: start &+ row, from: from, to: to)
                if from > first && correction != 1 {
                    let line = tile + row &* shape.outStride
                    multiply(line, by: correction, width)
                }
            }
            multiplyPanels(
                tile, ldc: shape.outStride, LeftFactor(scores, ld: AttentionShape.keyTile, transposed: false),
                rows: count, Panels(start: values, steps: shape.tokens), columns: width, steps: from..<to,
                onto: from > first ? UnsafePointer(tile) : nil)
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
