import RhoCore
import RhoKernels

extension CPUBackend {
    package func linear(_ y: Buffer, norm: NormBuffers, _ w: Buffer, bias: Buffer?) {
        guard y.count > 0 else { return }
        linearForward(
            y.floats, .norm(norm.rows), w.weightRows, bias: bias?.reading, rows: norm.x.rows, inputs: norm.x.width,
            outputs: y.width)
    }

    package func linear(_ y: Buffer, swiglu gu: Buffer, _ w: Buffer, residual: Buffer?) {
        guard y.count > 0 else { return }
        linearForward(
            y.floats, .swiglu(gu.reading), w.weightRows, residual: residual?.reading, rows: gu.rows,
            inputs: gu.width / 2,
            outputs: y.width)
    }

    package func linearBackwardInput(
        _ dx: Buffer, dweight: Buffer?, dbias: Buffer?, _ dy: Buffer, _ w: Buffer, norm: NormBuffers, accumulate: Bool
    ) throws(RhoError) {
        guard dx.count > 0 else { return }
        guard norm.mean != nil else {
            return linearBackwardRMSNorm(
                dx.floats, dweight?.floats, dy.reading, w.reading, norm.rows, rows: dy.rows, inputs: dx.width,
                outputs: dy.width, accumulate: accumulate)
        }
        let rows = try dx.like(norm.x.shape)
        linearBackwardInput(rows, dy, w, accumulate: false)
        normBackward(
            dx, dweight: dweight, dbias: dbias, rows, norm.x, norm.weight, mean: norm.mean, rstd: norm.rstd,
            accumulate: accumulate)
    }

    package func linearBackwardInput(
        swiglu dgu: Buffer, product: Buffer?, _ dy: Buffer, _ w: Buffer, _ gu: Buffer
    ) {
        guard gu.count > 0 else { return }
        linearBackwardSwiGLU(
            dgu.floats, product?.floats, dy.reading, w.reading, gu.reading, rows: gu.rows, inputs: gu.width / 2,
            outputs: dy.width)
    }

    package func linearBackwardWeight(_ dw: Buffer, dbias: Buffer?, _ dy: Buffer, _ x: Buffer, accumulate: Bool) {
        RhoKernels.linearBackwardWeight(
            dw.floats, dbias: dbias?.floats, dy.reading, .stored(x.reading), rows: dy.rows, inputs: x.width,
            outputs: dy.width, accumulate: accumulate)
    }

    package func linearBackwardWeight(
        _ dw: Buffer, dbias: Buffer?, _ dy: Buffer, norm: NormBuffers, accumulate: Bool
    ) {
        RhoKernels.linearBackwardWeight(
            dw.floats, dbias: dbias?.floats, dy.reading, .norm(norm.rows), rows: dy.rows, inputs: norm.x.width,
            outputs: dy.width, accumulate: accumulate)
    }
}

extension NormBuffers {
    fileprivate var rows: NormRows {
        NormRows(
            x.reading, weight: weight.reading, bias: bias?.reading, mean: mean?.floats, rstd: rstd.floats, eps: epsilon)
    }
}
