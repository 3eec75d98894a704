import COpenBLAS
import Glibc

/// One AdamW step over `count` weights in one pass:
///
/// g' = g·gradScale, m = β₁m + (1-β₁)g', v = β₂v + (1-β₂)g'², p -= lr·(m̂/(√v̂ + eps) + decay·p) with
/// m̂ = m/(1-β₁ᵗ), v̂ = v/(1-β₂ᵗ). `step` counts from 1. The decay is decoupled from the gradient. (arXiv 1711.05101)
public func adamWStep(
    _ p: MutableFloats, _ m: MutableFloats, _ v: MutableFloats, _ g: Floats, count: Int,
    lr: Float, beta1: Float, beta2: Float, eps: Float, decay: Float, step: Int, gradScale: Float
) {
    // Corrections in Double: 1 - 0.999ᵗ loses most of a Float's digits in the first steps.
    let correction1 = 1 - pow(Double(beta1), Double(step))
    let correction2 = 1 - pow(Double(beta2), Double(step))
    let rate = Float(Double(lr) / correction1)
    let root = Float(1 / correction2.squareRoot())
    let keep = Float(1 - Double(lr) * Double(decay))
    let rest1 = Float(1 - Double(beta1))
    let rest2 = Float(1 - Double(beta2))
    elementBlocks(count) { start, end in
        var i = start
        while i < end {
            let lanes = min(16, end &- i)
            let grad = load(g + i, lanes: lanes) * gradScale
            let first = fma(Vec(repeating: rest1), grad, load(UnsafePointer(m) + i, lanes: lanes) * beta1)
            let second = fma(Vec(repeating: rest2), grad * grad, load(UnsafePointer(v) + i, lanes: lanes) * beta2)
            let weight = load(UnsafePointer(p) + i, lanes: lanes)
            let update = first / (rho_square_root(second) * root + eps)
            store(first, m + i, lanes: lanes)
            store(second, v + i, lanes: lanes)
            store(weight * keep - rate * update, p + i, lanes: lanes)
            i &+= 16
        }
    }
}

/// Σ x², each fixed block in Float vectors, the blocks added in Double in their order. NaN or ∞ where x holds one or
/// the sum of a block overflows.
public func sumOfSquares(_ x: Floats, count: Int) -> Double {
    guard count > 0 else { return 0 }
    let block = 4_096
    let blocks = (count &+ block &- 1) / block
    var total = 0.0
    Scratch.with(blocks) { partials in
        Parallel.ranges(count, size: 16 * block) { start, end in
            var from = start
            while from < end {
                let length = min(block, end &- from)
                partials[from / block] = dot(x + from, x + from, length)
                from &+= block
            }
        }
        for index in 0..<blocks { total += Double(partials[index]) }
    }
    return total
}
