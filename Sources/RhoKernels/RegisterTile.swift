import COpenBLAS

/// The square of C that the innermost loop of a matrix product keeps in registers.
///
/// 32 registers of 16 floats (AVX-512) hold 8 rows of two vectors and still have room for both factors; 16 registers of
/// 8 (AVX2) hold 6 rows of one vector. With two loads and two multiply-adds a cycle, either is bound by the arithmetic.
enum RegisterTile {
    @_transparent static var isWide: Bool { RHO_WIDE_REGISTERS == 1 }
    @_transparent static var rows: Int { isWide ? 8 : 6 }
    @_transparent static var columns: Int { isWide ? 32 : 16 }
}

/// Factor A of a product as the innermost loop reads it: element (i, p) lies at (i / h)·strip + (i % h)·row + p·step with
/// h = `RegisterTile.rows`. Of `row` and `step` one is 1, or `row` is 1 and `step` is h.
struct LeftFactor {
    let start: Floats
    let strip: Int
    let row: Int
    let step: Int

    /// A as stored: [m, k], or [k, m] with `transposed`.
    init(_ start: Floats, ld: Int, transposed: Bool) {
        self.init(
            start: start, strip: RegisterTile.rows &* (transposed ? 1 : ld), row: transposed ? 1 : ld,
            step: transposed ? ld : 1)
    }

    /// A as `packStrips` lays it out.
    init(strips: Floats, steps: Int) {
        self.init(start: strips, strip: LeftFactor.stripFloats(steps), row: 1, step: RegisterTile.rows)
    }

    private init(start: Floats, strip: Int, row: Int, step: Int) {
        self.start = start
        self.strip = strip
        self.row = row
        self.step = step
    }

    @_transparent
    func at(row i: Int, step p: Int) -> Floats {
        start + i / RegisterTile.rows &* strip &+ i % RegisterTile.rows &* row &+ p &* step
    }

    /// A as stored, from a row on.
    func dropping(rows: Int) -> LeftFactor {
        LeftFactor(start: start + rows &* row, strip: strip, row: row, step: step)
    }

    /// Floats of one packed strip; a cache line more than its rows, so that strips do not fall on the same cache sets.
    static func stripFloats(_ steps: Int) -> Int { RegisterTile.rows &* steps &+ 16 }
}

/// One row of the register tile.
private struct TileRow {
    var low = Vec.zero
    var high = Vec.zero

    @_transparent
    mutating func add(_ a: Float, _ b: Vec, _ c: Vec) {
        let factor = Vec(repeating: a)
        low = fma(factor, b, low)
        if RegisterTile.isWide { high = fma(factor, c, high) }
    }

    @_transparent
    func put(_ c: MutableFloats, onto start: Floats?) {
        if let start {
            store(load(start) + low, c)
            if RegisterTile.isWide { store(load(start + 16) + high, c + 16) }
        } else {
            store(low, c)
            if RegisterTile.isWide { store(high, c + 16) }
        }
    }
}

/// C = S + A·B for one register tile: `k` steps, B packed in rows of `RegisterTile.columns`. S is `onto`, in rows as far
/// apart as those of C and perhaps C itself, or zero.
@inline(__always)
private func registerTile(
    _ c: MutableFloats, _ ldc: Int, _ a: Floats, row: Int, step: Int, _ b: Floats, _ k: Int, onto start: Floats?
) {
    var (r0, r1, r2, r3) = (TileRow(), TileRow(), TileRow(), TileRow())
    var (r4, r5, r6, r7) = (TileRow(), TileRow(), TileRow(), TileRow())
    var a0 = a
    var a3 = a + 3 &* row
    var a6 = a + 6 &* row
    var b = b
    for _ in 0..<k {
        let x = load(b)
        let y = RegisterTile.isWide ? load(b + 16) : .zero
        r0.add(a0[0], x, y)
        r1.add(a0[row], x, y)
        r2.add(a0[2 &* row], x, y)
        r3.add(a3[0], x, y)
        r4.add(a3[row], x, y)
        r5.add(a3[2 &* row], x, y)
        if RegisterTile.rows == 8 {
            r6.add(a6[0], x, y)
            r7.add(a6[row], x, y)
        }
        a0 += step
        a3 += step
        a6 += step
        b += RegisterTile.columns
    }
    @inline(__always) func put(_ values: TileRow, _ row: Int) {
        values.put(c + row &* ldc, onto: start.map { $0 + row &* ldc })
    }
    put(r0, 0)
    put(r1, 1)
    put(r2, 2)
    put(r3, 3)
    put(r4, 4)
    put(r5, 5)
    if RegisterTile.rows == 8 {
        put(r6, 6)
        put(r7, 7)
    }
}

/// `registerTile` of rows and steps from `at` on, with A's strides known to the compiler as far as they can be.
@inline(never)
func multiplyTile(
    _ c: MutableFloats, _ ldc: Int, _ a: LeftFactor, _ at: Floats, _ b: Floats, _ k: Int, onto start: Floats?
) {
    if a.step == RegisterTile.rows && a.row == 1 {
        registerTile(c, ldc, at, row: 1, step: RegisterTile.rows, b, k, onto: start)
    } else if a.row == 1 {
        registerTile(c, ldc, at, row: 1, step: a.step, b, k, onto: start)
    } else {
        registerTile(c, ldc, at, row: a.row, step: 1, b, k, onto: start)
    }
}
