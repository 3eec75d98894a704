import COpenBLAS
import Glibc

/// Functions of one number. Each follows IEEE 754 at its edges: log 0 = -∞, log of a negative number and NaN give NaN.
public enum UnaryOp: Int, Sendable, CaseIterable {
    case neg, exp, log, sqrt, rsqrt, abs, relu, sigmoid, tanh, silu, softplus, square, reciprocal, sign, floor, ceil,
        round
    case sin, cos
}

/// y[i] = op(x[i]). `y` may be `x`. `round` takes halves to even; `sign` gives 0 at 0 and NaN at NaN.
public func unary(_ y: MutableFloats, _ x: Floats, count: Int, _ op: UnaryOp) {
    let zero = Vec.zero
    let one = Vec(repeating: 1)
    switch op {
    case .neg: map(y, x, count) { -$0 }
    case .exp: map(y, x, count) { exp($0) }
    case .log: map(y, x, count) { log($0) }
    case .sqrt: map(y, x, count) { rho_square_root($0) }
    case .rsqrt: map(y, x, count) { one / rho_square_root($0) }
    case .abs: map(y, x, count) { magnitude($0) }
    case .relu: map(y, x, count) { select($0 .< zero, zero, $0) }
    case .sigmoid: map(y, x, count) { sigmoid($0) }
    case .tanh: map(y, x, count) { tanh($0) }
    case .silu: map(y, x, count) { $0 * sigmoid($0) }
    // max(x, 0) + ln(1 + e^-|x|): no overflow for large x.
    case .softplus: map(y, x, count) { select($0 .< zero, zero, $0) + log(one + exp(-magnitude($0))) }
    case .square: map(y, x, count) { $0 * $0 }
    case .reciprocal: map(y, x, count) { one / $0 }
    case .sign: map(y, x, count) { select($0 .> zero, one, select($0 .< zero, -one, $0)) }
    case .floor: mapScalars(y, x, count) { floorf($0) }
    case .ceil: mapScalars(y, x, count) { ceilf($0) }
    case .round: mapScalars(y, x, count) { $0.rounded(.toNearestOrEven) }
    case .sin: mapScalars(y, x, count) { sinf($0) }
    case .cos: mapScalars(y, x, count) { cosf($0) }
    }
}

@_transparent
private func map(_ y: MutableFloats, _ x: Floats, _ count: Int, _ f: (Vec) -> Vec) {
    elementBlocks(count) { start, end in mapVectors(y + start, x + start, end &- start, f) }
}

@inline(__always)
private func mapScalars(_ y: MutableFloats, _ x: Floats, _ count: Int, _ f: (Float) -> Float) {
    elementBlocks(count) { start, end in
        for i in start..<end { y[i] = f(x[i]) }
    }
}
