/// y_NO = x_NI · w_OIᵀ (+ b_O) (+ r_NO).
///
/// `residual` may be the same memory as `y`; it is added as the product leaves the registers. A bias is laid down tile by
/// tile just before, while the tile is in cache.
public func linearForward(
    _ y: MutableFloats, _ x: Floats, _ w: Floats, bias: Floats? = nil, residual: Floats? = nil,
    rows: Int, inputs: Int, outputs: Int
) {
    linearForward(y, x, .f32(w), bias: bias, residual: residual, rows: rows, inputs: inputs, outputs: outputs)
}

/// `linearForward` for weights in whatever form they are kept.
public func linearForward(
    _ y: MutableFloats, _ x: Floats, _ w: WeightRows, bias: Floats? = nil, residual: Floats? = nil,
    rows: Int, inputs: Int, outputs: Int
) {
    guard rows > 0 && outputs > 0 else { return }
    if rows <= skinnyRows && inputs > 0 {
        return skinnyLinear(y, x, w, bias: bias, residual: residual, rows: rows, inputs: inputs, outputs: outputs)
    }
    guard inputs > 0 else {
        return Parallel.ranges(rows, size: normBlock) { start, end in
            layStart(
                y, bias: bias, residual: residual, row: start, rows: end &- start, column: 0, columns: outputs, outputs)
        }
    }
    let factor = LeftFactor(x, ld: inputs, transposed: false)
    forEachTile(m: rows, n: outputs, k: inputs) { panels, column, columns in
        packWeights(panels, w, row: column, rows: columns, width: inputs)
    } tile: { row, count, column, columns, panels in
        addProduct(
            y, factor.dropping(rows: row), panels, bias: bias, residual: residual, row: row, rows: count,
            column: column, columns: columns, outputs, streaming: outgrowsCaches(floats: rows &* outputs))
    }
}

/// A tile of y from the product of `factor`'s first rows, onto residual and bias.
@inline(__always)
func addProduct(
    _ y: MutableFloats, _ factor: LeftFactor, _ panels: Panels, bias: Floats?, residual: Floats?, row: Int, rows: Int,
    column: Int, columns: Int, _ outputs: Int, streaming: Bool
) {
    let place = row &* outputs &+ column
    var start = residual.map { $0 + place }
    if bias != nil {
        layStart(y, bias: bias, residual: residual, row: row, rows: rows, column: column, columns: columns, outputs)
        start = UnsafePointer(y + place)
    }
    multiplyPanels(
        y + place, ldc: outputs, factor, rows: rows, panels, columns: columns, onto: start,
        streaming: streaming && bias == nil && residual != UnsafePointer(y))
}

/// Bias and residual in a tile of y, ready for the product to be added.
private func layStart(
    _ y: MutableFloats, bias: Floats?, residual: Floats?, row: Int, rows: Int, column: Int, columns: Int, _ outputs: Int
) {
    for r in row..<row &+ rows {
        let line = y + r &* outputs &+ column
        if let residual { line.update(from: residual + r &* outputs &+ column, count: columns) }
        guard let bias else {
            if residual == nil { line.update(repeating: 0, count: columns) }
            continue
        }
        if residual == nil {
            line.update(from: bias + column, count: columns)
        } else {
            add(line, bias + column, columns)
        }
    }
}

/// dx_NI = dy_NO · w_OI, or += when `accumulate`.
public func linearBackwardInput(
    _ dx: MutableFloats, _ dy: Floats, _ w: Floats, rows: Int, inputs: Int, outputs: Int, accumulate: Bool
) {
    guard rows > 0 && inputs > 0 else { return }
    guard outputs > 0 else {
        if !accumulate { fill(dx, 0, count: rows &* inputs) }
        return
    }
    let factor = LeftFactor(dy, ld: outputs, transposed: false)
    forEachTile(m: rows, n: inputs, k: outputs) { panels, column, columns in
        packPanels(panels, w + column, ld: inputs, transposed: false, columns: columns, k: outputs)
    } tile: { row, count, column, columns, panels in
        let target = dx + row &* inputs &+ column
        multiplyPanels(
            target, ldc: inputs, factor.dropping(rows: row), rows: count, panels, columns: columns,
            onto: accumulate ? UnsafePointer(target) : nil,
            streaming: !accumulate && outgrowsCaches(floats: rows &* inputs))
    }
}

/// y_D += Σ_N x_ND, in the order of the rows.
func addColumnSums(_ y: MutableFloats, _ x: Floats, rows: Int, width: Int) {
    Parallel.ranges(width, size: 64) { start, end in
        var column = start
        while column < end {
            let lanes = min(16, end &- column)
            var sum = Vec.zero
            for row in 0..<rows { sum += load(x + row &* width &+ column, lanes: lanes) }
            let target = y + column
            storePartial(loadPartial(target, lanes) + sum, target, lanes)
            column &+= 16
        }
    }
}
