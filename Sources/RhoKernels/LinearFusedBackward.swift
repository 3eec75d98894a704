import COpenBLAS

/// Backward through a linear layer into what its input was computed from, piece by piece: the gradient of the input
/// itself is never written out.

/// Rows whose input gradients are held at a time.
private let gradientBlock = 64

/// dgu_N2I for y_NO = (silu(g)·u) · w_OIᵀ and rows gu = [g(I) | u(I)]; `product` gets silu(g)·u again where given. `dgu`
/// may be the same memory as `gu`. (arXiv 2002.05202)
public func linearBackwardSwiGLU(
    _ dgu: MutableFloats, _ product: MutableFloats?, _ dy: Floats, _ w: Floats, _ gu: Floats, rows: Int, inputs: Int,
    outputs: Int
) {
    guard rows > 0 && inputs > 0 else { return }
    let streams = outgrowsCaches(floats: rows &* inputs)
    inputGradients(dy, w, rows: rows, inputs: inputs, outputs: outputs) { tile, row, count, column, columns, _ in
        for r in 0..<count {
            let place = (row &+ r) &* 2 &* inputs &+ column
            swigluRowBackward(
                dgu + place, product.map { $0 + (row &+ r) &* inputs &+ column }, tile + r &* columns, gu + place,
                apart: inputs, count: columns, streams: streams)
        }
        if streams { rho_store_fence() }
    }
}

/// `rmsNormBackward` of dy_NI = dz_NO · w_OI, for z = norm(x) · wᵀ.
public func linearBackwardRMSNorm(
    _ dx: MutableFloats, _ dweight: MutableFloats?, _ dz: Floats, _ w: Floats, _ norm: NormRows, rows: Int,
    inputs: Int, outputs: Int, accumulate: Bool
) {
    guard rows > 0 && inputs > 0 else { return }
    guard ProductPlan(m: rows, n: inputs).rowTiles > 1 else {
        return Scratch.with(rows &* inputs) { dy in
            linearBackwardInput(dy, dz, w, rows: rows, inputs: inputs, outputs: outputs, accumulate: false)
            rmsNormBackward(
                dx, dweight, dy, norm.x, norm.weight, norm.rstd, rows: rows, width: inputs, accumulate: accumulate)
        }
    }
    let tiles = ProductPlan(m: rows, n: inputs, wholeRows: true).rowTiles
    Scratch.with(dweight == nil ? 0 : tiles &* inputs) { partials in
        if dweight != nil { partials.update(repeating: 0, count: tiles &* inputs) }
        inputGradients(dz, w, rows: rows, inputs: inputs, outputs: outputs, wholeRows: true) {
            tile, row, count, _, _, index in
            let partial = dweight == nil ? nil : partials + index &* inputs
            for r in 0..<count {
                let place = (row &+ r) &* inputs
                rmsNormRowBackward(
                    dx + place, partial, tile + r &* inputs, norm.x + place, norm.weight, norm.rstd[row &+ r], inputs,
                    accumulate: accumulate)
            }
        }
        if let dweight { addColumnSums(dweight, partials, rows: tiles, width: inputs) }
    }
}

/// Calls `use` with pieces of dy · w: the piece, its first row, rows, first column, columns (also the floats between its
/// rows), and the number of its row tile.
@inline(__always)
private func inputGradients(
    _ dy: Floats, _ w: Floats, rows: Int, inputs: Int, outputs: Int, wholeRows: Bool = false,
    _ use: (MutableFloats, _ row: Int, _ count: Int, _ column: Int, _ columns: Int, _ tile: Int) -> Void
) {
    let plan = ProductPlan(m: rows, n: inputs, wholeRows: wholeRows)
    let factor = LeftFactor(dy, ld: outputs, transposed: false)
    forEachTile(plan, m: rows, n: inputs, k: outputs) { panels, column, columns in
        packPanels(panels, w + column, ld: inputs, transposed: false, columns: columns, k: outputs)
    } tile: { row, count, column, columns, panels in
        Scratch.with(gradientBlock &* columns) { tile in
            var from = row
            while from < row &+ count {
                let piece = min(gradientBlock, row &+ count &- from)
                if outputs > 0 {
                    multiplyPanels(
                        tile, ldc: columns, factor.dropping(rows: from), rows: piece, panels, columns: columns)
                } else {
                    tile.update(repeating: 0, count: piece &* columns)
                }
                use(tile, from, piece, column, columns, row / plan.rowTile)
                from &+= piece
            }
        }
    }
}
