import Glibc

extension Reference {
    public static func embeddingForward(
        _ y: MutableFloats, _ table: Floats, _ ids: UnsafePointer<Int32>, rows: Int, width: Int
    ) {
        gatherRows(y, table, ids, rows: rows, width: width)
    }

    public static func embeddingBackward(
        _ dtable: MutableFloats, _ dy: Floats, _ ids: UnsafePointer<Int32>, rows: Int, width: Int, vocab: Int
    ) {
        scatterAddRows(dtable, dy, ids, rows: rows, width: width, targets: vocab)
    }

    public static func gatherRows(_ y: MutableFloats, _ x: Floats, _ ids: UnsafePointer<Int32>, rows: Int, width: Int) {
        for row in 0..<rows {
            for i in 0..<width { y[row * width + i] = ids[row] < 0 ? 0 : x[Int(ids[row]) * width + i] }
        }
    }

    public static func scatterAddRows(
        _ y: MutableFloats, _ x: Floats, _ ids: UnsafePointer<Int32>, rows: Int, width: Int, targets: Int
    ) {
        for row in 0..<rows where ids[row] >= 0 && Int(ids[row]) < targets {
            for i in 0..<width { y[Int(ids[row]) * width + i] += x[row * width + i] }
        }
    }

    public static func softmaxRows(_ y: MutableFloats, _ x: Floats, rows: Int, width: Int) {
        logSoftmaxRows(y, x, rows: rows, width: width)
        for i in 0..<rows * width { y[i] = Float(Glibc.exp(Double(y[i]))) }
    }

    public static func logSoftmaxRows(_ y: MutableFloats, _ x: Floats, rows: Int, width: Int) {
        for row in 0..<rows {
            let line = (0..<width).map { Double(x[row * width + $0]) }
            let top = line.max() ?? 0
            let total = top + Glibc.log(line.reduce(0) { $0 + Glibc.exp($1 - top) })
            for i in 0..<width { y[row * width + i] = Float(line[i] - total) }
        }
    }

    public static func softmaxRowsBackward(
        _ dx: MutableFloats, _ dy: Floats, _ y: Floats, rows: Int, width: Int, accumulate: Bool
    ) {
        for row in 0..<rows {
            var dot = 0.0
            for i in row * width..<(row + 1) * width { dot += Double(dy[i]) * Double(y[i]) }
            for i in row * width..<(row + 1) * width { put(dx + i, Double(y[i]) * (Double(dy[i]) - dot), accumulate) }
        }
    }

    public static func logSoftmaxRowsBackward(
        _ dx: MutableFloats, _ dy: Floats, _ y: Floats, rows: Int, width: Int, accumulate: Bool
    ) {
        for row in 0..<rows {
            var sum = 0.0
            for i in row * width..<(row + 1) * width { sum += Double(dy[i]) }
            for i in row * width..<(row + 1) * width {
                put(dx + i, Double(dy[i]) - Glibc.exp(Double(y[i])) * sum, accumulate)
            }
        }
    }

    public static func reduceSum(
        _ y: MutableFloats, _ x: Floats, outer: Int, n: Int, inner: Int, accumulate: Bool = false
    ) {
        for o in 0..<outer {
            for i in 0..<inner {
                var sum = 0.0
                for j in 0..<n { sum += Double(x[(o * n + j) * inner + i]) }
                put(y + o * inner + i, sum, accumulate)
            }
        }
    }

    public static func reduceMax(
        _ y: MutableFloats, index: UnsafeMutablePointer<Int32>? = nil, _ x: Floats, outer: Int, n: Int, inner: Int
    ) {
        for o in 0..<outer {
            for i in 0..<inner {
                let line = (0..<n).map { x[(o * n + $0) * inner + i] }
                let place = line.firstIndex { $0.isNaN } ?? line.firstIndex(of: line.max() ?? 0) ?? -1
                y[o * inner + i] = place < 0 ? -.infinity : line[place]
                if let index { index[o * inner + i] = Int32(place) }
            }
        }
    }

    public static func transpose2D(_ y: MutableFloats, _ x: Floats, rows: Int, columns: Int) {
        for row in 0..<rows {
            for column in 0..<columns { y[column * rows + row] = x[row * columns + column] }
        }
    }
}
