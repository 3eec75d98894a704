/// Rows in one block of a row-wise kernel.
let normBlock = 64

/// y_ND = x_ND · rstd_N · w_D with rstd = (mean_D x² + eps)^-½. Writes rstd for the backward pass. (arXiv 1910.07467)
public func rmsNormForward(
    _ y: MutableFloats, _ rstd: MutableFloats, _ x: Floats, _ w: Floats, rows: Int, width: Int, eps: Float
) {
    Parallel.ranges(rows, size: normBlock) { start, end in
        for row in start ..< end {
            let line = x + row &* width
            let squares = sumVectors(width) { offset, lanes in
                let v = load(line + offset, lanes: lanes)
                return v * v
            }
            let scale = 1 / (squares / Float(width) + eps).squareRoot()
            rstd[row] = scale
            mapVectors(y + row &* width, line, w, width) { $0 * scale * $1 }
        }
    }
}

/// y_ND = x_ND · rstd_N · w_D with a known rstd: what `rmsNormForward` wrote, bit for bit, without the sum.
public func rmsNormApply(
    _ y: MutableFloats, _ x: Floats, _ w: Floats, _ rstd: Floats, rows: Int, width: Int
) {
    Parallel.ranges(rows, size: normBlock) { start, end in
        for row in start ..< end {
            let scale = rstd[row]
            mapVectors(y + row &* width, x + row &* width, w, width) { $0 * scale * $1 }
        }
    }
}

/// dx = rstd · (dy·w - x̂ · mean_D(dy·w·x̂)) with x̂ = x·rstd (+= when `accumulate`); dw_D += Σ_N dy·x̂ where dw is given.
public func rmsNormBackward(
    _ dx: MutableFloats, _ dw: MutableFloats?, _ dy: Floats, _ x: Floats, _ w: Floats, _ rstd: Floats,
    rows: Int, width: Int, accumulate: Bool
) {
    guard rows > 0 else { return }
    sumOverRowBlocks(dw, rows: rows, width: width) { row, partial in
        let dyLine = dy + row &* width
        let xLine = x + row &* width
        let dxLine = dx + row &* width
        let scale = rstd[row]
        let dot = sumVectors(width) { offset, lanes in
            load(dyLine + offset, lanes: lanes) * load(w + offset, lanes: lanes) * load(xLine + offset, lanes: lanes)
        }
        let pull = dot * scale * scale * scale / Float(width)
        var i = 0
        while i < width {
            let lanes = min(16, width &- i)
            let g = load(dyLine + i, lanes: lanes)
            let v = load(xLine + i, lanes: lanes)
            var d = g * load(w + i, lanes: lanes) * scale - v * pull
            if accumulate { d += load(UnsafePointer(dxLine) + i, lanes: lanes) }
            store(d, dxLine + i, lanes: lanes)
            if let partial {
                let sum = load(UnsafePointer(partial) + i, lanes: lanes)
                store(sum + g * v * scale, partial + i, lanes: lanes)
            }
            i &+= 16
        }
    }
}
