import Glibc

/// Functions of two numbers. Comparisons give 1 or 0 (0 where either is NaN, but for `ne`, which gives 1); `min` and
/// `max` give NaN where either is NaN.
public enum BinaryOp: Int, Sendable, CaseIterable {
    case add, sub, mul, div, pow, min, max, lt, le, gt, ge, eq, ne
}

/// y = op(a, b) with broadcasting.
///
/// y is contiguous with the four `sizes`, outermost first (leading sizes 1 for lower ranks). `aStrides` and `bStrides`
/// are the floats from one index to the next along each of the four, 0 where the input is repeated. `y` may be an input
/// whose strides are those of y.
public func binary(
    _ y: MutableFloats, _ a: Floats, _ b: Floats, sizes: SIMD4<Int>, aStrides: SIMD4<Int>, bStrides: SIMD4<Int>,
    _ op: BinaryOp
) {
    let one = Vec(repeating: 1)
    let walk = BroadcastWalk(sizes: sizes, aStrides: aStrides, bStrides: bStrides)
    switch op {
    case .add: broadcast(y, a, b, walk) { $0 + $1 }
    case .sub: broadcast(y, a, b, walk) { $0 - $1 }
    case .mul: broadcast(y, a, b, walk) { $0 * $1 }
    case .div: broadcast(y, a, b, walk) { $0 / $1 }
    case .pow: broadcast(y, a, b, walk) { power($0, $1) }
    // The sum of a pair with a NaN is NaN, which the comparison alone would lose.
    case .min: broadcast(y, a, b, walk) { select(($0 .== $0) .& ($1 .== $1), minimum($0, $1), $0 + $1) }
    case .max: broadcast(y, a, b, walk) { select(($0 .== $0) .& ($1 .== $1), maximum($0, $1), $0 + $1) }
    case .lt: broadcast(y, a, b, walk) { select($0 .< $1, one, .zero) }
    case .le: broadcast(y, a, b, walk) { select($0 .<= $1, one, .zero) }
    case .gt: broadcast(y, a, b, walk) { select($0 .> $1, one, .zero) }
    case .ge: broadcast(y, a, b, walk) { select($0 .>= $1, one, .zero) }
    case .eq: broadcast(y, a, b, walk) { select($0 .== $1, one, .zero) }
    case .ne: broadcast(y, a, b, walk) { select($0 .== $1, .zero, one) }
    }
}

/// y[i] = op(a[i], b[i]) for inputs of one shape.
public func binary(_ y: MutableFloats, _ a: Floats, _ b: Floats, count: Int, _ op: BinaryOp) {
    let strides = SIMD4(count, count, count, 1)
    binary(y, a, b, sizes: SIMD4(1, 1, 1, count), aStrides: strides, bStrides: strides, op)
}

/// Lanes by powf, which a polynomial in log and exp does not match in the last digits.
@inline(never)
private func power(_ a: Vec, _ b: Vec) -> Vec {
    var y = Vec.zero
    for lane in 0..<16 { y[lane] = powf(a[lane], b[lane]) }
    return y
}

/// Four loops with neighbouring dimensions merged where both inputs walk through them evenly.
struct BroadcastWalk {
    var sizes: SIMD4<Int>
    var a: SIMD4<Int>
    var b: SIMD4<Int>

    init(sizes: SIMD4<Int>, aStrides: SIMD4<Int>, bStrides: SIMD4<Int>) {
        var target = 3
        var s = SIMD4(1, 1, 1, sizes[3])
        var a = SIMD4(0, 0, 0, aStrides[3])
        var b = SIMD4(0, 0, 0, bStrides[3])
        for source in [2, 1, 0] where sizes[source] != 1 {
            if s[target] == 1 && target == 3 {
                s[3] = sizes[source]
                a[3] = aStrides[source]
                b[3] = bStrides[source]
            } else if aStrides[source] == a[target] &* s[target] && bStrides[source] == b[target] &* s[target] {
                s[target] &*= sizes[source]
            } else {
                target &-= 1
                s[target] = sizes[source]
                a[target] = aStrides[source]
                b[target] = bStrides[source]
            }
        }
        self.sizes = s
        self.a = a
        self.b = b
    }
}

@inline(__always)
private func broadcast(_ y: MutableFloats, _ a: Floats, _ b: Floats, _ walk: BroadcastWalk, _ f: (Vec, Vec) -> Vec) {
    let inner = walk.sizes[3]
    let lines = walk.sizes[0] &* walk.sizes[1] &* walk.sizes[2]
    guard inner > 0 && lines > 0 else { return }
    // Long lines are cut into pieces, short ones gathered, so that a block holds about `elementBlock` results.
    let pieces = (inner &+ elementBlock &- 1) / elementBlock
    let group = max(1, elementBlock / inner)
    Parallel.ranges(lines &* pieces, size: group) { start, end in
        for index in start..<end {
            let line = index / pieces
            let from = index % pieces &* elementBlock
            let count = min(elementBlock, inner &- from)
            let i2 = line % walk.sizes[2]
            let i1 = line / walk.sizes[2] % walk.sizes[1]
            let i0 = line / walk.sizes[2] / walk.sizes[1]
            let aLine = a + (i0 &* walk.a[0] &+ i1 &* walk.a[1] &+ i2 &* walk.a[2] &+ from &* walk.a[3])
            let bLine = b + (i0 &* walk.b[0] &+ i1 &* walk.b[1] &+ i2 &* walk.b[2] &+ from &* walk.b[3])
            let yLine = y + line &* inner &+ from
            var i = 0
            while i < count {
                let lanes = min(16, count &- i)
                let va = loadStrided(aLine, i, stride: walk.a[3], lanes: lanes)
                let vb = loadStrided(bLine, i, stride: walk.b[3], lanes: lanes)
                store(f(va, vb), yLine + i, lanes: lanes)
                i &+= 16
            }
        }
    }
}

/// Elements i, i + 1, … of a line whose elements lie `stride` floats apart.
@_transparent
private func loadStrided(_ p: Floats, _ i: Int, stride: Int, lanes: Int) -> Vec {
    if stride == 1 { return load(p + i, lanes: lanes) }
    if stride == 0 { return Vec(repeating: p[0]) }
    var v = Vec.zero
    for lane in 0..<lanes { v[lane] = p[(i &+ lane) &* stride] }
    return v
}
