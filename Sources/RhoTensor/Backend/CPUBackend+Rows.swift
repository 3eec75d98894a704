import RhoCore
import RhoKernels

extension CPUBackend {
    package func gatherRows(_ y: Buffer, _ x: Buffer, _ rows: [Int32]) {
        guard y.count > 0 else { return }
        withIDs(rows) { RhoKernels.gatherRows(y.floats, x.reading, $0, rows: rows.count, width: x.width) }
    }

    package func scatterAddRows(_ y: Buffer, _ x: Buffer, _ rows: [Int32]) {
        guard x.count > 0 else { return }
        withIDs(rows) {
            RhoKernels.scatterAddRows(y.floats, x.reading, $0, rows: rows.count, width: x.width, targets: y.rows)
        }
    }

    package func copyRows(
        _ y: Buffer, yStride: Int, _ x: Buffer, xStride: Int, rows: Int, width: Int, accumulate: Bool
    ) {
        for row in 0..<rows where width > 0 {
            let target = y.floats + row * yStride
            let source = x.reading + row * xStride
            if accumulate {
                RhoKernels.axpy(target, source, 1, count: width)
            } else {
                target.update(from: source, count: width)
            }
        }
    }

    package func transpose(_ y: Buffer, _ x: Buffer, batch: Int, rows: Int, columns: Int) {
        for index in 0..<batch where rows * columns > 0 {
            let offset = index * rows * columns
            transpose2D(y.floats + offset, x.reading + offset, rows: rows, columns: columns)
        }
    }

    package func reduceSum(_ y: Buffer, _ x: Buffer, outer: Int, n: Int, inner: Int) {
        guard x.count > 0 else { return fill(y, 0) }
        RhoKernels.reduceSum(y.floats, x.reading, outer: outer, n: n, inner: inner)
    }

    package func reduceMax(_ y: Buffer, _ x: Buffer, outer: Int, n: Int, inner: Int) {
        guard x.count > 0 else { return fill(y, -.infinity) }
        RhoKernels.reduceMax(y.floats, x.reading, outer: outer, n: n, inner: inner)
    }

    package func softmax(_ y: Buffer, _ x: Buffer, rows: Int, width: Int, log: Bool) {
        guard y.count > 0 else { return }
        if log {
            logSoftmaxRows(y.floats, x.reading, rows: rows, width: width)
        } else {
            softmaxRows(y.floats, x.reading, rows: rows, width: width)
        }
    }

    package func cumulativeSum(_ y: Buffer, _ x: Buffer, outer: Int, n: Int, inner: Int) {
        let (target, source) = (y.floats, x.reading)
        for o in 0..<outer {
            for j in 0..<inner {
                // In Double: a running Float sum over a batch of losses would drift.
                var sum = 0.0
                for i in 0..<n {
                    let place = (o * n + i) * inner + j
                    sum += Double(source[place])
                    target[place] = Float(sum)
                }
            }
        }
    }

    package func order(_ x: Buffer, rows: Int, width: Int, descending: Bool, count: Int) -> [Int32] {
        let values = x.reading
        var result: [Int32] = []
        result.reserveCapacity(rows * count)
        for row in 0..<rows {
            let line = values + row * width
            // Equal values keep their order because the index is the low half of the key.
            var keys = (0..<width).map { UInt64(orderKey(line[$0], descending)) << 32 | UInt64($0) }
            keys.sort()
            result.append(contentsOf: keys.prefix(count).map { Int32(truncatingIfNeeded: $0 & 0xFFFF_FFFF) })
        }
        return result
    }
}

/// Bits that sort like the value: ascending or descending, NaN last either way, -0 equal to 0.
private func orderKey(_ value: Float, _ descending: Bool) -> UInt32 {
    if value.isNaN { return .max }
    let bits = (value == 0 ? 0 : value).bitPattern
    let ascending = bits >> 31 == 0 ? bits | 0x8000_0000 : ~bits
    return descending ? ~ascending : ascending
}
