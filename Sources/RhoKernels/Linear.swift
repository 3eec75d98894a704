/// y_NO = x_NI · w_OIᵀ (+ b_O) (+ r_NO).
///
/// `residual` may be the same memory as `y`. Bias and residual are laid down tile by tile just before the product is
/// added, while the tile is in cache.
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
        switch w {
        case .f32(let w):
            return skinnyLinear(y, x, w, bias: bias, residual: residual, rows: rows, inputs: inputs, outputs: outputs)
        case .bf16(let w):
            return skinnyLinear(
                y, x, w, bias: bias, residual: residual, rows: rows, inputs: inputs, outputs: outputs, BF16.self)
        case .f16(let w):
            return skinnyLinear(
                y, x, w, bias: bias, residual: residual, rows: rows, inputs: inputs, outputs: outputs, F16.self)
        }
    }
    let tiles = Tiles(m: rows, n: outputs)
    Parallel.blocks(tiles.count) { tile in
        let (row, count, column, width) = tiles.bounds(tile, m: rows, n: outputs)
        let target = y + row &* outputs &+ column
        var beta: Float = 0
        if bias != nil || residual != nil || inputs == 0 {
            beta = 1
            for r in 0..<count {
                let line = target + r &* outputs
                if let residual {
                    let source = residual + (row &+ r) &* outputs &+ column
                    if let bias {
                        mapVectors(line, source, bias + column, width) { $0 + $1 }
                    } else if source != UnsafePointer(line) {
                        line.update(from: source, count: width)
                    }
                } else if let bias {
                    line.update(from: bias + column, count: width)
                } else {
                    line.update(repeating: 0, count: width)
                }
            }
        }
        guard inputs > 0 else { return }
        w.with(column, width, width: inputs) { w in
            sgemm(
                target, x + row &* inputs, w, m: count, n: width, k: inputs,
                transA: false, transB: true, alpha: 1, beta: beta, lda: inputs, ldb: inputs, ldc: outputs)
        }
    }
}

/// dx_NI = dy_NO · w_OI, or += when `accumulate`.
public func linearBackwardInput(
    _ dx: MutableFloats, _ dy: Floats, _ w: Floats, rows: Int, inputs: Int, outputs: Int, accumulate: Bool
) {
    gemm(
        dx, dy, w, m: rows, n: inputs, k: outputs, transA: false, transB: false,
        accumulate: accumulate, lda: outputs, ldb: inputs, ldc: inputs)
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
