import RhoKernels
import Testing

extension KernelTests {
    /// Layers whose input is computed on the way, against the plain layer behind the plain computation.
    @Suite struct LinearInputTests {
        /// Few rows, rows cut in tiles, columns cut in tiles.
        static let sizes = [(1, 5, 3), (33, 17, 70), (100, 64, 33), (700, 48, 40), (1100, 20, 200), (4200, 18, 36)]

        @Test(arguments: sizes) func norms(rows: Int, inputs: Int, outputs: Int) {
            let x = TestFloats(random: rows * inputs, seed: 1, scale: 2)
            let weight = TestFloats(random: inputs, seed: 2)
            let shift = TestFloats(random: inputs, seed: 3)
            let w = TestFloats(random: outputs * inputs, seed: 4)
            let bias = TestFloats(random: outputs, seed: 5)
            let dy = TestFloats(random: rows * outputs, seed: 6)
            for isLayer in [false, true] {
                func run(_ reference: Bool) -> [TestFloats] {
                    let mean = TestFloats(count: rows)
                    let rstd = TestFloats(count: rows)
                    let y = TestFloats(count: rows * outputs)
                    let dw = TestFloats(count: outputs * inputs, value: reference ? 0 : .nan)
                    guard reference else {
                        let norm = NormRows(
                            x.p, weight: weight.p, bias: isLayer ? UnsafePointer(shift.p) : nil,
                            mean: isLayer ? mean.p : nil, rstd: rstd.p, eps: 1e-5)
                        linearForward(
                            y.p, .norm(norm), .f32(w.p), bias: bias.p, rows: rows, inputs: inputs, outputs: outputs)
                        linearBackwardWeight(
                            dw.p, dy.p, .norm(norm), rows: rows, inputs: inputs, outputs: outputs, accumulate: false)
                        return [mean, rstd, y, dw]
                    }
                    let hat = TestFloats(count: rows * inputs)
                    if isLayer {
                        Reference.layerNormForward(
                            hat.p, mean.p, rstd.p, x.p, weight.p, shift.p, rows: rows, width: inputs, eps: 1e-5)
                    } else {
                        Reference.rmsNormForward(hat.p, rstd.p, x.p, weight.p, rows: rows, width: inputs, eps: 1e-5)
                    }
                    Reference.linearForward(
                        y.p, hat.p, w.p, bias: bias.p, rows: rows, inputs: inputs, outputs: outputs)
                    Reference.linearBackwardWeight(
                        dw.p, dy.p, hat.p, rows: rows, inputs: inputs, outputs: outputs)
                    return [mean, rstd, y, dw]
                }
                let twins = run(true).map(\.values)
                for (result, twin) in zip(anyThreads { run(false) }, twins) { expectClose(result, twin, 1e-4) }
            }
        }

        @Test(arguments: sizes) func normGradients(rows: Int, inputs: Int, outputs: Int) {
            let x = TestFloats(random: rows * inputs, seed: 1, scale: 2)
            let weight = TestFloats(random: inputs, seed: 2)
            let w = TestFloats(random: outputs * inputs, seed: 4)
            let dz = TestFloats(random: rows * outputs, seed: 6)
            let start = TestFloats(random: rows * inputs, seed: 7)
            let rstd = TestFloats(count: rows)
            let hat = TestFloats(count: rows * inputs)
            Reference.rmsNormForward(hat.p, rstd.p, x.p, weight.p, rows: rows, width: inputs, eps: 1e-5)
            let norm = NormRows(x.p, weight: weight.p, rstd: rstd.p, eps: 1e-5)
            for accumulate in [false, true] {
                func run(_ reference: Bool) -> [TestFloats] {
                    let dx = start.copy
                    let dweight = weight.copy
                    if reference {
                        let dy = TestFloats(count: rows * inputs)
                        Reference.linearBackwardInput(
                            dy.p, dz.p, w.p, rows: rows, inputs: inputs, outputs: outputs, accumulate: false)
                        Reference.rmsNormBackward(
                            dx.p, dweight.p, dy.p, x.p, weight.p, rstd.p, rows: rows, width: inputs,
                            accumulate: accumulate)
                    } else {
                        linearBackwardRMSNorm(
                            dx.p, dweight.p, dz.p, w.p, norm, rows: rows, inputs: inputs, outputs: outputs,
                            accumulate: accumulate)
                    }
                    return [dx, dweight]
                }
                let twins = run(true).map(\.values)
                for (result, twin) in zip(anyThreads { run(false) }, twins) { expectClose(result, twin, 2e-4) }
            }
        }

        @Test(arguments: sizes) func swiglu(rows: Int, inputs: Int, outputs: Int) {
            let gu = TestFloats(random: rows * 2 * inputs, seed: 1, scale: 4)
            let w = TestFloats(random: outputs * inputs, seed: 2)
            let residual = TestFloats(random: rows * outputs, seed: 3)
            let dy = TestFloats(random: rows * outputs, seed: 4)
            func run(_ reference: Bool) -> [TestFloats] {
                let y = TestFloats(count: rows * outputs)
                let product = TestFloats(count: rows * inputs)
                let dgu = reference ? TestFloats(count: gu.count) : gu.copy
                let dw = TestFloats(count: outputs * inputs)
                if reference {
                    Reference.swigluForward(product.p, gu.p, rows: rows, width: inputs)
                    Reference.linearForward(
                        y.p, product.p, w.p, residual: residual.p, rows: rows, inputs: inputs, outputs: outputs)
                    Reference.linearBackwardWeight(
                        dw.p, dy.p, product.p, rows: rows, inputs: inputs, outputs: outputs)
                    let dproduct = TestFloats(count: rows * inputs)
                    Reference.linearBackwardInput(
                        dproduct.p, dy.p, w.p, rows: rows, inputs: inputs, outputs: outputs, accumulate: false)
                    Reference.swigluBackward(dgu.p, product.p, dproduct.p, gu.p, rows: rows, width: inputs)
                } else {
                    linearForward(
                        y.p, .swiglu(gu.p), .f32(w.p), residual: residual.p, rows: rows, inputs: inputs,
                        outputs: outputs)
                    linearBackwardWeight(
                        dw.p, dy.p, .swiglu(gu.p), rows: rows, inputs: inputs, outputs: outputs)
                    // In place, as the backward pass does it.
                    linearBackwardSwiGLU(
                        dgu.p, product.p, dy.p, w.p, dgu.p, rows: rows, inputs: inputs, outputs: outputs)
                }
                return [y, product, dgu, dw]
            }
            let twins = run(true).map(\.values)
            for (result, twin) in zip(anyThreads { run(false) }, twins) { expectClose(result, twin, 1e-4) }
        }
    }
}
