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
struct TileRow {
    var low: Vec
    var high: Vec

    @_transparent
    init(_ low: Vec = .zero, _ high: Vec = .zero) {
        self.low = low
        self.high = high
    }

    /// The row at `p`.
    @_transparent
    init(at p: Floats) { self.init(load(p), RegisterTile.isWide ? load(p + 16) : .zero) }

    @_transparent
    init(repeating value: Float) { self.init(Vec(repeating: value), Vec(repeating: value)) }

    @_transparent
    mutating func add(_ a: Float, _ b: Vec, _ c: Vec, wide: Bool) {
        let factor = Vec(repeating: a)
        low = fma(factor, b, low)
        if wide { high = fma(factor, c, high) }
    }

    @_transparent
    func put(_ p: MutableFloats) {
        store(low, p)
        if RegisterTile.isWide { store(high, p + 16) }
    }

    /// `put` past the caches, to a multiple of 64 bytes.
    @_transparent
    func stream(_ p: MutableFloats) {
        rho_stream(p, low)
        if RegisterTile.isWide { rho_stream(p + 16, high) }
    }
}

/// What a tile starts from, and what becomes of its rows while they are in registers. Methods of a type, because closures
/// of this size are not inlined.
protocol TileEnds {
    func start(_ row: Int) -> TileRow
    func finish(_ row: Int, _ sum: TileRow)
}

/// S + A·B for one register tile: `k` steps, B packed in rows of `RegisterTile.columns`; `ends` gives S and takes the
/// rows. Without `wide` only the first 16 columns are computed.
@inline(__always)
func registerTile<Ends: TileEnds>(
    _ ends: Ends, _ a: Floats, row: Int, step: Int, _ b: Floats, _ k: Int, wide: Bool = RegisterTile.isWide
) {
    var (r0, r1, r2, r3) = (ends.start(0), ends.start(1), ends.start(2), ends.start(3))
    var (r4, r5) = (ends.start(4), ends.start(5))
    var (r6, r7) = RegisterTile.rows == 8 ? (ends.start(6), ends.start(7)) : (TileRow(), TileRow())
    var a0 = a
    var a3 = a + 3 &* row
    var a6 = a + 6 &* row
    var b = b
    for _ in 0..<k {
        let x = load(b)
        let y = wide ? load(b + 16) : .zero
        r0.add(a0[0], x, y, wide: wide)
        r1.add(a0[row], x, y, wide: wide)
        r2.add(a0[2 &* row], x, y, wide: wide)
        r3.add(a3[0], x, y, wide: wide)
        r4.add(a3[row], x, y, wide: wide)
        r5.add(a3[2 &* row], x, y, wide: wide)
        if RegisterTile.rows == 8 {
            r6.add(a6[0], x, y, wide: wide)
            r7.add(a6[row], x, y, wide: wide)
        }
        a0 += step
        a3 += step
        a6 += step
        b += RegisterTile.columns
    }
    ends.finish(0, r0)
    ends.finish(1, r1)
    ends.finish(2, r2)
    ends.finish(3, r3)
    ends.finish(4, r4)
    ends.finish(5, r5)
    if RegisterTile.rows == 8 {
        ends.finish(6, r6)
        ends.finish(7, r7)
    }
}

/// Rows of C: the product, added to `onto` where given.
private struct Stored: TileEnds {
    let c: MutableFloats
    let ld: Int
    let onto: Floats?
    let streams: Bool

    @inline(__always)
    func start(_ row: Int) -> TileRow { TileRow() }

    @inline(__always)
    func finish(_ row: Int, _ sum: TileRow) {
        var sum = sum
        if let onto {
            let old = TileRow(at: onto + row &* ld)
            sum = TileRow(old.low + sum.low, old.high + sum.high)
        }
        if streams { sum.stream(c + row &* ld) } else { sum.put(c + row &* ld) }
    }
}

/// C = S + A·B for one register tile, from rows and steps at `at` on, with A's strides known to the compiler as far as
/// they can be. S is `onto`, in rows as far apart as those of C and perhaps C itself, or zero. With `streams` C goes past
/// the caches.
@inline(never)
func multiplyTile(
    _ c: MutableFloats, _ ldc: Int, _ a: LeftFactor, _ at: Floats, _ b: Floats, _ k: Int, onto start: Floats?,
    streams: Bool
) {
    let ends = Stored(c: c, ld: ldc, onto: start, streams: streams)
    if a.step == RegisterTile.rows && a.row == 1 {
        registerTile(ends, at, row: 1, step: RegisterTile.rows, b, k)
    } else if a.row == 1 {
        registerTile(ends, at, row: 1, step: a.step, b, k)
    } else {
        registerTile(ends, at, row: a.row, step: 1, b, k)
    }
}
