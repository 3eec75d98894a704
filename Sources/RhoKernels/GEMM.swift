import COpenBLAS

/// One sgemm of OpenBLAS on the calling thread, row-major: C = alpha·op(A)·op(B) + beta·C. The only door to BLAS.
@inline(__always)
func sgemm(
    _ c: MutableFloats, _ a: Floats, _ b: Floats, m: Int, n: Int, k: Int, transA: Bool, transB: Bool,
    alpha: Float, beta: Float, lda: Int, ldb: Int, ldc: Int
) {
    cblas_sgemm(
        CblasRowMajor, transA ? CblasTrans : CblasNoTrans, transB ? CblasTrans : CblasNoTrans,
        Int32(truncatingIfNeeded: m), Int32(truncatingIfNeeded: n), Int32(truncatingIfNeeded: k),
        alpha, a, Int32(truncatingIfNeeded: lda), b, Int32(truncatingIfNeeded: ldb),
        beta, c, Int32(truncatingIfNeeded: ldc))
}

/// Fixed output tiles of a matrix product. Big tiles spread BLAS's packing over more work, small ones give more threads
/// something to do; what is chosen depends on the shape alone.
struct Tiles {
    let rows: Int
    let columns: Int
    let rowTiles: Int
    let columnTiles: Int

    var count: Int { rowTiles &* columnTiles }

    /// Halves the longer side from 256 × 1024 until there are at least 16 tiles or a side reaches 64.
    init(m: Int, n: Int) {
        var rows = min(256, max(m, 1))
        var columns = min(1024, max(n, 1))
        func pieces(_ total: Int, _ size: Int) -> Int { (total &+ size &- 1) / size }
        while pieces(m, rows) &* pieces(n, columns) < 16 && max(rows, columns) > 64 {
            if columns >= rows { columns = (columns &+ 1) / 2 } else { rows = (rows &+ 1) / 2 }
            rows = Tiles.rounded(rows, 16)
            columns = Tiles.rounded(columns, 16)
        }
        self.rows = rows
        self.columns = columns
        rowTiles = pieces(m, rows)
        columnTiles = pieces(n, columns)
    }

    private static func rounded(_ x: Int, _ step: Int) -> Int { (x &+ step &- 1) / step &* step }

    /// Row and column range of a tile.
    @inline(__always)
    func bounds(_ tile: Int, m: Int, n: Int) -> (row: Int, rows: Int, column: Int, columns: Int) {
        let row = tile / columnTiles &* rows
        let column = tile % columnTiles &* columns
        return (row, min(rows, m &- row), column, min(columns, n &- column))
    }
}

/// The product of matrices that are no layer of a model; layers multiply by `multiplyPanels`.
///
/// C_MN = alpha·op(A)·op(B), or += when `accumulate`. Row-major; `lda`, `ldb` and `ldc` are the floats between rows as
/// stored: A is [m, k] or, with `transA`, [k, m]; B is [k, n] or, with `transB`, [n, k]. With k = 0 the product is
/// zero.
public func gemm(
    _ c: MutableFloats, _ a: Floats, _ b: Floats, m: Int, n: Int, k: Int, transA: Bool, transB: Bool,
    alpha: Float = 1, accumulate: Bool, lda: Int, ldb: Int, ldc: Int
) {
    guard m > 0 && n > 0 else { return }
    let tiles = Tiles(m: m, n: n)
    Parallel.blocks(tiles.count) { tile in
        let (row, rows, column, columns) = tiles.bounds(tile, m: m, n: n)
        let target = c + row &* ldc &+ column
        guard k > 0 else {
            if !accumulate { for r in 0..<rows { (target + r &* ldc).update(repeating: 0, count: columns) } }
            return
        }
        sgemm(
            target, transA ? a + row : a + row &* lda, transB ? b + column &* ldb : b + column,
            m: rows, n: columns, k: k, transA: transA, transB: transB,
            alpha: alpha, beta: accumulate ? 1 : 0, lda: lda, ldb: ldb, ldc: ldc)
    }
}
