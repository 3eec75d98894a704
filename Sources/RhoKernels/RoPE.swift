import Glibc

/// Fills cos_TE2 and sin_TE2 with the cosine and sine of t·theta^(-2i/E): positions `0 ..< tokens`, pairs i < E/2.
/// Angles are taken in Double. (arXiv 2104.09864)
public func ropeTable(_ cosines: MutableFloats, _ sines: MutableFloats, tokens: Int, headWidth: Int, theta: Double) {
    let half = headWidth / 2
    for pair in 0..<half {
        let frequency = pow(theta, -2 * Double(pair) / Double(headWidth))
        for token in 0..<tokens {
            let angle = Double(token) * frequency
            cosines[token &* half &+ pair] = Float(cos(angle))
            sines[token &* half &+ pair] = Float(sin(angle))
        }
    }
}

/// Turns each pair (x[i], x[i + E/2]) of the first `heads` heads of each row, in place, by the angle of the row's
/// position.
///
/// Pairs are the halves of a head (Llama as stored by Hugging Face), not neighbours. Row r stands at position `offset +
/// r % tokens`, or at `positions[r]` where given; `cosines` and `sines` are [positions, E/2]. `rowStride` is the floats
/// from one row to the next, so q and k of a fused row [q | k | v] turn in one call with heads = H + K. `rotaryWidth`
/// E' < E turns only the first E' floats of a head, in halves of E' (the tables are then [positions, E'/2]). `inverse`
/// turns back, which is also the backward pass.
public func ropeRotate(
    _ x: MutableFloats, rows: Int, rowStride: Int, heads: Int, headWidth: Int, tokens: Int,
    _ cosines: Floats, _ sines: Floats, rotaryWidth: Int? = nil, offset: Int = 0,
    positions: UnsafePointer<Int32>? = nil, inverse: Bool
) {
    let half = (rotaryWidth ?? headWidth) / 2
    let sign: Float = inverse ? -1 : 1
    Parallel.ranges(rows, size: normBlock) { start, end in
        for row in start..<end {
            let position = positions.map { Int($0[row]) } ?? offset &+ row % max(tokens, 1)
            let c = cosines + position &* half
            let s = sines + position &* half
            for head in 0..<heads {
                rotateHead(x + row &* rowStride &+ head &* headWidth, c, s, half: half, sign: sign)
            }
        }
    }
}

/// Cosines and sines of positions 0, 1, … for heads that turn in their first `width` floats, as `ropeTable` makes them.
public struct Rotation {
    public let cosines: Floats
    public let sines: Floats
    public let width: Int

    public init(cosines: Floats, sines: Floats, width: Int) {
        self.cosines = cosines
        self.sines = sines
        self.width = width
    }

    /// Turns one head by the angle of a position.
    @inline(__always)
    func turn(_ x: MutableFloats, position: Int, inverse: Bool) {
        let half = width / 2
        rotateHead(x, cosines + position &* half, sines + position &* half, half: half, sign: inverse ? -1 : 1)
    }
}

/// Turns the pairs (x[i], x[i + half]) of one head.
@inline(__always)
private func rotateHead(_ low: MutableFloats, _ c: Floats, _ s: Floats, half: Int, sign: Float) {
    let high = low + half
    var i = 0
    if half & 15 == 0 {
        while i < half {
            let cosine = load(c + i)
            let sine = load(s + i) * sign
            let (a, b) = (load(low + i), load(high + i))
            store(a * cosine - b * sine, low + i)
            store(b * cosine + a * sine, high + i)
            i &+= 16
        }
        return
    }
    while i < half {
        let lanes = min(16, half &- i)
        let cosine = load(c + i, lanes: lanes)
        let sine = load(s + i, lanes: lanes) * sign
        let a = load(UnsafePointer(low) + i, lanes: lanes)
        let b = load(UnsafePointer(high) + i, lanes: lanes)
        store(a * cosine - b * sine, low + i, lanes: lanes)
        store(b * cosine + a * sine, high + i, lanes: lanes)
        i &+= 16
    }
}
