/// dw_OI += dy_NOᵀ · x_NI and dbias_O += Σ_N dy_NO.
///
/// Threads own tiles of dw, and where dw has few tiles also shares of the rows, whose partial products are added in
/// order.
public func linearBackwardWeight(
    _ dw: MutableFloats, dbias: MutableFloats? = nil, _ dy: Floats, _ x: Floats, rows: Int, inputs: Int, outputs: Int
) {
    guard rows > 0 && outputs > 0 else { return }
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
            // Both factors are read across their rows, a page or so apart: 512 at a time keep their addresses in the
            // TLB, which is worth a tenth of the time over one call for all rows.
            var beta: Float = share == 0 ? 1 : 0
            while from < end {
                let count = min(WeightPlan.chunk, end &- from)
                sgemm(
                    target, dy + from &* outputs &+ o, x + from &* inputs &+ i,
                    m: min(plan.height, outputs &- o), n: min(plan.width, inputs &- i), k: count,
                    transA: true, transB: false, alpha: 1, beta: beta, lda: outputs, ldb: inputs, ldc: inputs)
                beta = 1
                from &+= count
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

/// How the work of a weight gradient is cut. Follows from the shape alone.
private struct WeightPlan {
    /// Rows in one sgemm.
    static let chunk = 256

    let height: Int
    let width: Int
    let across: Int
    let tiles: Int
    let shares: Int
    let shareRows: Int

    /// Tiles of 256 × 256 feed BLAS best; smaller ones, down to 128 × 128, where they are fewer than 4. Then the rows
    /// are cut in half until there are 12 tasks, but not below 256 rows.
    init(rows: Int, inputs: Int, outputs: Int) {
        func pieces(_ total: Int, _ size: Int) -> Int { (total &+ size &- 1) / size }
        var height = 256
        var width = 256
        if pieces(outputs, height) &* pieces(inputs, width) < 2 { height = 128 }
        if pieces(outputs, height) &* pieces(inputs, width) < 2 { width = 128 }
        let tiles = pieces(outputs, height) &* pieces(inputs, width)
        var shares = 1
        while tiles &* shares < 12 && rows / (2 &* shares) >= 256 { shares &*= 2 }
        self.height = height
        self.width = width
        self.tiles = tiles
        across = pieces(inputs, width)
        shareRows = pieces(rows, shares)
        self.shares = pieces(rows, shareRows)
    }
}
