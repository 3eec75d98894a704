/// y[i] = value.
public func fill(_ y: MutableFloats, _ value: Float, count: Int) {
    elementBlocks(count) { start, end in (y + start).update(repeating: value, count: end &- start) }
}

/// y[i] = x[i]. The ranges must be the same or apart.
public func copy(_ y: MutableFloats, _ x: Floats, count: Int) {
    elementBlocks(count) { start, end in (y + start).update(from: x + start, count: end &- start) }
}

/// y[i] += a·x[i].
public func axpy(_ y: MutableFloats, _ x: Floats, _ a: Float, count: Int) {
    elementBlocks(count) { start, end in
        mapVectors(y + start, x + start, y + start, end &- start) { fma(Vec(repeating: a), $0, $1) }
    }
}

/// y[i] = a·x[i]. `y` may be `x`.
public func scale(_ y: MutableFloats, _ x: Floats, _ a: Float, count: Int) {
    elementBlocks(count) { start, end in mapVectors(y + start, x + start, end &- start) { $0 * a } }
}

/// y[j, i] = x[i, j] for x of `rows` × `columns`. `y` must not be `x`.
public func transpose2D(_ y: MutableFloats, _ x: Floats, rows: Int, columns: Int) {
    let tile = 32
    Parallel.ranges(columns, size: tile) { start, end in
        var row = 0
        while row < rows {
            let last = min(row &+ tile, rows)
            for column in start..<end {
                for r in row..<last { y[column &* rows &+ r] = x[r &* columns &+ column] }
            }
            row = last
        }
    }
}
