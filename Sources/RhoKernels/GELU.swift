/// √(2/π) and the cubic coefficient of the tanh form used by GPT-2.
private let geluScale: Float = 0.797_884_560_8
private let geluCubic: Float = 0.044_715

/// y = ½x(1 + tanh(√(2/π)(x + 0.044715x³))), the tanh form of GELU. (arXiv 1606.08415, GPT-2)
public func geluForward(_ y: MutableFloats, _ x: Floats, count: Int) {
    elementBlocks(count) { start, end in
        mapVectors(y + start, x + start, end &- start) { v in
            let t = tanh(geluScale * (v + geluCubic * v * v * v))
            return 0.5 * v * (Vec(repeating: 1) + t)
        }
    }
}

/// dx = dy · d/dx gelu(x). `dx` may be the same memory as `dy`.
public func geluBackward(_ dx: MutableFloats, _ dy: Floats, _ x: Floats, count: Int) {
    elementBlocks(count) { start, end in
        mapVectors(dx + start, dy + start, x + start, end &- start) { d, v in
            let one = Vec(repeating: 1)
            let t = tanh(geluScale * (v + geluCubic * v * v * v))
            let slope = geluScale * (one + 3 * geluCubic * v * v)
            return d * 0.5 * ((one + t) + v * (one - t * t) * slope)
        }
    }
}
