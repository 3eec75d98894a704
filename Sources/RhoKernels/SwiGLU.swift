/// y = silu(g)·u for one row gu = [g(F) | u(F)] with silu(g) = g/(1 + e⁻ᵍ). (arXiv 2002.05202)
func swigluRow(_ y: MutableFloats, _ gu: Floats, _ width: Int) {
    var i = 0
    while i < width {
        let lanes = width &- i
        let gate = load(gu + i, lanes: lanes)
        store(gate * sigmoid(gate) * load(gu + width &+ i, lanes: lanes), y + i, lanes: lanes)
        i &+= 16
    }
}

/// dg = dy·u·s·(1 + g·(1 - s)) and du = dy·g·s with s = 1/(1 + e⁻ᵍ), for `count` neighbours in a row whose gates and ups
/// lie `apart` floats apart; where `y` is given, it gets silu(g)·u again, so that the forward pass need not keep it. `dg`
/// may be the same memory as `g`.
func swigluRowBackward(
    _ dg: MutableFloats, _ y: MutableFloats?, _ dy: Floats, _ g: Floats, apart: Int, count: Int
) {
    var i = 0
    while i < count {
        let lanes = min(16, count &- i)
        let gate = load(g + i, lanes: lanes)
        let up = load(g + apart &+ i, lanes: lanes)
        let d = load(dy + i, lanes: lanes)
        let s = sigmoid(gate)
        let silu = gate * s
        store(d * up * (s + silu * (Vec(repeating: 1) - s)), dg + i, lanes: lanes)
        store(d * silu, dg + apart &+ i, lanes: lanes)
        if let y { store(silu * up, y + i, lanes: lanes) }
        i &+= 16
    }
}
