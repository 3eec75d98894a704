import COpenBLAS

/// Steps of k between two visits to C. A packed panel of B this deep comes from L2, which is fast enough; more visits cost
/// more.
private let depth = 512
/// Rows of A taken through all panels before the next rows: with `depth` about 256 KiB, which stay in L2. Whole strips, and
/// as many rows as a tile of a layer's product has.
private var rowBlock: Int { RegisterTile.isWide ? 128 : 120 }

/// Whether a result of this size is out of the caches before it is read again, so that it had better go past them.
@inline(__always)
func outgrowsCaches(floats: Int) -> Bool { floats >= 1 << 18 }

/// Factor B of a product, as `packPanels` lays it out: panels of `RegisterTile.columns` columns, each of `steps` rows.
struct Panels {
    let start: Floats
    let steps: Int

    /// Rows from `step` on of the columns from `column` on, which must be the first of a panel.
    @_transparent
    func at(column: Int, step: Int) -> Floats { start + column &* steps &+ step &* RegisterTile.columns }

    /// The same panels from a column on.
    func dropping(columns: Int) -> Panels { Panels(start: at(column: columns, step: 0), steps: steps) }
}

/// C = S + A·B on the calling thread, over rows `steps` of the panels (all of them by default); A's steps count from
/// 0. S is `onto`, in rows as far apart as those of C and perhaps C itself, or zero.
///
/// With `streaming` C goes past the caches where it is written once and in whole cache lines: none is read before it is
/// overwritten. S is not C then.
///
/// Sums run over k in order, in pieces that depend on k alone: a row of C does not depend on what stands beside it.
func multiplyPanels(
    _ c: MutableFloats, ldc: Int, _ a: LeftFactor, rows: Int, _ b: Panels, columns: Int, steps: Range<Int>? = nil,
    onto start: Floats? = nil, streaming: Bool = false
) {
    let width = RegisterTile.columns
    let first = steps?.lowerBound ?? 0
    let k = steps?.count ?? b.steps
    let pieces = (k &+ depth &- 1) / depth
    let piece = pieces > 0 ? (k &+ pieces &- 1) / pieces : 0
    let streams = streaming && pieces == 1 && (ldc &* 4 | Int(bitPattern: c)) & 63 == 0
    var from = 0
    while from < k {
        let count = min(piece, k &- from)
        let source = from > 0 ? UnsafePointer(c) : start
        var row = 0
        while row < rows {
            let end = min(row &+ rowBlock, rows)
            var column = 0
            while column < columns {
                strips(
                    c + column, ldc: ldc, a, from: from, rows: row, to: end, b.at(column: column, step: first &+ from),
                    columns: min(width, columns &- column), steps: count, onto: source.map { $0 + column },
                    streams: streams)
                column &+= width
            }
            row = end
        }
        from &+= count
    }
    if streams { rho_store_fence() }
}

/// Rows `rows ..< to` of one panel's columns.
@inline(__always)
private func strips(
    _ c: MutableFloats, ldc: Int, _ a: LeftFactor, from: Int, rows: Int, to: Int, _ panel: Floats, columns: Int,
    steps: Int, onto start: Floats?, streams: Bool
) {
    let height = RegisterTile.rows
    var row = rows
    if columns == RegisterTile.columns {
        while row &+ height <= to {
            multiplyTile(
                c + row &* ldc, ldc, a, a.at(row: row, step: from), panel, steps, onto: start.map { $0 + row &* ldc },
                streams: streams)
            row &+= height
        }
    }
    while row < to {
        edge(
            c + row &* ldc, ldc: ldc, a, row: row, from: from, rows: min(height, to &- row), panel, columns: columns,
            steps: steps, onto: start.map { $0 + row &* ldc })
        row &+= height
    }
}

/// A tile that sticks out of C: computed whole beside it, from a padded copy of A where rows are missing.
private func edge(
    _ c: MutableFloats, ldc: Int, _ a: LeftFactor, row: Int, from: Int, rows: Int, _ panel: Floats, columns: Int,
    steps: Int, onto start: Floats?
) {
    let height = RegisterTile.rows
    let width = RegisterTile.columns
    Scratch.with(height &* width &+ LeftFactor.stripFloats(steps)) { tile in
        if rows == height {
            multiplyTile(tile, width, a, a.at(row: row, step: from), panel, steps, onto: nil, streams: false)
        } else {
            let copy = tile + height &* width
            for p in 0..<steps {
                for r in 0..<height {
                    copy[p &* height &+ r] = r < rows ? a.at(row: row &+ r, step: from &+ p)[0] : 0
                }
            }
            multiplyTile(
                tile, width, LeftFactor(strips: copy, steps: steps), copy, panel, steps, onto: nil, streams: false)
        }
        for r in 0..<rows {
            let line = tile + r &* width
            if let start { add(line, start + r &* ldc, columns) }
            (c + r &* ldc).update(from: line, count: columns)
        }
    }
}
