import COpenBLAS

/// Up to this many rows a linear layer reads its weights once and keeps sums in registers; packing the weights would take
/// as long as multiplying by them.
let skinnyRows = 32

/// Outputs of one task at most.
private let widest = 64

/// `linearForward` for few rows, as in decoding: bound by the reading of w.
func skinnyLinear(
    _ y: MutableFloats, _ x: Floats, _ w: WeightRows, bias: Floats?, residual: Floats?,
    rows: Int, inputs: Int, outputs: Int
) {
    @inline(__always) func run<Format: WeightFormat>(_ w: UnsafePointer<Format.Number>, _ format: Format.Type) {
        skinnyLinear(
            y, x, w, bias: bias, residual: residual, rows: rows, inputs: inputs, outputs: outputs, format)
    }
    switch w {
    case .f32(let w): run(w, F32.self)
    case .bf16(let w): run(w, BF16.self)
    case .f16(let w): run(w, F16.self)
    }
}

/// One row of x takes four rows of w at a time, several take two rows of w by four of x. Either way each sum runs over the
/// inputs in order, so a row's result does not depend on how many stand beside it.
@inline(__always)
private func skinnyLinear<Format: WeightFormat>(
    _ y: MutableFloats, _ x: Floats, _ w: UnsafePointer<Format.Number>, bias: Floats?, residual: Floats?,
    rows: Int, inputs: Int, outputs: Int, _ format: Format.Type
) {
    // About 64 KiB of w: long enough to hide the claiming of a task, short enough for threads to end together.
    let size = min(widest, max(4, (1 << 16) / (inputs &* MemoryLayout<Format.Number>.stride) & ~3))
    Parallel.ranges(outputs, size: size) { start, end in
        // A task's results wait in a square of their own, since `residual` may be `y`.
        Scratch.with(widest &* (skinnyRows &+ 4)) { sums in
            let last = (rows: rows &- 1, outputs: end &- 1)
            if rows == 1 {
                var o = start
                while o < end {
                    // Past the last row the last one is taken again, and its sum left unused.
                    fourDots(
                        sums + (o &- start), w + o &* inputs, w + min(o &+ 1, last.outputs) &* inputs,
                        w + min(o &+ 2, last.outputs) &* inputs, w + min(o &+ 3, last.outputs) &* inputs, x, inputs,
                        ahead: o &+ 8 <= end ? 4 &* inputs : 0, format)
                    o &+= 4
                }
            } else {
                var o = start
                while o < end {
                    var row = 0
                    while row < rows {
                        eightDots(
                            sums + row &* widest &+ (o &- start), w + o &* inputs,
                            w + min(o &+ 1, last.outputs) &* inputs, x + row &* inputs,
                            x + min(row &+ 1, last.rows) &* inputs, x + min(row &+ 2, last.rows) &* inputs,
                            x + min(row &+ 3, last.rows) &* inputs, inputs,
                            ahead: o &+ 4 <= end ? 2 &* inputs : 0, format)
                        row &+= 4
                    }
                    o &+= 2
                }
            }
            for row in 0..<rows {
                let line = sums + row &* widest
                let place = row &* outputs &+ start
                if let bias { add(line, bias + start, end &- start) }
                if let residual { add(line, residual + place, end &- start) }
                (y + place).update(from: line, count: end &- start)
            }
        }
    }
}

/// sums[i] = w_i · x. Rows of w are too short for the processor to see where the next ones start: what lies `ahead`
/// numbers behind is asked for.
@inline(__always)
private func fourDots<Format: WeightFormat>(
    _ sums: MutableFloats, _ w0: UnsafePointer<Format.Number>, _ w1: UnsafePointer<Format.Number>,
    _ w2: UnsafePointer<Format.Number>, _ w3: UnsafePointer<Format.Number>, _ x: Floats, _ count: Int, ahead: Int,
    _ format: Format.Type
) {
    var (a0, a1, a2, a3) = (Vec.zero, Vec.zero, Vec.zero, Vec.zero)
    var i = 0
    while i &+ 16 <= count {
        rho_prefetch(w0 + (i &+ ahead))
        rho_prefetch(w1 + (i &+ ahead))
        rho_prefetch(w2 + (i &+ ahead))
        rho_prefetch(w3 + (i &+ ahead))
        let v = load(x + i)
        a0 = fma(Format.load(w0 + i), v, a0)
        a1 = fma(Format.load(w1 + i), v, a1)
        a2 = fma(Format.load(w2 + i), v, a2)
        a3 = fma(Format.load(w3 + i), v, a3)
        i &+= 16
    }
    if i < count {
        let lanes = count &- i
        let v = loadPartial(x + i, lanes)
        a0 = fma(Format.loadPartial(w0 + i, lanes), v, a0)
        a1 = fma(Format.loadPartial(w1 + i, lanes), v, a1)
        a2 = fma(Format.loadPartial(w2 + i, lanes), v, a2)
        a3 = fma(Format.loadPartial(w3 + i, lanes), v, a3)
    }
    sums[0] = laneSum(a0)
    sums[1] = laneSum(a1)
    sums[2] = laneSum(a2)
    sums[3] = laneSum(a3)
}

/// sums[64j + i] = w_i · x_j.
@inline(__always)
private func eightDots<Format: WeightFormat>(
    _ sums: MutableFloats, _ w0: UnsafePointer<Format.Number>, _ w1: UnsafePointer<Format.Number>, _ x0: Floats,
    _ x1: Floats, _ x2: Floats, _ x3: Floats, _ count: Int, ahead: Int, _ format: Format.Type
) {
    var (a0, a1, a2, a3) = (Vec.zero, Vec.zero, Vec.zero, Vec.zero)
    var (b0, b1, b2, b3) = (Vec.zero, Vec.zero, Vec.zero, Vec.zero)
    @inline(__always) func step(_ a: Vec, _ b: Vec, _ v0: Vec, _ v1: Vec, _ v2: Vec, _ v3: Vec) {
        a0 = fma(a, v0, a0)
        a1 = fma(a, v1, a1)
        a2 = fma(a, v2, a2)
        a3 = fma(a, v3, a3)
        b0 = fma(b, v0, b0)
        b1 = fma(b, v1, b1)
        b2 = fma(b, v2, b2)
        b3 = fma(b, v3, b3)
    }
    var i = 0
    while i &+ 16 <= count {
        rho_prefetch(w0 + (i &+ ahead))
        rho_prefetch(w1 + (i &+ ahead))
        step(Format.load(w0 + i), Format.load(w1 + i), load(x0 + i), load(x1 + i), load(x2 + i), load(x3 + i))
        i &+= 16
    }
    if i < count {
        let lanes = count &- i
        step(
            Format.loadPartial(w0 + i, lanes), Format.loadPartial(w1 + i, lanes), loadPartial(x0 + i, lanes),
            loadPartial(x1 + i, lanes), loadPartial(x2 + i, lanes), loadPartial(x3 + i, lanes))
    }
    sums[0] = laneSum(a0)
    sums[1] = laneSum(b0)
    sums[widest] = laneSum(a1)
    sums[widest &+ 1] = laneSum(b1)
    sums[2 &* widest] = laneSum(a2)
    sums[2 &* widest &+ 1] = laneSum(b2)
    sums[3 &* widest] = laneSum(a3)
    sums[3 &* widest &+ 1] = laneSum(b3)
}
