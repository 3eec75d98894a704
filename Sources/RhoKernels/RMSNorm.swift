/// Rows in one block of a row-wise kernel.
let normBlock = 64

/// y_ND = x_ND · rstd_N · w_D with rstd = (mean_D x² + eps)^-½. Writes rstd for the backward pass. (arXiv 1910.07467)
public func rmsNormForward(
    _ y: MutableFloats, _ rstd: MutableFloats, _ x: Floats, _ w: Floats, rows: Int, width: Int, eps: Float
) {
    Parallel.ranges(rows, size: normBlock) { start, end in
        for row in start..<end {
            let line = x + row &* width
            rstd[row] = rmsNormScale(line, width, eps)
            rmsNormRow(y + row &* width, line, w, rstd[row], width)
        }
    }
}

/// (mean x² + eps)^-½ of one row.
func rmsNormScale(_ x: Floats, _ width: Int, _ eps: Float) -> Float {
    1 / (dot(x, x, width) / Float(width) + eps).squareRoot()
}

/// y = x·scale·w.
func rmsNormRow(_ y: MutableFloats, _ x: Floats, _ w: Floats, _ scale: Float, _ width: Int) {
    var i = 0
    while i < width {
        let lanes = width &- i
        store(load(x + i, lanes: lanes) * scale * load(w + i, lanes: lanes), y + i, lanes: lanes)
        i &+= 16
    }
}

/// dx = rstd · (dy·w - x̂ · mean_D(dy·w·x̂)) with x̂ = x·rstd (+= when `accumulate`); dw_D += Σ_N dy·x̂ where dw is
/// given.
public func rmsNormBackward(
    _ dx: MutableFloats, _ dw: MutableFloats?, _ dy: Floats, _ x: Floats, _ w: Floats, _ rstd: Floats,
    rows: Int, width: Int, accumulate: Bool
) {
    guard rows > 0 else { return }
    sumOverRowBlocks(dw, rows: rows, width: width) { row, partial in
        rmsNormRowBackward(
            dx + row &* width, partial, dy + row &* width, x + row &* width, w, rstd[row], width, accumulate: accumulate
        )
    }
}

/// `rmsNormBackward` of one row; its part of dw is added to `partial`.
@inline(__always)
func rmsNormRowBackward(
    _ dx: MutableFloats, _ partial: MutableFloats?, _ dy: Floats, _ x: Floats, _ w: Floats, _ scale: Float,
    _ width: Int, accumulate: Bool
) {
    var sum = Vec.zero
    var more = Vec.zero
    var column = 0
    while column < width {
        let lanes = width &- column
        let g = load(dy + column, lanes: lanes) * load(w + column, lanes: lanes)
        let next = fma(g, load(x + column, lanes: lanes), sum)
        sum = more
        more = next
        column &+= 16
    }
    let pull = laneSum(sum + more) * scale * scale * scale / Float(width)
    var i = 0
    while i < width {
        let lanes = min(16, width &- i)
        let g = load(dy + i, lanes: lanes)
        let v = load(x + i, lanes: lanes)
        var d = g * load(w + i, lanes: lanes) * scale - v * pull
        if accumulate { d += load(UnsafePointer(dx) + i, lanes: lanes) }
        store(d, dx + i, lanes: lanes)
        if let partial {
            let sum = load(UnsafePointer(partial) + i, lanes: lanes)
            store(sum + g * v * scale, partial + i, lanes: lanes)
        }
        i &+= 16
    }
}
