/// y_ND = table_VD[ids_N]. An id below 0 gives a row of zeros.
public func embeddingForward(
    _ y: MutableFloats, _ table: Floats, _ ids: UnsafePointer<Int32>, rows: Int, width: Int
) {
    gatherRows(y, table, ids, rows: rows, width: width)
}

/// dtable_VD[ids_N] += dy_ND, rows of one id in the order of N. Ids outside `0 ..< vocab` are left out.
public func embeddingBackward(
    _ dtable: MutableFloats, _ dy: Floats, _ ids: UnsafePointer<Int32>, rows: Int, width: Int, vocab: Int
) {
    scatterAddRows(dtable, dy, ids, rows: rows, width: width, targets: vocab)
}

/// y_ND = x[ids_N] where x has rows of `width` floats. An id below 0 gives a row of zeros.
public func gatherRows(_ y: MutableFloats, _ x: Floats, _ ids: UnsafePointer<Int32>, rows: Int, width: Int) {
    Parallel.ranges(rows, size: normBlock) { start, end in
        for row in start..<end {
            let target = y + row &* width
            let id = Int(ids[row])
            if id >= 0 {
                target.update(from: x + id &* width, count: width)
            } else {
                target.update(repeating: 0, count: width)
            }
        }
    }
}

/// y[ids_N] += x_ND, rows of one id in the order of N. Ids outside `0 ..< targets` are left out.
///
/// Threads own target rows by id: each goes through all ids and adds those that are its own, so no two meet in a row
/// and the order of additions is that of the rows. Reading the ids again costs little beside the rows.
public func scatterAddRows(
    _ y: MutableFloats, _ x: Floats, _ ids: UnsafePointer<Int32>, rows: Int, width: Int, targets: Int
) {
    let shares = min(16, max(1, rows / 64))
    Parallel.blocks(shares) { share in
        for row in 0..<rows {
            let id = Int(ids[row])
            guard id >= 0 && id < targets && id % shares == share else { continue }
            let target = y + id &* width
            add(target, x + row &* width, width)
        }
    }
}
