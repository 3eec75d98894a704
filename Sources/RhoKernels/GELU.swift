import Glibc

/// √(2/π) and the cubic coefficient of the tanh form used by GPT-2.
private let geluScale: Float = 0.797_884_560_8
private let geluCubic: Float = 0.044_715

/// y = ½x(1 + tanh(√(2/π)(x + 0.044715x³))), the tanh form of GELU. (arXiv 1606.08415, GPT-2)
public func geluForward(_ y: MutableFloats, _ x: Floats, count: Int) {
    elementBlocks(count) { start, end in
        var i = start
        while i < end {
            let lanes = end &- i
            let v = load(x + i, lanes: lanes)
            let t = tanh(geluScale * (v + geluCubic * v * v * v))
            store(0.5 * v * (Vec(repeating: 1) + t), y + i, lanes: lanes)
            i &+= 16
        }
    }
}

/// dx = dy · d/dx gelu(x). `dx` may be the same memory as `dy`.
public func geluBackward(_ dx: MutableFloats, _ dy: Floats, _ x: Floats, count: Int) {
    elementBlocks(count) { start, end in
        let one = Vec(repeating: 1)
        var i = start
        while i < end {
            let lanes = end &- i
            let v = load(x + i, lanes: lanes)
            let t = tanh(geluScale * (v + geluCubic * v * v * v))
            let slope = geluScale * (one + 3 * geluCubic * v * v)
            let d = load(dy + i, lanes: lanes)
            store(d * 0.5 * ((one + t) + v * (one - t * t) * slope), dx + i, lanes: lanes)
            i &+= 16
        }
    }
}

/// y = ½x(1 + erf(x/√2)), the exact form of GELU (GPT-NeoX, BERT). One erff a value.
public func geluExactForward(_ y: MutableFloats, _ x: Floats, count: Int) {
    elementBlocks(count) { start, end in
        for i in start..<end { y[i] = 0.5 * x[i] * (1 + erff(x[i] * 0.707_106_78)) }
    }
}

/// dx = dy·(½(1 + erf(x/√2)) + x·e^(-x²/2)/√(2π)). `dx` may be the same memory as `dy`.
public func geluExactBackward(_ dx: MutableFloats, _ dy: Floats, _ x: Floats, count: Int) {
    elementBlocks(count) { start, end in
        for i in start..<end {
            let v = x[i]
            dx[i] = dy[i] * (0.5 * (1 + erff(v * 0.707_106_78)) + v * 0.398_942_28 * expf(-0.5 * v * v))
        }
    }
}
