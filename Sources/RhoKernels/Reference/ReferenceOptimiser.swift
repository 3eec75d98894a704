import Glibc

extension Reference {
    public static func adamWStep(
        _ p: MutableFloats, _ m: MutableFloats, _ v: MutableFloats, _ g: Floats, count: Int,
        lr: Float, beta1: Float, beta2: Float, eps: Float, decay: Float, step: Int, gradScale: Float
    ) {
        let (b1, b2) = (Double(beta1), Double(beta2))
        for i in 0..<count {
            let grad = Double(g[i]) * Double(gradScale)
            let first = b1 * Double(m[i]) + (1 - b1) * grad
            let second = b2 * Double(v[i]) + (1 - b2) * grad * grad
            m[i] = Float(first)
            v[i] = Float(second)
            let update =
                first / (1 - pow(b1, Double(step)))
                / ((second / (1 - pow(b2, Double(step)))).squareRoot() + Double(eps))
            p[i] = Float(Double(p[i]) - Double(lr) * (update + Double(decay) * Double(p[i])))
        }
    }

    public static func sumOfSquares(_ x: Floats, count: Int) -> Double {
        var sum = 0.0
        for i in 0..<count { sum += Double(x[i]) * Double(x[i]) }
        return sum
    }
}
