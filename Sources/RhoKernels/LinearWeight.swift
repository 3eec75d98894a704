/// dw_OI (+)= dy_NOᵀ · x_NI and dbias_O += Σ_N dy_NO.
///
/// Threads own tiles of dw, and where dw has few tiles also shares of the rows, whose partial products are added in
/// order. `input` is what x was computed from: a norm is applied again on the way.
public func linearBackwardWeight(
    _ dw: MutableFloats, dbias: MutableFloats? = nil, _ dy: Floats, _ input: LinearInput, rows: Int, inputs: Int,
    outputs: Int, accumulate: Bool = true
) {
    guard outputs > 0 else { return }
    guard rows > 0 else {
        if !accumulate { dw.update(repeating: 0, count: outputs &* inputs) }
        return
    }
    if let dbias { addColumnSums(dbias, dy, rows: rows, width: outputs) }
    guard inputs > 0 else { return }
    let plan = WeightPlan(rows: rows, inputs: inputs, outputs: outputs)
    Scratch.with((plan.shares &- 1) &* outputs &* inputs) { partials in
        Parallel.blocks(plan.tiles &* plan.shares) { task in
            let share = task / plan.tiles
            let tile = task % plan.tiles
            let o = tile / plan.across &* plan.height
            let i = tile % plan.across &* plan.width
            let target = (share == 0 ? dw : partials + (share &- 1) &* outputs &* inputs) + o &* inputs &+ i
            var from = share &* plan.shareRows
            let end = min(from &+ plan.shareRows, rows)
            let height = min(plan.height, outputs &- o)
            let width = min(plan.width, inputs &- i)
            var start = share == 0 && accumulate ? UnsafePointer(target) : nil
            let panelSize = panelFloats(columns: width, k: WeightPlan.chunk)
            let stripCount = (height &+ RegisterTile.rows &- 1) / RegisterTile.rows
            Scratch.with(panelSize &+ stripCount &* LeftFactor.stripFloats(WeightPlan.chunk)) { panels in
                let strips = panels + panelSize
                while from < end {
                    let count = min(WeightPlan.chunk, end &- from)
                    packInput(panels, input, row: from, rows: count, column: i, columns: width, inputs)
                    packStrips(strips, dy + from &* outputs &+ o, ld: outputs, columns: height, k: count)
                    multiplyPanels(
                        target, ldc: inputs, LeftFactor(strips: strips, steps: count), rows: height,
                        Panels(start: panels, steps: count), columns: width, onto: start)
                    start = UnsafePointer(target)
                    from &+= count
                }
            }
        }
        guard plan.shares > 1 else { return }
        Parallel.ranges(outputs &* inputs, size: 4096) { start, end in
            for share in 0..<plan.shares &- 1 {
                add(dw + start, partials + share &* outputs &* inputs &+ start, end &- start)
            }
        }
    }
}

/// Rows of x as factor B.
private func packInput(
    _ panels: MutableFloats, _ input: LinearInput, row: Int, rows: Int, column: Int, columns: Int, _ inputs: Int
) {
    switch input {
    case .stored(let x):
        packPanels(panels, x + row &* inputs &+ column, ld: inputs, transposed: false, columns: columns, k: rows)
    case .norm(let norm):
        packNormPanels(panels, norm, row: row, rows: rows, column: column, columns: columns, inputs)
    case .swiglu:
        Scratch.with(inputs &* rows) { x in
            input.fill(x, row: row, rows: rows, width: inputs, keeping: false)
            packPanels(panels, x + column, ld: inputs, transposed: false, columns: columns, k: rows)
        }
    }
}

/// How the work of a weight gradient is cut. Follows from the shape alone.
private struct WeightPlan {
    /// Rows multiplied at a time: their pieces of x and dy stay in L2.
    static let chunk = 256

    let height: Int
    let width: Int
    let across: Int
    let tiles: Int
    let shares: Int
    let shareRows: Int

    /// Tiles of 256 × 256, or down to 128 × 128 where that leaves a single one. Then the rows are cut in half until
    /// there are 24 tasks, but not below 256 rows.
    init(rows: Int, inputs: Int, outputs: Int) {
        func pieces(_ total: Int, _ size: Int) -> Int { (total &+ size &- 1) / size }
        var height = 256
        var width = 256
        if pieces(outputs, height) &* pieces(inputs, width) < 2 { height = 128 }
        if pieces(outputs, height) &* pieces(inputs, width) < 2 { width = 128 }
        let tiles = pieces(outputs, height) &* pieces(inputs, width)
        var shares = 1
        while tiles &* shares < 24 && rows / (2 &* shares) >= 256 { shares &*= 2 }
        self.height = height
        self.width = width
        self.tiles = tiles
        across = pieces(inputs, width)
        shareRows = pieces(rows, shares)
        self.shares = pieces(rows, shareRows)
    }
}
