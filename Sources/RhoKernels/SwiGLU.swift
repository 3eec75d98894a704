import COpenBLAS

/// y = silu(g)·u for one row gu = [g(F) | u(F)] with silu(g) = g/(1 + e⁻ᵍ). (arXiv 2002.05202)
func swigluRow(_ y: MutableFloats, _ gu: Floats, _ width: Int) {
    var i = 0
    while i < width {
        let lanes = width &- i
        let gate = load(gu + i, lanes: lanes)
        store(gate * quickSigmoid(gate) * load(gu + width &+ i, lanes: lanes), y + i, lanes: lanes)
        i &+= 16
    }
}

/// dg = dy·u·s·(1 + g·(1 - s)) and du = dy·g·s with s = 1/(1 + e⁻ᵍ), for `count` neighbours in a row whose gates and ups
/// lie `apart` floats apart; where `y` is given, it gets silu(g)·u again, so that the forward pass need not keep it; with
/// `streams` past the caches where it lies on whole lines, and the caller fences. `dg` may be the same memory as `g`.
func swigluRowBackward(
    _ dg: MutableFloats, _ y: MutableFloats?, _ dy: Floats, _ g: Floats, apart: Int, count: Int,
    streams: Bool
) {
    let streams = streams && Int(bitPattern: y) & 63 == 0
    var i = 0
    while i < count {
        let lanes = min(16, count &- i)
        let gate = load(g + i, lanes: lanes)
        let up = load(g + apart &+ i, lanes: lanes)
        let d = load(dy + i, lanes: lanes)
        let s = quickSigmoid(gate)
        let silu = gate * s
        store(d * up * (s + silu * (Vec(repeating: 1) - s)), dg + i, lanes: lanes)
        store(d * silu, dg + apart &+ i, lanes: lanes)
        if let y {
            if streams && lanes == 16 { rho_stream(y + i, silu * up) } else { store(silu * up, y + i, lanes: lanes) }
        }
        i &+= 16
    }
}

/// 1/(1 + e⁻ˣ), absolute error below 3e-7.
@_transparent
private func quickSigmoid(_ x: Vec) -> Vec {
    // Below 2¹²⁶ the inverse is a normal number.
    let power = minimum(Vec(repeating: 125), x * Vec(repeating: -1.442_695_04))
    return rho_reciprocal(exp2BelowOverflow(power) + Vec(repeating: 1))
}
