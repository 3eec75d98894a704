import COpenBLAS

/// dqkv of `attentionForward`, all of it written (not added): for each query, with p = e^(s - lse) recomputed,
/// dv_j += p·do, dp = do·v_j, ds = scale·p·(dp - Σ do·o), dq += ds·k_j, dk_j += ds·q.
///
/// One task owns a KV head of a sequence with all its query heads, so dk and dv are summed in a fixed order. `dqkv`
/// must not be `qkv`, nor `dout` be `out`. With `rotation` queries and keys are turned as they are read, and their
/// gradients turned back.
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
            AttentionBackward(shape, b: task / kvHeads, kv: task % kvHeads, memory: memory)
                .run(dqkv: dqkv, dout: dout, out: out, lse: lse, qkv: qkv, rotation)
        }
    }
}

/// Keys go by in panels, and each panel past all strips of a chunk of queries: a strip's scores become p and ds in the
/// registers, and the sums over the chunk that make dk and dv never leave theirs.
private struct AttentionBackward {
    let shape: AttentionShape
    let b: Int
    let kv: Int
    /// Packed: kᵀ, vᵀ and k.
    let keysAcross: MutableFloats
    let valuesAcross: MutableFloats
    let keys: MutableFloats
    /// Sums of one KV head, in rows of the padded width.
    let dk: MutableFloats
    let dv: MutableFloats
    /// A chunk of queries and of dout in rows, and both packed.
    let queries: MutableFloats
    let dout: MutableFloats
    let queryPanels: MutableFloats
    let doutPanels: MutableFloats
    let dq: MutableFloats
    /// p and ds of the chunk and a panel of keys, and -lse / ln 2 and -Σ do·o of each query.
    let p: MutableFloats
    let ds: MutableFloats
    let minusLse: MutableFloats
    let minusDelta: MutableFloats
    let chunk: Int

    /// Queries in a chunk: whole strips; with 64 wide heads all that is used of them fits half an L2 cache.
    private static func chunk(_ shape: AttentionShape) -> Int {
        let strip = AttentionShape.strip
        return min(264, (shape.tokens &+ strip &- 1) / strip &* strip)
    }
    /// Floats of all keys; strips of keys may reach past the last panel.
    private static func all(_ shape: AttentionShape) -> Int {
        (shape.paddedTokens &+ AttentionShape.strip) &* shape.paddedWidth
    }

    static func floats(_ shape: AttentionShape) -> Int {
        let chunk = chunk(shape)
        return 5 &* all(shape) &+ chunk &* (5 &* shape.paddedWidth &+ 2 &* AttentionShape.panel &+ 2) &+ 16
    }

    init(_ shape: AttentionShape, b: Int, kv: Int, memory: MutableFloats) {
        self.shape = shape
        self.b = b
        self.kv = kv
        let all = AttentionBackward.all(shape)
        chunk = AttentionBackward.chunk(shape)
        let rows = chunk &* shape.paddedWidth
        keysAcross = memory
        valuesAcross = keysAcross + all
        keys = valuesAcross + all
        dk = keys + all
        dv = dk + all
        queries = dv + all
        dout = queries + rows
        queryPanels = dout + rows
        doutPanels = queryPanels + rows
        dq = doutPanels + rows
        p = dq + rows
        ds = p + chunk &* AttentionShape.panel
        // Strips of keys may read past the last row.
        minusLse = ds + (chunk &* AttentionShape.panel &+ 16)
        minusDelta = minusLse + chunk
    }

    func run(
        dqkv: MutableFloats, dout: Floats, out: Floats, lse: Floats, qkv: Floats, _ rotation: Rotation?
    ) {
        let (width, tokens, stride) = (shape.headWidth, shape.tokens, shape.stride)
        let rows = qkv + b &* tokens &* stride
        let drows = dqkv + b &* tokens &* stride
        let kOffset = (shape.heads &+ kv) &* width
        let vOffset = kOffset &+ shape.kvHeads &* width
        shape.panels(of: 0..<tokens) {
            // dk serves as the place for rows until it is needed.
            shape.gather(dk, rows + kOffset, stride: stride, rows: $0, rotation)
            shape.packRows(keys, dk, row: $0.lowerBound, rows: $0.count, capacity: shape.paddedTokens)
            shape.packColumns(keysAcross, dk, row: $0.lowerBound, rows: $0.count)
            shape.gather(dk, rows + vOffset, stride: stride, rows: $0, nil)
            shape.packColumns(valuesAcross, dk, row: $0.lowerBound, rows: $0.count)
        }
        dk.update(repeating: 0, count: 2 &* AttentionBackward.all(shape))
        for head in kv &* shape.group..<(kv &+ 1) &* shape.group {
            var start = 0
            while start < tokens {
                let end = min(start &+ chunk, tokens)
                let place = b &* tokens &* shape.outStride &+ head &* width
                gather(
                    start, end, rows + head &* width, dout + place, out + place,
                    lse: lse + b &* tokens &* shape.heads &+ head, rotation)
                differentiate(start, end)
                shape.scatter(
                    drows + head &* width, stride: stride, dq, rows: start..<end, rotation, factor: shape.scale)
                start = end
            }
        }
        // Queries are in units of ln 2.
        shape.scatter(drows + kOffset, stride: stride, dk, rows: 0..<tokens, rotation, factor: AttentionShape.ln2)
        shape.scatter(drows + vOffset, stride: stride, dv, rows: 0..<tokens, nil)
        rho_store_fence()
    }

    /// What a chunk of queries needs.
    private func gather(
        _ start: Int, _ end: Int, _ q: Floats, _ dout: Floats, _ out: Floats, lse: Floats, _ rotation: Rotation?
    ) {
        let padded = shape.paddedWidth
        shape.panels(of: start..<end) {
            let (row, count) = ($0.lowerBound &- start, $0.count)
            let (query, dquery) = (queries + row &* padded, self.dout + row &* padded)
            shape.gather(
                query, q, stride: shape.stride, rows: $0, rotation, factor: shape.scale * AttentionShape.log2e)
            shape.packRows(queryPanels, query, row: row, rows: count, capacity: chunk)
            shape.gather(dquery, dout, stride: shape.outStride, rows: $0, nil)
            shape.packRows(doutPanels, dquery, row: row, rows: count, capacity: chunk)
            for r in 0..<count {
                let line = out + ($0.lowerBound &+ r) &* shape.outStride
                shape.prefetch(line, stride: shape.outStride)
                minusDelta[row &+ r] = -dot(dquery + r &* padded, line, shape.headWidth)
                minusLse[row &+ r] = lse[($0.lowerBound &+ r) &* shape.heads] * -AttentionShape.log2e
            }
        }
        dq.update(repeating: 0, count: (end &- start) &* padded)
    }

    /// Adds what the queries `start ..< end` give to dq, dk and dv.
    private func differentiate(_ start: Int, _ end: Int) {
        let (height, panel) = (AttentionShape.strip, AttentionShape.panel)
        var j = shape.firstKeys(b, start, end).lowest / panel &* panel
        while j < end {
            // The strips that see a key of the panel lie in `begin ..< stop`.
            var strip = start &+ max(0, j &- start) / height &* height
            var (begin, stop) = (end, strip)
            while strip < end {
                let next = min(strip &+ height, end)
                let (lowest, highest) = shape.firstKeys(b, strip, next)
                let row = strip &- start
                if lowest < j &+ panel {
                    let isWhole = highest <= j && strip >= j &+ panel &- 1
                    if isWhole { tile(row, strip, j) } else { tilePartly(row, strip, j, wide: next > j &+ 16) }
                    addToQueries(row, j, keys: min(panel, next &- j))
                    begin = min(begin, strip)
                    stop = next
                } else {
                    (p + row &* panel).update(repeating: 0, count: height &* panel)
                    (ds + row &* panel).update(repeating: 0, count: height &* panel)
                }
                strip &+= height
            }
            var key = j
            while key < min(j &+ panel, end) {
                let first = max(begin, key) &- start
                if first &+ start < stop {
                    addToKeys(dv, p, doutPanels, key, j, queries: first..<stop &- start)
                    addToKeys(dk, ds, queryPanels, key, j, queries: first..<stop &- start)
                }
                key &+= height
            }
            j &+= panel
        }
    }

    @inline(never)
    private func tile(_ row: Int, _ query: Int, _ key: Int) {
        tile(row, query, key, isWhole: true, isWide: RegisterTile.isWide)
    }

    @inline(never)
    private func tilePartly(_ row: Int, _ query: Int, _ key: Int, wide: Bool) {
        if RegisterTile.isWide && !wide {
            tile(row, query, key, isWhole: false, isWide: false)
        } else {
            tile(row, query, key, isWhole: false, isWide: RegisterTile.isWide)
        }
    }

    /// p and ds of a strip of queries and a panel of keys.
    @inline(__always)
    private func tile(_ row: Int, _ query: Int, _ key: Int, isWhole: Bool, isWide: Bool) {
        let (padded, panel, width) = (shape.paddedWidth, AttentionShape.panel, shape.headWidth)
        registerTile(
            Weights(
                p: p + row &* panel, minusLse: minusLse + row, shape: shape, b: b, query: query, key: key,
                isWhole: isWhole, isWide: isWide),
            queries + row &* padded, row: padded, step: 1, keysAcross + key &* width, width, wide: isWide)
        registerTile(
            Slopes(ds: ds + row &* panel, p: p + row &* panel, minusDelta: minusDelta + row, isWide: isWide),
            dout + row &* padded, row: padded, step: 1, valuesAcross + key &* width, width, wide: isWide)
    }

    /// dq += ds·k for a strip of queries.
    @inline(never)
    private func addToQueries(_ row: Int, _ key: Int, keys count: Int) {
        let (padded, panel) = (shape.paddedWidth, AttentionShape.panel)
        var column = 0
        while column < padded {
            registerTile(
                Added(y: dq + row &* padded &+ column, ld: padded, rows: AttentionShape.strip), ds + row &* panel,
                row: panel, step: 1, keys + column &* shape.paddedTokens &+ key &* panel, count)
            column &+= panel
        }
    }

    /// y += tileᵀ·rows for the strip of keys at `key` in the panel at `j`.
    @inline(never)
    private func addToKeys(
        _ y: MutableFloats, _ tile: MutableFloats, _ rows: MutableFloats, _ key: Int, _ j: Int, queries: Range<Int>
    ) {
        let (padded, panel) = (shape.paddedWidth, AttentionShape.panel)
        let first = queries.lowerBound &* panel
        var column = 0
        while column < padded {
            registerTile(
                Added(y: y + key &* padded &+ column, ld: padded, rows: j &+ panel &- key),
                tile + first &+ (key &- j), row: 1, step: panel, rows + column &* chunk &+ first, queries.count)
            column &+= panel
        }
    }
}

/// The first `rows` rows of a tile are added to those of y.
private struct Added: TileEnds {
    let y: MutableFloats
    let ld: Int
    let rows: Int

    @inline(__always)
    func start(_ row: Int) -> TileRow { TileRow(at: y + row &* ld) }

    @inline(__always)
    func finish(_ row: Int, _ sum: TileRow) { if row < rows { sum.put(y + row &* ld) } }
}

/// p = 2^(s - lse), 0 where masked.
private struct Weights: TileEnds {
    let p: MutableFloats
    let minusLse: MutableFloats
    let shape: AttentionShape
    let b: Int
    let query: Int
    let key: Int
    let isWhole: Bool
    let isWide: Bool

    @inline(__always)
    func start(_ row: Int) -> TileRow { TileRow(repeating: minusLse[row]) }

    @inline(__always)
    func finish(_ row: Int, _ sum: TileRow) {
        put(row, sum.low, 0)
        if isWide { put(row, sum.high, 16) }
    }

    @inline(__always)
    private func put(_ row: Int, _ exponent: Vec, _ column: Int) {
        var weight = exp2BelowOverflow(exponent)
        if !isWhole { weight = select(shape.seen(b, query &+ row, from: key &+ column), weight, .zero) }
        store(weight, p + row &* AttentionShape.panel &+ column)
    }
}

/// ds = p·(dp - delta); the scale comes last.
private struct Slopes: TileEnds {
    let ds: MutableFloats
    let p: MutableFloats
    let minusDelta: MutableFloats
    let isWide: Bool

    @inline(__always)
    func start(_ row: Int) -> TileRow { TileRow(repeating: minusDelta[row]) }

    @inline(__always)
    func finish(_ row: Int, _ sum: TileRow) {
        let place = row &* AttentionShape.panel
        store(sum.low * load(p + place), ds + place)
        if isWide { store(sum.high * load(p + place &+ 16), ds + place &+ 16) }
    }
}
