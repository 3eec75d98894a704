import RhoCore
import RhoKernels

extension CPUBackend {
    package func gemm(
        _ c: Buffer, _ a: Buffer, _ b: Buffer, m: Int, n: Int, k: Int, transA: Bool, transB: Bool, accumulate: Bool
    ) {
        guard m > 0, n > 0 else { return }
        guard k > 0 else {
            if !accumulate { fill(c, 0) }
            return
        }
        RhoKernels.gemm(
            c.floats, a.reading, b.reading, m: m, n: n, k: k, transA: transA, transB: transB, accumulate: accumulate,
            lda: transA ? m : k, ldb: transB ? k : n, ldc: n)
    }

    package func linear(_ y: Buffer, _ x: Buffer, _ w: Buffer, bias: Buffer?, residual: Buffer?) {
        guard y.count > 0 else { return }
        guard x.width > 0 else {
            // No inputs: what is left of y = x wᵀ + b + r.
            fill(y, 0)
            if let bias { binary(y, y, bias, .add) }
            if let residual { axpy(y, residual, 1) }
            return
        }
        linearForward(
            y.floats, x.reading, w.weightRows, bias: bias?.reading, residual: residual?.reading, rows: x.rows,
            inputs: x.width, outputs: y.width)
    }

    package func linearBackwardInput(_ dx: Buffer, _ dy: Buffer, _ w: Buffer, accumulate: Bool) {
        guard dx.count > 0 else { return }
        guard dy.width > 0 else {
            if !accumulate { fill(dx, 0) }
            return
        }
        RhoKernels.linearBackwardInput(
            dx.floats, dy.reading, w.reading, rows: dy.rows, inputs: dx.width, outputs: dy.width, accumulate: accumulate
        )
    }

    package func norm(
        _ y: Buffer, mean: Buffer?, rstd: Buffer, _ x: Buffer, _ weight: Buffer, bias: Buffer?, epsilon: Float
    ) {
        guard x.count > 0 else { return }
        if let mean, let bias {
            layerNormForward(
                y.floats, mean.floats, rstd.floats, x.reading, weight.reading, bias.reading, rows: x.rows,
                width: x.width, eps: epsilon)
        } else {
            rmsNormForward(
                y.floats, rstd.floats, x.reading, weight.reading, rows: x.rows, width: x.width, eps: epsilon)
        }
    }

    package func normBackward(
        _ dx: Buffer, dweight: Buffer?, dbias: Buffer?, _ dy: Buffer, _ x: Buffer, _ weight: Buffer,
        mean: Buffer?, rstd: Buffer, accumulate: Bool
    ) {
        guard x.count > 0 else { return }
        if let mean {
            layerNormBackward(
                dx.floats, dweight?.floats, dbias?.floats, dy.reading, x.reading, weight.reading, mean.reading,
                rstd.reading, rows: x.rows, width: x.width, accumulate: accumulate)
        } else {
            rmsNormBackward(
                dx.floats, dweight?.floats, dy.reading, x.reading, weight.reading, rstd.reading, rows: x.rows,
                width: x.width, accumulate: accumulate)
        }
    }

    package func gelu(_ y: Buffer, _ x: Buffer, exact: Bool) {
        (exact ? geluExactForward : geluForward)(y.floats, x.reading, y.count)
    }

    package func geluBackward(_ dx: Buffer, _ dy: Buffer, _ x: Buffer, exact: Bool) {
        (exact ? geluExactBackward : RhoKernels.geluBackward)(dx.floats, dy.reading, x.reading, dx.count)
    }

    package func sumOfSquares(_ x: Buffer) -> Double { RhoKernels.sumOfSquares(x.reading, count: x.count) }

    package func adamW(_ p: Buffer, _ m: Buffer, _ v: Buffer, _ g: Buffer, _ rates: AdamWRates) {
        adamWStep(
            p.floats, m.floats, v.floats, g.reading, count: p.count, lr: rates.lr, beta1: rates.beta1,
            beta2: rates.beta2, eps: rates.epsilon, decay: rates.decay, step: rates.step, gradScale: rates.gradScale)
    }
}
