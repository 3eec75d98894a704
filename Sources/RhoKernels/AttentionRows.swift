import COpenBLAS

/// The rows of one head lie a whole row of qkv apart: every row is another page and its own misses. So they are copied
/// once, side by side, in rows of `paddedWidth` floats, and what comes out is written from there.
extension AttentionShape {
    /// Rows that are asked for before they are read. Without it a core waits for two or three rows at a time only.
    private static var ahead: Int { 16 }

    /// Rows `rows` of a head, zeros behind its width: turned, then times `factor`.
    @inline(__always)
    func gather(
        _ y: MutableFloats, _ x: Floats, stride: Int, rows: Range<Int>, _ rotation: Rotation?, factor: Float = 1
    ) {
        let ld = paddedWidth
        var y = y
        for row in rows {
            let line = x + row &* stride
            prefetch(line, stride: stride)
            copy(y, line)
            rotation?.turn(y, position: row, inverse: false)
            multiply(y, by: factor)
            y += ld
        }
    }

    /// One row, with zeros behind its width.
    @inline(__always)
    private func copy(_ y: MutableFloats, _ x: Floats) {
        var i = 0
        if headWidth & 15 == 0 {
            while i < headWidth {
                store(load(x + i), y + i)
                i &+= 16
            }
        }
        while i < paddedWidth {
            store(i < headWidth ? load(x + i, lanes: headWidth &- i) : .zero, y + i)
            i &+= 16
        }
    }

    /// Asks for the row of a head that is `ahead` rows after the one at `line`.
    @inline(__always)
    func prefetch(_ line: Floats, stride: Int) {
        var i = 0
        while i < headWidth {
            rho_prefetch(line + (AttentionShape.ahead &* stride &+ i))
            i &+= 16
        }
    }

    /// Writes gathered rows to where they belong: times `factor`, then turned back. What is in the rows is lost.
    @inline(__always)
    func scatter(
        _ y: MutableFloats, stride: Int, _ x: MutableFloats, rows: Range<Int>, _ rotation: Rotation?, factor: Float = 1
    ) {
        let whole = wholeLines(y, stride: stride)
        var x = x
        for row in rows {
            multiply(x, by: factor)
            rotation?.turn(x, position: row, inverse: true)
            let line = y + row &* stride
            var i = 0
            while i < headWidth {
                if whole {
                    rho_stream(line + i, load(x + i))
                } else {
                    store(load(x + i), line + i, lanes: headWidth &- i)
                }
                i &+= 16
            }
            x += paddedWidth
        }
    }

    /// Whether a head's part of each row is made of whole cache lines. They go past the caches, which takes a fifth of the
    /// time: nothing is read before it is overwritten. A `rho_store_fence` has to follow.
    @inline(__always)
    func wholeLines(_ y: MutableFloats, stride: Int) -> Bool {
        (headWidth | stride) & 15 == 0 && UInt(bitPattern: y) & 63 == 0
    }

    @inline(__always)
    private func multiply(_ row: MutableFloats, by factor: Float) {
        guard factor != 1 else { return }
        var i = 0
        while i < paddedWidth {
            store(load(row + i) * factor, row + i)
            i &+= 16
        }
    }

    /// Calls `body` for `rows` a panel at a time: what is made of them then lies in an L1 cache.
    @inline(__always)
    func panels(of rows: Range<Int>, _ body: (Range<Int>) -> Void) {
        var start = rows.lowerBound
        while start < rows.upperBound {
            let end = min(start &+ AttentionShape.panel, rows.upperBound)
            body(start..<end)
            start = end
        }
    }

    /// Gathered rows as factor B over the rows, from row `row` on: panels of columns, `capacity` rows each.
    @inline(__always)
    func packRows(_ panels: MutableFloats, _ x: Floats, row: Int, rows: Int, capacity: Int) {
        let ld = paddedWidth
        for r in 0..<rows {
            var column = 0
            while column < ld {
                TileRow(at: x + r &* ld &+ column).put(
                    panels + column &* capacity &+ (row &+ r) &* AttentionShape.panel)
                column &+= AttentionShape.panel
            }
        }
    }

    /// Gathered rows as factor B over the width: the panel that starts with row `row`. Rows that it lacks are zero.
    @inline(__always)
    func packColumns(_ panels: MutableFloats, _ x: MutableFloats, row: Int, rows: Int) {
        let ld = paddedWidth
        (x + rows &* ld).update(repeating: 0, count: (AttentionShape.panel &- rows) &* ld)
        packTransposedPanel(panels + row &* headWidth, x, ld: ld, columns: AttentionShape.panel, k: headWidth)
    }
}
