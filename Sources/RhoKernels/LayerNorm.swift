/// y_ND = (x_ND - mean_N) · rstd_N · w_D + b_D with rstd = (var_D x + eps)^-½, variance over D (not D - 1).
/// Writes mean and rstd for the backward pass. (arXiv 1607.06450)
public func layerNormForward(
    _ y: MutableFloats, _ mean: MutableFloats, _ rstd: MutableFloats, _ x: Floats, _ w: Floats, _ b: Floats,
    rows: Int, width: Int, eps: Float
) {
    Parallel.ranges(rows, size: normBlock) { start, end in
        for row in start..<end {
            let line = x + row &* width
            (mean[row], rstd[row]) = layerNormStatistics(line, width, eps)
            layerNormRow(y + row &* width, line, w, b, mean: mean[row], rstd: rstd[row], width: width)
        }
    }
}

/// Mean and (variance + eps)^-½ of one row.
func layerNormStatistics(_ x: Floats, _ width: Int, _ eps: Float) -> (mean: Float, rstd: Float) {
    let average = sumVectors(width) { load(x + $0, lanes: $1) } / Float(width)
    let centre = Vec(repeating: average)
    let squares = sumVectors(width) { offset, lanes in
        // Lanes past the end hold the mean itself, so that their difference is zero.
        let v = lanes >= 16 ? load(x + offset) : loadPartial(x + offset, lanes, fill: average)
        let d = v - centre
        return d * d
    }
    return (average, 1 / (squares / Float(width) + eps).squareRoot())
}

@_transparent
func layerNormRow(
    _ y: MutableFloats, _ x: Floats, _ w: Floats, _ b: Floats, mean: Float, rstd: Float, width: Int
) {
    var i = 0
    while i < width {
        let lanes = min(16, width &- i)
        let hat = (load(x + i, lanes: lanes) - mean) * rstd
        store(fma(hat, load(w + i, lanes: lanes), load(b + i, lanes: lanes)), y + i, lanes: lanes)
        i &+= 16
    }
}

/// dx = rstd · (g - mean_D g - x̂ · mean_D(g·x̂)) with g = dy·w and x̂ = (x - mean)·rstd (+= when `accumulate`);
/// dw_D += Σ_N dy·x̂ and db_D += Σ_N dy where they are given.
public func layerNormBackward(
    _ dx: MutableFloats, _ dw: MutableFloats?, _ db: MutableFloats?, _ dy: Floats, _ x: Floats, _ w: Floats,
    _ mean: Floats, _ rstd: Floats, rows: Int, width: Int, accumulate: Bool
) {
    guard rows > 0 else { return }
    sumOverRowBlocks(dw, rows: rows, width: width) { row, partial in
        let dyLine = dy + row &* width
        let xLine = x + row &* width
        let dxLine = dx + row &* width
        let centre = mean[row]
        let scale = rstd[row]
        let sumG = sumVectors(width) { load(dyLine + $0, lanes: $1) * load(w + $0, lanes: $1) }
        let sumGX = sumVectors(width) { offset, lanes in
            load(dyLine + offset, lanes: lanes) * load(w + offset, lanes: lanes)
                * ((load(xLine + offset, lanes: lanes) - centre) * scale)
        }
        let meanG = sumG / Float(width)
        let meanGX = sumGX / Float(width)
        var i = 0
        while i < width {
            let lanes = min(16, width &- i)
            let g = load(dyLine + i, lanes: lanes)
            let hat = (load(xLine + i, lanes: lanes) - centre) * scale
            var d = (g * load(w + i, lanes: lanes) - meanG - hat * meanGX) * scale
            if accumulate { d += load(UnsafePointer(dxLine) + i, lanes: lanes) }
            store(d, dxLine + i, lanes: lanes)
            if let partial {
                let sum = load(UnsafePointer(partial) + i, lanes: lanes)
                store(fma(g, hat, sum), partial + i, lanes: lanes)
            }
            i &+= 16
        }
    }
    if let db { addColumnSums(db, dy, rows: rows, width: width) }
}
