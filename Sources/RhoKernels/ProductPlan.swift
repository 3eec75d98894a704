/// Fixed tiles of C, one task each. What is chosen depends on the shape alone.
struct ProductPlan {
    let rowTile: Int
    let rowTiles: Int
    let columnTile: Int
    let columnTiles: Int

    /// Tasks wanted: enough to keep the cores of a large machine busy and the last task of a small one short.
    private static let tasks = 32
    /// Below this many rows a task takes them all and packs only its own columns of B: packed by whoever uses it, B
    /// never leaves that core's cache. Above, B is packed once for all row tiles.
    private static let fewRows = 512

    /// With `wholeRows` a task has every column of its rows.
    init(m: Int, n: Int, wholeRows: Bool = false) {
        let width = 32
        var columnTile = (n &+ width &- 1) / width &* width
        var rowTile = m
        if m > ProductPlan.fewRows { rowTile = m >= 128 &* ProductPlan.tasks ? 128 : 64 }
        rowTiles = ProductPlan.pieces(m, rowTile)
        while !wholeRows && rowTiles &* ProductPlan.pieces(n, columnTile) < ProductPlan.tasks && columnTile > width {
            columnTile = (columnTile / 2 &+ width &- 1) / width &* width
        }
        self.rowTile = rowTile
        self.columnTile = columnTile
        columnTiles = ProductPlan.pieces(n, columnTile)
    }

    private static func pieces(_ total: Int, _ size: Int) -> Int { (total &+ size &- 1) / size }
}

/// Calls `tile` for each task of C_MN with its rows, its columns and the panels of those columns of B, which `pack` lays
/// out: the panels, their first column, their columns.
@inline(__always)
func forEachTile(
    _ plan: ProductPlan? = nil, m: Int, n: Int, k: Int, _ pack: (MutableFloats, _ column: Int, _ columns: Int) -> Void,
    tile: (_ row: Int, _ rows: Int, _ column: Int, _ columns: Int, _ panels: Panels) -> Void
) {
    let plan = plan ?? ProductPlan(m: m, n: n)
    func place(_ task: Int) -> (row: Int, rows: Int, column: Int, columns: Int) {
        let row = task / plan.columnTiles &* plan.rowTile
        let column = task % plan.columnTiles &* plan.columnTile
        return (row, min(plan.rowTile, m &- row), column, min(plan.columnTile, n &- column))
    }
    if plan.rowTiles == 1 {
        Parallel.blocks(plan.columnTiles) { task in
            let (row, rows, column, columns) = place(task)
            Scratch.with(panelFloats(columns: columns, k: k)) { panels in
                pack(panels, column, columns)
                tile(row, rows, column, columns, Panels(start: panels, steps: k))
            }
        }
        return
    }
    Scratch.with(panelFloats(columns: n, k: k)) { panels in
        Parallel.ranges(n, size: RegisterTile.columns) { start, end in
            pack(panels + start &* k, start, end &- start)
        }
        let all = Panels(start: panels, steps: k)
        Parallel.blocks(plan.rowTiles &* plan.columnTiles) { task in
            let (row, rows, column, columns) = place(task)
            tile(row, rows, column, columns, all.dropping(columns: column))
        }
    }
}
