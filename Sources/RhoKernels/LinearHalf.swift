import COpenBLAS

/// `linearForward` for few rows and weights of 16 bits: bound by the reading of w, which is half as long.
@inline(__always)
func skinnyLinear<Format: HalfFormat>(
    _ y: MutableFloats, _ x: Floats, _ w: UnsafePointer<UInt16>, bias: Floats?, residual: Floats?,
    rows: Int, inputs: Int, outputs: Int, _ format: Format.Type
) {
    Parallel.ranges(outputs, size: 64) { start, end in
        Scratch.with(64 &* (skinnyRows &+ 4)) { sums in
            var o = start
            while o < end {
                let last = rows &- 1
                var row = 0
                while row < rows {
                    eightHalfDots(
                        sums + row &* 64 &+ (o &- start), w + o &* inputs, w + min(o &+ 1, end &- 1) &* inputs,
                        x + row &* inputs, x + min(row &+ 1, last) &* inputs,
                        x + min(row &+ 2, last) &* inputs, x + min(row &+ 3, last) &* inputs, inputs, format)
                    row &+= 4
                }
                o &+= 2
            }
            skinnyResults(y, sums, bias, residual, start: start, end: end, rows: rows, outputs: outputs)
        }
    }
}

/// sums[64j + i] = w_i · x_j.
@inline(__always)
private func eightHalfDots<Format: HalfFormat>(
    _ sums: MutableFloats, _ w0: UnsafePointer<UInt16>, _ w1: UnsafePointer<UInt16>, _ x0: Floats, _ x1: Floats,
    _ x2: Floats, _ x3: Floats, _ count: Int, _ format: Format.Type
) {
    var (a0, a1, a2, a3) = (Vec.zero, Vec.zero, Vec.zero, Vec.zero)
    var (b0, b1, b2, b3) = (Vec.zero, Vec.zero, Vec.zero, Vec.zero)
    var i = 0
    while i < count {
        let lanes = count &- i
        rho_prefetch(w0 + (i &+ 2 &* count))
        rho_prefetch(w1 + (i &+ 2 &* count))
        let full = _fastPath(lanes >= 16)
        let a = full ? loadHalf(w0 + i, format) : loadHalfPartial(w0 + i, lanes: lanes, format)
        let b = full ? loadHalf(w1 + i, format) : loadHalfPartial(w1 + i, lanes: lanes, format)
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
