/// Rows of a norm over their width: RMSNorm without `bias` and `mean`, LayerNorm with both. `mean` and `rstd` are
/// written by the forward pass and read by the others.
public struct NormRows {
    public let x: Floats
    public let weight: Floats
    public let bias: Floats?
    public let mean: MutableFloats?
    public let rstd: MutableFloats
    public let eps: Float

    public init(
        _ x: Floats, weight: Floats, bias: Floats? = nil, mean: MutableFloats? = nil, rstd: MutableFloats, eps: Float
    ) {
        self.x = x
        self.weight = weight
        self.bias = bias
        self.mean = mean
        self.rstd = rstd
        self.eps = eps
    }

    /// Normalises row `row` into `y`; with `keeping` it also leaves the row's mean and rstd behind.
    @inline(__always)
    func normalise(_ y: MutableFloats, row: Int, width: Int, keeping: Bool) {
        let line = x + row &* width
        if let mean, let bias {
            let (average, scale) = layerNormStatistics(line, width, eps)
            layerNormRow(y, line, weight, bias, mean: average, rstd: scale, width: width)
            if keeping { (mean[row], rstd[row]) = (average, scale) }
        } else {
            let scale = rmsNormScale(line, width, eps)
            rmsNormRow(y, line, weight, scale, width)
            if keeping { rstd[row] = scale }
        }
    }
}

/// The rows x of a linear layer: as stored, or computed on their way into the product and never written out.
public enum LinearInput {
    case stored(Floats)
    /// norm(x).
    case norm(NormRows)
    /// silu(g)·u of rows [g | u], silu(g) = g/(1 + e⁻ᵍ). (arXiv 2002.05202)
    case swiglu(Floats)

    /// Computes `rows` rows from `row` on into `y`; `keeping` as in `NormRows`.
    func fill(_ y: MutableFloats, row: Int, rows: Int, width: Int, keeping: Bool) {
        for r in 0..<rows {
            let line = y + r &* width
            switch self {
            case .stored(let x): line.update(from: x + (row &+ r) &* width, count: width)
            case .norm(let norm): norm.normalise(line, row: row &+ r, width: width, keeping: keeping)
            case .swiglu(let gu): swigluRow(line, gu + (row &+ r) &* 2 &* width, width)
            }
        }
    }
}

/// y_NO = x_NI · w_OIᵀ (+ r_NO) with x computed from `input`: piece by piece beside the product where a task has whole
/// rows, so that x costs neither memory nor a way to it and back.
public func linearForward(
    _ y: MutableFloats, _ input: LinearInput, _ w: WeightRows, bias: Floats? = nil, residual: Floats? = nil,
    rows: Int, inputs: Int, outputs: Int
) {
    guard rows > 0 && outputs > 0 else { return }
    if case .stored(let x) = input {
        return linearForward(
            y, x, w, bias: bias, residual: residual, rows: rows, inputs: inputs, outputs: outputs)
    }
    if rows <= skinnyRows || inputs == 0 || ProductPlan(m: rows, n: outputs).columnTiles > 2 {
        return Scratch.with(rows &* inputs) { x in
            Parallel.ranges(rows, size: normBlock) { start, end in
                input.fill(x + start &* inputs, row: start, rows: end &- start, width: inputs, keeping: true)
            }
            linearForward(
                y, UnsafePointer(x), w, bias: bias, residual: residual, rows: rows, inputs: inputs, outputs: outputs)
        }
    }
    // 32 KiB of x at a time, or two strips, are still in L1 when they are multiplied.
    let block = max(16, (1 << 13) / inputs & ~7)
    forEachTile(m: rows, n: outputs, k: inputs) { panels, column, columns in
        packWeights(panels, w, row: column, rows: columns, width: inputs)
    } tile: { row, count, column, columns, panels in
        Scratch.with(min(block, count) &* inputs) { x in
            var from = row
            while from < row &+ count {
                let piece = min(block, row &+ count &- from)
                input.fill(x, row: from, rows: piece, width: inputs, keeping: column == 0)
                addProduct(
                    y, LeftFactor(x, ld: inputs, transposed: false), panels, bias: bias, residual: residual, row: from,
                    rows: piece, column: column, columns: columns, outputs,
                    streaming: outgrowsCaches(floats: rows &* outputs))
                from &+= piece
            }
        }
    }
}
