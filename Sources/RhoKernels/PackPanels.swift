import COpenBLAS

/// Floats of `columns` columns and `k` rows of B in panels.
@inline(__always)
func panelFloats(columns: Int, k: Int) -> Int {
    let width = RegisterTile.columns
    return (columns &+ width &- 1) / width &* width &* k
}

/// Lays B out for `multiplyPanels`: panels of `RegisterTile.columns` columns, each row of a panel in one piece, columns
/// past the last zero. B is [k, columns], or [columns, k] with `transposed`; every value is multiplied by `factor`.
func packPanels(
    _ panels: MutableFloats, _ b: Floats, ld: Int, transposed: Bool, columns: Int, k: Int, factor: Float = 1
) {
    let width = RegisterTile.columns
    var column = 0
    while column < columns {
        let panel = panels + column &* k
        let count = min(width, columns &- column)
        if transposed {
            packTransposedPanel(panel, b + column &* ld, ld: ld, columns: count, k: k)
        } else {
            packPanel(panel, b + column, ld: ld, columns: count, k: k)
        }
        if factor != 1 {
            var i = 0
            while i < width &* k {
                store(load(panel + i) * factor, panel + i)
                i &+= 16
            }
        }
        column &+= width
    }
}

/// `packPanels` of weight rows, the columns of B, in whatever form they are kept.
func packWeights(_ panels: MutableFloats, _ w: WeightRows, row: Int, rows: Int, width k: Int) {
    if case .f32(let w) = w {
        return packPanels(panels, w + row &* k, ld: k, transposed: true, columns: rows, k: k)
    }
    var first = 0
    while first < rows {
        let count = min(RegisterTile.columns, rows &- first)
        w.with(row &+ first, count, width: k) { wide in
            packPanels(panels + first &* k, wide, ld: k, transposed: true, columns: count, k: k)
        }
        first &+= RegisterTile.columns
    }
}

private func packPanel(_ panel: MutableFloats, _ b: Floats, ld: Int, columns: Int, k: Int) {
    let width = RegisterTile.columns
    if columns == width {
        for p in 0..<k {
            let line = b + p &* ld
            store(load(line), panel + p &* width)
            if RegisterTile.isWide { store(load(line + 16), panel + p &* width &+ 16) }
        }
        return
    }
    for p in 0..<k {
        let line = panel + p &* width
        line.update(repeating: 0, count: width)
        line.update(from: b + p &* ld, count: columns)
    }
}

/// Lays rows `k` of [k, columns] out as factor A, its columns the rows of A: strips of `RegisterTile.rows` columns, each
/// step of a strip in one piece, columns past the last zero. The source is read row by row, with the rows to come asked
/// for early: read strip by strip, every step would wait for another page.
func packStrips(_ strips: MutableFloats, _ a: Floats, ld: Int, columns: Int, k: Int) {
    let height = RegisterTile.rows
    let stride = LeftFactor.stripFloats(k)
    for p in 0..<k {
        let line = a + p &* ld
        var ahead = 0
        while ahead < columns {
            rho_prefetch(line + (8 &* ld &+ ahead))
            ahead &+= 16
        }
        var column = 0
        var strip = strips + p &* height
        while column &+ height <= columns {
            if RegisterTile.isWide {
                let eight = UnsafeRawPointer(line + column).loadUnaligned(as: SIMD8<Float>.self)
                UnsafeMutableRawPointer(strip).storeBytes(of: eight, as: SIMD8<Float>.self)
            } else {
                strip.update(from: line + column, count: height)
            }
            column &+= height
            strip += stride
        }
        if column < columns {
            strip.update(repeating: 0, count: height)
            strip.update(from: line + column, count: columns &- column)
        }
    }
}

/// `packPanels` of normalised rows, from the statistics that the forward pass left.
func packNormPanels(
    _ panels: MutableFloats, _ norm: NormRows, row: Int, rows: Int, column: Int, columns: Int, _ width: Int
) {
    let step = RegisterTile.columns
    var c = 0
    while c < columns {
        let panel = panels + c &* rows
        var lane = 0
        while lane < step {
            let lanes = columns &- c &- lane
            let place = column &+ c &+ lane
            let weight = load(norm.weight + place, lanes: lanes)
            let shift = norm.bias.map { load($0 + place, lanes: lanes) } ?? .zero
            for p in 0..<rows {
                let v = load(norm.x + (row &+ p) &* width &+ place, lanes: lanes)
                let rstd = norm.rstd[row &+ p]
                let y = norm.mean.map { fma((v - $0[row &+ p]) * rstd, weight, shift) } ?? v * rstd * weight
                store(y, panel + p &* step &+ lane)
            }
            lane &+= 16
        }
        c &+= step
    }
}

/// One panel of `packPanels` from a transposed B.
func packTransposedPanel(_ panel: MutableFloats, _ b: Floats, ld: Int, columns: Int, k: Int) {
    let width = RegisterTile.columns
    var p = 0
    if columns == width {
        while p &+ 16 <= k {
            transpose16(panel + p &* width, width, b + p, ld)
            if RegisterTile.isWide { transpose16(panel + p &* width &+ 16, width, b + p &+ 16 &* ld, ld) }
            p &+= 16
        }
    }
    while p < k {
        let line = panel + p &* width
        for column in 0..<width { line[column] = column < columns ? b[column &* ld &+ p] : 0 }
        p &+= 1
    }
}

/// y[j, i] = x[i, j] for a 16 × 16 square: four rounds of interleaving rows i and i + 8.
@inline(never)
func transpose16(_ y: MutableFloats, _ ldy: Int, _ x: Floats, _ ldx: Int) {
    @_transparent func low(_ a: Vec, _ b: Vec) -> Vec { interleave(a.lowHalf, b.lowHalf) }
    @_transparent func high(_ a: Vec, _ b: Vec) -> Vec { interleave(a.highHalf, b.highHalf) }
    var (r0, r1, r2, r3) = (load(x), load(x + ldx), load(x + 2 &* ldx), load(x + 3 &* ldx))
    let x4 = x + 4 &* ldx
    var (r4, r5, r6, r7) = (load(x4), load(x4 + ldx), load(x4 + 2 &* ldx), load(x4 + 3 &* ldx))
    let x8 = x4 + 4 &* ldx
    var (r8, r9, r10, r11) = (load(x8), load(x8 + ldx), load(x8 + 2 &* ldx), load(x8 + 3 &* ldx))
    let x12 = x8 + 4 &* ldx
    var (r12, r13, r14, r15) = (load(x12), load(x12 + ldx), load(x12 + 2 &* ldx), load(x12 + 3 &* ldx))
    for _ in 0..<4 {
        let (a0, a1, a2, a3) = (low(r0, r8), high(r0, r8), low(r1, r9), high(r1, r9))
        let (a4, a5, a6, a7) = (low(r2, r10), high(r2, r10), low(r3, r11), high(r3, r11))
        let (a8, a9, a10, a11) = (low(r4, r12), high(r4, r12), low(r5, r13), high(r5, r13))
        let (a12, a13, a14, a15) = (low(r6, r14), high(r6, r14), low(r7, r15), high(r7, r15))
        (r0, r1, r2, r3, r4, r5, r6, r7) = (a0, a1, a2, a3, a4, a5, a6, a7)
        (r8, r9, r10, r11, r12, r13, r14, r15) = (a8, a9, a10, a11, a12, a13, a14, a15)
    }
    store(r0, y)
    store(r1, y + ldy)
    store(r2, y + 2 &* ldy)
    store(r3, y + 3 &* ldy)
    let y4 = y + 4 &* ldy
    store(r4, y4)
    store(r5, y4 + ldy)
    store(r6, y4 + 2 &* ldy)
    store(r7, y4 + 3 &* ldy)
    let y8 = y4 + 4 &* ldy
    store(r8, y8)
    store(r9, y8 + ldy)
    store(r10, y8 + 2 &* ldy)
    store(r11, y8 + 3 &* ldy)
    let y12 = y8 + 4 &* ldy
    store(r12, y12)
    store(r13, y12 + ldy)
    store(r14, y12 + 2 &* ldy)
    store(r15, y12 + 3 &* ldy)
}

/// a0 b0 a1 b1 …
@_transparent
private func interleave(_ a: SIMD8<Float>, _ b: SIMD8<Float>) -> Vec {
    var v = Vec()
    v.evenHalf = a
    v.oddHalf = b
    return v
}
