/// Gradients of Σ_N weight_N·loss_N: with p = e^(z - lse), dz = weight·(p - [target]), dhidden_ND = dz·head (+= when
/// `accumulate`) and, where given, dhead_VD = dzᵀ·hidden (+= when `accumulateHead`).
///
/// Rows of weight 0 and rows without a target are left out of all work: the rest are gathered first, their logits
/// recomputed a tile of 1,024 rows by 512 columns at a time. Left-out rows of dhidden become 0, or stay as they are
/// when `accumulate`.
public func tokenLossBackward(
    _ dhidden: MutableFloats, _ dhead: MutableFloats?, _ hidden: Floats, _ head: Floats,
    _ targets: UnsafePointer<Int32>,
    _ lse: Floats, _ weight: Floats, rows: Int, width: Int, vocab: Int, accumulate: Bool, accumulateHead: Bool = true
) {
    guard rows > 0 && width > 0 else { return }
    Scratch.with(rows) { memory in
        memory.withMemoryRebound(to: Int32.self, capacity: rows) { active in
            var count = 0
            for row in 0..<rows where weight[row] != 0 && targets[row] >= 0 && Int(targets[row]) < vocab {
                active[count] = Int32(truncatingIfNeeded: row)
                count &+= 1
            }
            if count == rows {
                LossGradient(
                    dhidden: dhidden, dhead: dhead, hidden: hidden, head: head, targets: targets, lse: lse,
                    weight: weight, active: active, rows: count, width: width, vocab: vocab, accumulate: accumulate,
                    accumulateHead: accumulateHead
                ).run()
                return
            }
            if !accumulate { fill(dhidden, 0, count: rows &* width) }
            guard count > 0 else {
                if let dhead, !accumulateHead { fill(dhead, 0, count: vocab &* width) }
                return
            }
            Scratch.with(2 &* count &* width) { gathered in
                gatherRows(gathered, hidden, active, rows: count, width: width)
                let partial = gathered + count &* width
                LossGradient(
                    dhidden: partial, dhead: dhead, hidden: gathered, head: head, targets: targets, lse: lse,
                    weight: weight, active: active, rows: count, width: width, vocab: vocab, accumulate: false,
                    accumulateHead: accumulateHead
                ).run()
                Parallel.ranges(count, size: normBlock) { start, end in
                    for index in start..<end {
                        let target = dhidden + Int(active[index]) &* width
                        add(target, partial + index &* width, width)
                    }
                }
            }
        }
    }
}

/// The backward pass over rows that all count. `active` tells where a row's target, lse and weight stand.
private struct LossGradient {
    let dhidden: MutableFloats
    let dhead: MutableFloats?
    let hidden: Floats
    let head: Floats
    let targets: UnsafePointer<Int32>
    let lse: Floats
    let weight: Floats
    let active: UnsafeMutablePointer<Int32>
    let rows: Int
    let width: Int
    let vocab: Int
    let accumulate: Bool
    let accumulateHead: Bool

    static let groupRows = 1024
    static let groupColumns = 512
    /// Floats from one row of dz to the next: a cache line more than a power of two, which would map a column to a few
    /// cache sets.
    var ld: Int { (min(vocab, Self.groupColumns) &+ 15) & ~15 &+ 16 }

    func run() {
        let groupRows = min(rows, Self.groupRows)
        let groupColumns = min(vocab, Self.groupColumns)
        let hiddenFloats = panelFloats(columns: width, k: groupRows)
        Scratch.with(groupRows &* ld &+ hiddenFloats &+ panelFloats(columns: width, k: groupColumns)) { dz in
            let hiddenPanels = dz + groupRows &* ld
            let headPanels = hiddenPanels + hiddenFloats
            var row = 0
            while row < rows {
                let count = min(Self.groupRows, rows &- row)
                if dhead != nil { pack(hiddenPanels, hidden + row &* width, k: count) }
                var column = 0
                while column < vocab {
                    let columns = min(Self.groupColumns, vocab &- column)
                    pack(headPanels, head + column &* width, k: columns)
                    logitGradients(dz, row: row, rows: count, column: column, columns: columns)
                    products(
                        dz, Panels(start: headPanels, steps: columns), Panels(start: hiddenPanels, steps: count),
                        row: row, rows: count, column: column, columns: columns)
                    column &+= columns
                }
                row &+= count
            }
        }
    }

    /// `k` rows of hidden or head as factor B.
    private func pack(_ panels: MutableFloats, _ rows: Floats, k: Int) {
        Parallel.ranges(width, size: RegisterTile.columns) { start, end in
            packPanels(
                panels + start &* k, rows + start, ld: width, transposed: false, columns: end &- start, k: k)
        }
    }

    /// dz of a group of rows and columns.
    private func logitGradients(_ dz: MutableFloats, row: Int, rows: Int, column: Int, columns: Int) {
        let factor = LeftFactor(hidden + row &* width, ld: width, transposed: false)
        forEachTile(m: rows, n: columns, k: width) { panels, c0, span in
            packPanels(panels, head + (column &+ c0) &* width, ld: width, transposed: true, columns: span, k: width)
        } tile: { first, height, c0, span, panels in
            var r0 = first
            while r0 < first &+ height {
                let count = min(64, first &+ height &- r0)
                let tile = dz + r0 &* ld &+ c0
                multiplyPanels(tile, ldc: ld, factor.dropping(rows: r0), rows: count, panels, columns: span)
                for r in 0..<count { slopes(tile + r &* ld, span, row: row &+ r0 &+ r, column: column &+ c0) }
                r0 &+= count
            }
        }
    }

    /// A row of logits becomes weight·(p - [target]).
    @inline(__always)
    private func slopes(_ line: MutableFloats, _ count: Int, row: Int, column: Int) {
        let source = Int(active[row])
        let share = weight[source]
        let total = lse[source]
        var i = 0
        while i < count {
            let lanes = count &- i
            let p = expBelowOverflow(load(UnsafePointer(line) + i, lanes: lanes) - total)
            store(p * share, line + i, lanes: lanes)
            i &+= 16
        }
        let gold = Int(targets[source]) &- column
        if gold >= 0 && gold < count { line[gold] -= share }
    }

    /// dhidden (+)= dz·head and dhead += dzᵀ·hidden, tiles of both in one list of blocks.
    private func products(
        _ dz: MutableFloats, _ headPanels: Panels, _ hiddenPanels: Panels, row: Int, rows: Int, column: Int,
        columns: Int
    ) {
        let rowTile = 64
        let headTile = 64
        let down = (rows &+ rowTile &- 1) / rowTile
        let across = dhead == nil ? 0 : (columns &+ headTile &- 1) / headTile
        // The longer tasks go first.
        Parallel.blocks(across &+ down) { task in
            if task >= across {
                let r0 = (task &- across) &* rowTile
                let target = dhidden + (row &+ r0) &* width
                multiplyPanels(
                    target, ldc: width, LeftFactor(dz + r0 &* ld, ld: ld, transposed: false),
                    rows: min(rowTile, rows &- r0), headPanels, columns: width,
                    onto: column > 0 || accumulate ? UnsafePointer(target) : nil)
            } else if let dhead {
                let c0 = task &* headTile
                let target = dhead + (column &+ c0) &* width
                multiplyPanels(
                    target, ldc: width, LeftFactor(dz + c0, ld: ld, transposed: true),
                    rows: min(headTile, columns &- c0), hiddenPanels, columns: width,
                    onto: row > 0 || accumulateHead ? UnsafePointer(target) : nil)
            }
        }
    }
}
