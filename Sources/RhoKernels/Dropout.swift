/// y[i] = x[i]/(1 - p) where element i is kept, else 0; kept with probability 1 - p. `y` may be `x`.
///
/// Whether i is kept is a pure function of (seed, stream, i), so the backward pass needs no stored mask. p = 0 copies;
/// p ≥ 1 gives zeros. (arXiv 1207.0580)
public func dropoutForward(_ y: MutableFloats, _ x: Floats, count: Int, p: Float, seed: UInt64, stream: UInt64) {
    guard p > 0 else {
        if y != x { copy(y, x, count: count) }
        return
    }
    guard p < 1 else { return fill(y, 0, count: count) }
    let keep = 1 / (1 - p)
    // Element i is dropped when the top 32 bits of its hash lie below p·2³².
    let threshold = UInt32(Double(p) * 4_294_967_296)
    let key = mix(seed ^ mix(stream &+ 0x9E37_79B9_7F4A_7C15))
    elementBlocks(count) { start, end in
        for i in start..<end {
            let bits = UInt32(truncatingIfNeeded: mix(key &+ UInt64(i) &* 0x9E37_79B9_7F4A_7C15) >> 32)
            y[i] = bits < threshold ? 0 : x[i] * keep
        }
    }
}

/// dx[i] = dy[i]/(1 - p) where element i was kept, else 0: the forward map is its own derivative.
public func dropoutBackward(_ dx: MutableFloats, _ dy: Floats, count: Int, p: Float, seed: UInt64, stream: UInt64) {
    dropoutForward(dx, dy, count: count, p: p, seed: seed, stream: stream)
}

/// SplitMix64's finaliser.
@inline(__always)
private func mix(_ x: UInt64) -> UInt64 {
    var z = x
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
}
