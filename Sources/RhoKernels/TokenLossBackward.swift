/// Gradients of Σ_N weight_N·loss_N: with p = e^(z - lse), dz = weight·(p - [target]), dhidden_ND = dz·head (+= when
/// `accumulate`) and, where given, dhead_VD += dzᵀ·hidden.
///
/// Rows of weight 0 and rows without a target are left out of all work: the rest are gathered first, their logits
/// recomputed a tile of 1,024 rows by 2,048 columns at a time. Left-out rows of dhidden become 0, or stay as they are
/// when `accumulate`.
public func tokenLossBackward(
    _ dhidden: MutableFloats, _ dhead: MutableFloats?, _ hidden: Floats, _ head: Floats,
    _ targets: UnsafePointer<Int32>,
    _ lse: Floats, _ weight: Floats, rows: Int, width: Int, vocab: Int, accumulate: Bool
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
                    weight: weight, active: active, rows: count, width: width, vocab: vocab, accumulate: accumulate
                ).run()
                return
            }
            if !accumulate { fill(dhidden, 0, count: rows &* width) }
            guard count > 0 else { return }
            Scratch.with(2 &* count &* width) { gathered in
                gatherRows(gathered, hidden, active, rows: count, width: width)
                let partial = gathered + count &* width
                LossGradient(
                    dhidden: partial, dhead: dhead, hidden: gathered, head: head, targets: targets, lse: lse,
                    weight: weight, active: active, rows: count, width: width, vocab: vocab, accumulate: false
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

    static let groupRows = 1024
    static let groupColumns = 2048
    /// Rows of dz lie a cache line further apart than a power of two, which would map a column to a few cache sets.
    static let ld = groupColumns + 16

    func run() {
        Scratch.with(min(rows, Self.groupRows) &* Self.ld) { dz in
            var row = 0
            while row < rows {
                let count = min(Self.groupRows, rows &- row)
                var column = 0
                while column < vocab {
                    let columns = min(Self.groupColumns, vocab &- column)
                    logitGradients(dz, row: row, rows: count, column: column, columns: columns)
                    products(dz, row: row, rows: count, column: column, columns: columns)
                    column &+= columns
                }
                row &+= count
            }
        }
    }

    /// dz of a group of rows and columns.
    private func logitGradients(_ dz: MutableFloats, row: Int, rows: Int, column: Int, columns: Int) {
        let rowTile = 128
        let columnTile = 512
        let across = (columns &+ columnTile &- 1) / columnTile
        let down = (rows &+ rowTile &- 1) / rowTile
        Parallel.blocks(across &* down) { task in
            let r0 = task / across &* rowTile
            let c0 = task % across &* columnTile
            let height = min(rowTile, rows &- r0)
            let span = min(columnTile, columns &- c0)
            let tile = dz + r0 &* Self.ld &+ c0
            sgemm(
                tile, hidden + (row &+ r0) &* width, head + (column &+ c0) &* width, m: height, n: span, k: width,
                transA: false, transB: true, alpha: 1, beta: 0, lda: width, ldb: width, ldc: Self.ld)
            for r in 0..<height {
                let line = tile + r &* Self.ld
                let source = Int(active[row &+ r0 &+ r])
                let share = weight[source]
                let total = lse[source]
                var i = 0
                while i < span {
                    let lanes = span &- i
                    let p = expBelowOverflow(load(UnsafePointer(line) + i, lanes: lanes) - total)
                    store(p * share, line + i, lanes: lanes)
                    i &+= 16
                }
                let gold = Int(targets[source]) &- column &- c0
                if gold >= 0 && gold < span { line[gold] -= share }
            }
        }
    }

    /// dhidden (+)= dz·head and dhead += dzᵀ·hidden, tiles of both in one list of blocks.
    private func products(_ dz: MutableFloats, row: Int, rows: Int, column: Int, columns: Int) {
        let rowTile = 128
        let headTile = 256
        let down = (rows &+ rowTile &- 1) / rowTile
        let across = dhead == nil ? 0 : (columns &+ headTile &- 1) / headTile
        Parallel.blocks(down &+ across) { task in
            if task < down {
                let r0 = task &* rowTile
                sgemm(
                    dhidden + (row &+ r0) &* width, dz + r0 &* Self.ld, head + column &* width,
                    m: min(rowTile, rows &- r0), n: width, k: columns, transA: false, transB: false,
                    alpha: 1, beta: column > 0 || accumulate ? 1 : 0, lda: Self.ld, ldb: width, ldc: width)
            } else if let dhead {
                let c0 = (task &- down) &* headTile
                sgemm(
                    dhead + (column &+ c0) &* width, dz + c0, hidden + row &* width,
                    m: min(headTile, columns &- c0), n: width, k: rows, transA: true, transB: false,
                    alpha: 1, beta: 1, lda: Self.ld, ldb: width, ldc: width)
            }
        }
    }
}
