/// y_NF = silu(g)·u where a row of `gu` is [g(F) | u(F)] and silu(g) = g/(1 + e⁻ᵍ). (arXiv 2002.05202)
public func swigluForward(_ y: MutableFloats, _ gu: Floats, rows: Int, width: Int) {
    Parallel.ranges(rows, size: gatedBlock(width)) { start, end in
        for row in start..<end {
            let g = gu + row &* 2 &* width
            mapVectors(y + row &* width, g, g + width, width) { $0 * sigmoid($0) * $1 }
        }
    }
}

/// dg = dy·u·s·(1 + g·(1 - s)) and du = dy·g·s with s = 1/(1 + e⁻ᵍ); where `y` is given, it gets silu(g)·u again, so
/// that the forward pass need not keep it. `dgu` may be the same memory as `gu`.
public func swigluBackward(_ dgu: MutableFloats, _ y: MutableFloats?, _ dy: Floats, _ gu: Floats, rows: Int, width: Int)
{
    Parallel.ranges(rows, size: gatedBlock(width)) { start, end in
        for row in start..<end {
            let g = gu + row &* 2 &* width
            let dg = dgu + row &* 2 &* width
            let dyLine = dy + row &* width
            let yLine = y.map { $0 + row &* width }
            var i = 0
            while i < width {
                let lanes = min(16, width &- i)
                let gate = load(g + i, lanes: lanes)
                let up = load(g + width &+ i, lanes: lanes)
                let d = load(dyLine + i, lanes: lanes)
                let s = sigmoid(gate)
                let silu = gate * s
                store(d * up * (s + silu * (Vec(repeating: 1) - s)), dg + i, lanes: lanes)
                store(d * silu, dg + width &+ i, lanes: lanes)
                if let yLine { store(silu * up, yLine + i, lanes: lanes) }
                i &+= 16
            }
        }
    }
}

/// Rows in one block of a gated kernel: about `elementBlock` outputs.
@inline(__always)
private func gatedBlock(_ width: Int) -> Int { max(1, elementBlock / max(1, width)) }
