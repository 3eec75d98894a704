/// y[o, i] = Σ_n x[o, n, i] for x of `outer` × `n` × `inner`, or += when `accumulate`. n = 0 gives 0.
///
/// Sums run in fixed blocks of n, added in their order.
public func reduceSum(_ y: MutableFloats, _ x: Floats, outer: Int, n: Int, inner: Int, accumulate: Bool = false) {
    if inner == 1 && outer == 1 && n > elementBlock { return sumLong(y, x, n, accumulate) }
    if inner == 1 {
        Parallel.ranges(outer, size: max(1, elementBlock / max(1, n))) { start, end in
            for o in start..<end {
                let line = x + o &* n
                let sum = sumVectors(n) { load(line + $0, lanes: $1) }
                y[o] = accumulate ? y[o] + sum : sum
            }
        }
        return
    }
    if outer == 1 && n >= 256 {
        // Tall and narrow, as the gradient of a broadcast row: blocks of n in parallel, each with its own partial row.
        if !accumulate { fill(y, 0, count: inner) }
        sumOverRowBlocks(y, rows: n, width: inner) { row, partial in
            guard let partial else { return }
            mapVectors(partial, partial, x + row &* inner, inner) { $0 + $1 }
        }
        return
    }
    let strips = (inner &+ 63) / 64
    Parallel.blocks(outer &* strips) { index in
        let o = index / strips
        let start = index % strips &* 64
        var column = start
        while column < min(start &+ 64, inner) {
            let lanes = min(16, inner &- column)
            let target = y + o &* inner &+ column
            var sum = accumulate ? load(UnsafePointer(target), lanes: lanes) : .zero
            for row in 0..<n { sum += load(x + (o &* n &+ row) &* inner &+ column, lanes: lanes) }
            store(sum, target, lanes: lanes)
            column &+= 16
        }
    }
}

private func sumLong(_ y: MutableFloats, _ x: Floats, _ n: Int, _ accumulate: Bool) {
    let blocks = (n &+ elementBlock &- 1) / elementBlock
    Scratch.with(blocks) { partials in
        elementBlocks(n) { start, end in
            partials[start / elementBlock] = sumVectors(end &- start) { load(x + start &+ $0, lanes: $1) }
        }
        var total = 0.0
        for block in 0..<blocks { total += Double(partials[block]) }
        y[0] = accumulate ? y[0] + Float(total) : Float(total)
    }
}

/// y[o, i] = max_n x[o, n, i] and, where given, index[o, i] = the first n that has it. A NaN wins, the first one.
/// n = 0 gives -∞ and index -1.
public func reduceMax(
    _ y: MutableFloats, index: UnsafeMutablePointer<Int32>? = nil, _ x: Floats, outer: Int, n: Int, inner: Int
) {
    Parallel.ranges(outer &* inner, size: max(1, elementBlock / max(1, n))) { start, end in
        for cell in start..<end {
            let line = x + cell / inner &* n &* inner &+ cell % inner
            var best = -Float.infinity
            var place = n > 0 ? 0 : -1
            for i in 0..<n {
                let value = line[i &* inner]
                if value > best || (value != value && best == best) {
                    best = value
                    place = i
                }
            }
            y[cell] = best
            if let index { index[cell] = Int32(truncatingIfNeeded: place) }
        }
    }
}

/// Largest of `count` floats at `x`; NaN if one is NaN, -∞ if there is none.
@_transparent
func maxVectors(_ x: Floats, _ count: Int) -> Float {
    var best = Vec(repeating: -.infinity)
    // A NaN compares false with everything: the mask catches what the running maximum would forget.
    var clean = best .== best
    var i = 0
    while i < count {
        let lanes = min(16, count &- i)
        let v = lanes >= 16 ? load(x + i) : loadPartial(x + i, lanes, fill: -.infinity)
        clean .&= (v .== v)
        best = maximum(v, best)
        i &+= 16
    }
    return laneMax(select(clean, best, Vec(repeating: .nan)))
}
