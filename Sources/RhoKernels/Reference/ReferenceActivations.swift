import Glibc

extension Reference {
    public static func swigluForward(_ y: MutableFloats, _ gu: Floats, rows: Int, width: Int) {
        for row in 0..<rows {
            for i in 0..<width {
                let g = Double(gu[row * 2 * width + i])
                y[row * width + i] = Float(g / (1 + Glibc.exp(-g)) * Double(gu[row * 2 * width + width + i]))
            }
        }
    }

    public static func swigluBackward(
        _ dgu: MutableFloats, _ y: MutableFloats?, _ dy: Floats, _ gu: Floats, rows: Int, width: Int
    ) {
        for row in 0..<rows {
            for i in 0..<width {
                let g = Double(gu[row * 2 * width + i])
                let u = Double(gu[row * 2 * width + width + i])
                let d = Double(dy[row * width + i])
                let s = 1 / (1 + Glibc.exp(-g))
                dgu[row * 2 * width + i] = Float(d * u * s * (1 + g * (1 - s)))
                dgu[row * 2 * width + width + i] = Float(d * g * s)
                if let y { y[row * width + i] = Float(g * s * u) }
            }
        }
    }

    public static func geluForward(_ y: MutableFloats, _ x: Floats, count: Int) {
        for i in 0..<count {
            let v = Double(x[i])
            y[i] = Float(0.5 * v * (1 + Glibc.tanh((2 / Double.pi).squareRoot() * (v + 0.044715 * v * v * v))))
        }
    }

    public static func geluBackward(_ dx: MutableFloats, _ dy: Floats, _ x: Floats, count: Int) {
        let scale = (2 / Double.pi).squareRoot()
        for i in 0..<count {
            let v = Double(x[i])
            let t = Glibc.tanh(scale * (v + 0.044715 * v * v * v))
            let slope = 0.5 * (1 + t) + 0.5 * v * (1 - t * t) * scale * (1 + 3 * 0.044715 * v * v)
            dx[i] = Float(Double(dy[i]) * slope)
        }
    }

    public static func geluExactForward(_ y: MutableFloats, _ x: Floats, count: Int) {
        for i in 0..<count { y[i] = Float(0.5 * Double(x[i]) * (1 + erf(Double(x[i]) * 0.5.squareRoot()))) }
    }

    public static func geluExactBackward(_ dx: MutableFloats, _ dy: Floats, _ x: Floats, count: Int) {
        for i in 0..<count {
            let v = Double(x[i])
            let density = Glibc.exp(-0.5 * v * v) / (2 * Double.pi).squareRoot()
            dx[i] = Float(Double(dy[i]) * (0.5 * (1 + erf(v * 0.5.squareRoot())) + v * density))
        }
    }

    public static func unary(_ y: MutableFloats, _ x: Floats, count: Int, _ op: UnaryOp) {
        for i in 0..<count { y[i] = Float(value(op, Double(x[i]))) }
    }

    private static func value(_ op: UnaryOp, _ x: Double) -> Double {
        switch op {
        case .neg: -x
        case .exp: Glibc.exp(x)
        case .log: Glibc.log(x)
        case .sqrt: x.squareRoot()
        case .rsqrt: 1 / x.squareRoot()
        case .abs: Swift.abs(x)
        case .relu: x < 0 ? 0 : x
        case .sigmoid: 1 / (1 + Glibc.exp(-x))
        case .tanh: Glibc.tanh(x)
        case .silu: x / (1 + Glibc.exp(-x))
        case .softplus: (x < 0 ? 0 : x) + Glibc.log1p(Glibc.exp(-Swift.abs(x)))
        case .square: x * x
        case .reciprocal: 1 / x
        case .sign: x > 0 ? 1 : x < 0 ? -1 : x
        case .floor: x.rounded(.down)
        case .ceil: x.rounded(.up)
        case .round: x.rounded(.toNearestOrEven)
        case .sin: Glibc.sin(x)
        case .cos: Glibc.cos(x)
        }
    }

    public static func binary(
        _ y: MutableFloats, _ a: Floats, _ b: Floats, sizes: SIMD4<Int>, aStrides: SIMD4<Int>, bStrides: SIMD4<Int>,
        _ op: BinaryOp
    ) {
        var place = 0
        for i in 0..<sizes[0] {
            for j in 0..<sizes[1] {
                for k in 0..<sizes[2] {
                    for l in 0..<sizes[3] {
                        let index = SIMD4(i, j, k, l)
                        y[place] = value(op, a[(index &* aStrides).wrappedSum()], b[(index &* bStrides).wrappedSum()])
                        place += 1
                    }
                }
            }
        }
    }

    private static func value(_ op: BinaryOp, _ a: Float, _ b: Float) -> Float {
        switch op {
        case .add: a + b
        case .sub: a - b
        case .mul: a * b
        case .div: a / b
        case .pow: powf(a, b)
        case .min: a.isNaN || b.isNaN ? .nan : Swift.min(a, b)
        case .max: a.isNaN || b.isNaN ? .nan : Swift.max(a, b)
        case .lt: a < b ? 1 : 0
        case .le: a <= b ? 1 : 0
        case .gt: a > b ? 1 : 0
        case .ge: a >= b ? 1 : 0
        case .eq: a == b ? 1 : 0
        case .ne: a == b ? 0 : 1
        }
    }
}
