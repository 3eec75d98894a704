/// The backward pass over rows that all count. `active` tells where a row's target, lse and weight stand; without it
/// they stand in order, without `weight` they are 1.
struct LossGradient {
    let hidden: Floats
    let head: Floats
    let targets: UnsafePointer<Int32>
    let lse: Floats
    let weight: Floats?
    let active: UnsafeMutablePointer<Int32>?
    let width: Int
    let vocab: Int

    static var groupRows: Int { 8 &* LossTiles.block }

    /// dhidden (+)= factor·dz·head and dhead = dzᵀ·hidden, or += where it is not to start.
    ///
    /// Tasks own shares of the columns: a block of dz is made, and used by both products, by one core while it is in that
    /// core's cache. Each share has its own sum for dhidden; they are added in order.
    func run(
        _ dhidden: MutableFloats, _ dhead: MutableFloats?, rows: Int, factor: Float, accumulate: Bool,
        startsHead: Bool = true, kept: KeptLogits? = nil
    ) {
        let tiles = LossTiles(width: width, vocab: vocab)
        let group = min(rows, Self.groupRows)
        let panelCount = panelFloats(columns: width, k: group)
        Scratch.with(panelCount &+ tiles.shares &* group &* width) { panels in
            let partials = panels + panelCount
            var row = 0
            while row < rows {
                let count = min(group, rows &- row)
                if dhead != nil {
                    Parallel.ranges(width, size: RegisterTile.columns) { start, end in
                        packPanels(
                            panels + start &* count, hidden + row &* width &+ start, ld: width, transposed: false,
                            columns: end &- start, k: count)
                    }
                }
                Parallel.blocks(tiles.shares) { share in
                    products(
                        partials + share &* group &* width, dhead, tiles, share: share, row: row, rows: count,
                        Panels(start: panels, steps: count), startsHead: startsHead && row == 0, kept: kept)
                }
                let target = dhidden + row &* width
                Parallel.ranges(count &* width, size: 4096) { start, end in
                    var i = start
                    while i < end {
                        let lanes = min(16, end &- i)
                        var sum = load(partials + i, lanes: lanes)
                        for share in 1..<max(1, tiles.shares) {
                            sum += load(UnsafePointer(partials) + (share &* group &* width &+ i), lanes: lanes)
                        }
                        let old = accumulate ? load(UnsafePointer(target) + i, lanes: lanes) : .zero
                        store(
                            accumulate ? fma(Vec(repeating: factor), sum, old) : sum * factor, target + i, lanes: lanes)
                        i &+= 16
                    }
                }
                row &+= count
            }
        }
    }

    /// A share's part of both products for a group of rows.
    private func products(
        _ partial: MutableFloats, _ dhead: MutableFloats?, _ tiles: LossTiles, share: Int, row: Int, rows: Int,
        _ hiddenPanels: Panels, startsHead: Bool, kept: KeptLogits?
    ) {
        let ld = tiles.ld
        let packed = panelFloats(columns: tiles.chunk, k: width)
        Scratch.with(tiles.blockFloats &+ packed &+ panelFloats(columns: width, k: tiles.chunk)) { memory in
            let columnPanels = memory + tiles.blockFloats
            let rowPanels = columnPanels + packed
            tiles.forEachChunk(share) { index, column, columns in
                let weights = head + column &* width
                if kept == nil {
                    packPanels(columnPanels, weights, ld: width, transposed: true, columns: columns, k: width)
                }
                packPanels(rowPanels, weights, ld: width, transposed: false, columns: width, k: columns)
                var from = 0
                while from < rows {
                    let count = min(LossTiles.block, rows &- from)
                    let dz = kept?.at(share: share, chunk: index, row: from) ?? memory
                    if kept == nil {
                        multiplyPanels(
                            dz, ldc: ld, LeftFactor(hidden + (row &+ from) &* width, ld: width, transposed: false),
                            rows: count, Panels(start: columnPanels, steps: width), columns: columns)
                    }
                    for r in 0..<count { slopes(dz + r &* ld, columns, row: row &+ from &+ r, column: column) }
                    let target = partial + from &* width
                    multiplyPanels(
                        target, ldc: width, LeftFactor(dz, ld: ld, transposed: false), rows: count,
                        Panels(start: rowPanels, steps: columns), columns: width,
                        onto: index > 0 ? UnsafePointer(target) : nil)
                    if let dhead {
                        let target = dhead + column &* width
                        multiplyPanels(
                            target, ldc: width, LeftFactor(dz, ld: ld, transposed: true), rows: columns, hiddenPanels,
                            columns: width, steps: from..<from &+ count,
                            onto: startsHead && from == 0 ? nil : UnsafePointer(target))
                    }
                    from &+= count
                }
            }
        }
    }

    /// A row of logits becomes weight·(p - [target]).
    @inline(__always)
    private func slopes(_ line: MutableFloats, _ count: Int, row: Int, column: Int) {
        let source = active.map { Int($0[row]) } ?? row
        let share = weight?[source] ?? 1
        let total = lse[source]
        var i = 0
        while i < count {
            // The row has room for whole vectors.
            store(expBelowOverflow(load(UnsafePointer(line) + i) - total) * share, line + i)
            i &+= 16
        }
        let gold = Int(targets[source]) &- column
        if gold >= 0 && gold < count { line[gold] -= share }
    }
}
