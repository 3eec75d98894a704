import COpenBLAS

/// Up to this many rows a linear layer reads its weights once and keeps sums in registers; BLAS would spend as long
/// packing the weights as multiplying by them.
let skinnyRows = 32

/// `linearForward` for few rows, as in decoding: bound by the reading of w. Two weight rows by four input rows at a
/// time.
func skinnyLinear(
    _ y: MutableFloats, _ x: Floats, _ w: Floats, bias: Floats?, residual: Floats?,
    rows: Int, inputs: Int, outputs: Int
) {
    Parallel.ranges(outputs, size: 64) { start, end in
        // A block's results wait in a square of their own, since `residual` may be `y`.
        Scratch.with(64 &* (skinnyRows &+ 4)) { sums in
            var o = start
            while o < end {
                // Past the last row the last one is taken again, and its sum left unused.
                var row = 0
                while row < rows {
                    let last = rows &- 1
                    eightDots(
                        sums + row &* 64 &+ (o &- start), w + o &* inputs, w + min(o &+ 1, end &- 1) &* inputs,
                        x + row &* inputs, x + min(row &+ 1, last) &* inputs,
                        x + min(row &+ 2, last) &* inputs, x + min(row &+ 3, last) &* inputs, inputs)
                    row &+= 4
                }
                o &+= 2
            }
            skinnyResults(y, sums, bias, residual, start: start, end: end, rows: rows, outputs: outputs)
        }
    }
}

/// Lays the sums of a block of outputs down, with bias and residual.
func skinnyResults(
    _ y: MutableFloats, _ sums: MutableFloats, _ bias: Floats?, _ residual: Floats?, start: Int, end: Int, rows: Int,
    outputs: Int
) {
    let width = end &- start
    for row in 0..<rows {
        let line = sums + row &* 64
        let place = row &* outputs &+ start
        if let bias { add(line, bias + start, width) }
        if let residual { add(line, residual + place, width) }
        (y + place).update(from: line, count: width)
    }
}

/// sums[64j + i] = w_i · x_j.
private func eightDots(
    _ sums: MutableFloats, _ w0: Floats, _ w1: Floats, _ x0: Floats, _ x1: Floats, _ x2: Floats, _ x3: Floats,
    _ count: Int
) {
    var (a0, a1, a2, a3) = (Vec.zero, Vec.zero, Vec.zero, Vec.zero)
    var (b0, b1, b2, b3) = (Vec.zero, Vec.zero, Vec.zero, Vec.zero)
    var i = 0
    while i < count {
        let lanes = count &- i
        // Rows of w are too short for the processor to see where the next pair starts.
        rho_prefetch(w0 + (i &+ 2 &* count))
        rho_prefetch(w1 + (i &+ 2 &* count))
        let a = load(w0 + i, lanes: lanes)
        let b = load(w1 + i, lanes: lanes)
        let v0 = load(x0 + i, lanes: lanes)
        let v1 = load(x1 + i, lanes: lanes)
        let v2 = load(x2 + i, lanes: lanes)
        let v3 = load(x3 + i, lanes: lanes)
        a0 = fma(a, v0, a0)
        a1 = fma(a, v1, a1)
        a2 = fma(a, v2, a2)
        a3 = fma(a, v3, a3)
        b0 = fma(b, v0, b0)
        b1 = fma(b, v1, b1)
        b2 = fma(b, v2, b2)
        b3 = fma(b, v3, b3)
        i &+= 16
    }
    sums[0] = laneSum(a0)
    sums[1] = laneSum(b0)
    sums[64] = laneSum(a1)
    sums[65] = laneSum(b1)
    sums[128] = laneSum(a2)
    sums[129] = laneSum(b2)
    sums[192] = laneSum(a3)
    sums[193] = laneSum(b3)
}
