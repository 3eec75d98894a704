/// Naive twins of the kernels: the same signatures, plain loops, sums in Double. They say what a kernel computes; tests
/// hold each kernel to its twin. Nothing here is meant to be fast.
public enum Reference {
    public static func gemm(
        _ c: MutableFloats, _ a: Floats, _ b: Floats, m: Int, n: Int, k: Int, transA: Bool, transB: Bool,
        alpha: Float = 1, accumulate: Bool, lda: Int, ldb: Int, ldc: Int
    ) {
        for i in 0..<m {
            for j in 0..<n {
                var sum = 0.0
                for p in 0..<k {
                    sum +=
                        Double(transA ? a[p * lda + i] : a[i * lda + p])
                        * Double(transB ? b[j * ldb + p] : b[p * ldb + j])
                }
                let value = Double(alpha) * sum + (accumulate ? Double(c[i * ldc + j]) : 0)
                c[i * ldc + j] = Float(value)
            }
        }
    }

    public static func linearForward(
        _ y: MutableFloats, _ x: Floats, _ w: Floats, bias: Floats? = nil, residual: Floats? = nil,
        rows: Int, inputs: Int, outputs: Int
    ) {
        for row in 0..<rows {
            for output in 0..<outputs {
                var sum = Double(bias?[output] ?? 0) + Double(residual?[row * outputs + output] ?? 0)
                for i in 0..<inputs { sum += Double(x[row * inputs + i]) * Double(w[output * inputs + i]) }
                y[row * outputs + output] = Float(sum)
            }
        }
    }

    public static func linearBackwardInput(
        _ dx: MutableFloats, _ dy: Floats, _ w: Floats, rows: Int, inputs: Int, outputs: Int, accumulate: Bool
    ) {
        gemm(
            dx, dy, w, m: rows, n: inputs, k: outputs, transA: false, transB: false, accumulate: accumulate,
            lda: outputs, ldb: inputs, ldc: inputs)
    }

    public static func linearBackwardWeight(
        _ dw: MutableFloats, dbias: MutableFloats? = nil, _ dy: Floats, _ x: Floats, rows: Int, inputs: Int,
        outputs: Int
    ) {
        gemm(
            dw, dy, x, m: outputs, n: inputs, k: rows, transA: true, transB: false, accumulate: true,
            lda: outputs, ldb: inputs, ldc: inputs)
        guard let dbias else { return }
        for output in 0..<outputs {
            var sum = Double(dbias[output])
            for row in 0..<rows { sum += Double(dy[row * outputs + output]) }
            dbias[output] = Float(sum)
        }
    }

    /// Writes or adds.
    static func put(_ p: MutableFloats, _ value: Double, _ accumulate: Bool) {
        p.pointee = Float(accumulate ? Double(p.pointee) + value : value)
    }
}
