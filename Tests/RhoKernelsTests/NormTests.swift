import RhoKernels
import Testing

extension KernelTests {
    @Suite struct NormTests {
        @Test(arguments: [(1, 1), (3, 15), (16, 16), (17, 17), (63, 100), (200, 63), (1000, 48)])
        func rmsNormMatchesItsTwin(rows: Int, width: Int) {
            let x = TestFloats(random: rows * width, seed: 1, scale: 3)
            let w = TestFloats(random: width, seed: 2)
            let dy = TestFloats(random: rows * width, seed: 3)
            for accumulate in [false, true] {
                func run(_ reference: Bool) -> [TestFloats] {
                    let y = TestFloats(count: rows * width)
                    let rstd = TestFloats(count: rows)
                    let dx = dy.copy
                    let dw = w.copy
                    if reference {
                        Reference.rmsNormForward(y.p, rstd.p, x.p, w.p, rows: rows, width: width, eps: 1e-5)
                        Reference.rmsNormBackward(
                            dx.p, dw.p, dy.p, x.p, w.p, rstd.p, rows: rows, width: width, accumulate: accumulate)
                    } else {
                        rmsNormForward(y.p, rstd.p, x.p, w.p, rows: rows, width: width, eps: 1e-5)
                        rmsNormBackward(
                            dx.p, dw.p, dy.p, x.p, w.p, rstd.p, rows: rows, width: width, accumulate: accumulate)
                    }
                    return [y, rstd, dx, dw]
                }
                let twins = run(true).map(\.values)
                for (result, twin) in zip(anyThreads { run(false) }, twins) { expectClose(result, twin, 3e-5) }
            }
        }

        @Test(arguments: [(1, 1), (3, 15), (16, 16), (17, 17), (63, 100), (200, 63), (1000, 48)])
        func layerNormMatchesItsTwin(rows: Int, width: Int) {
            let x = TestFloats(random: rows * width, seed: 1, scale: 3)
            let w = TestFloats(random: width, seed: 2)
            let b = TestFloats(random: width, seed: 4)
            let dy = TestFloats(random: rows * width, seed: 3)
            for accumulate in [false, true] {
                func run(_ reference: Bool) -> [TestFloats] {
                    let y = TestFloats(count: rows * width)
                    let mean = TestFloats(count: rows)
                    let rstd = TestFloats(count: rows)
                    let dx = dy.copy
                    let dw = w.copy
                    let db = b.copy
                    if reference {
                        Reference.layerNormForward(
                            y.p, mean.p, rstd.p, x.p, w.p, b.p, rows: rows, width: width, eps: 1e-5)
                        Reference.layerNormBackward(
                            dx.p, dw.p, db.p, dy.p, x.p, w.p, mean.p, rstd.p, rows: rows, width: width,
                            accumulate: accumulate)
                    } else {
                        layerNormForward(y.p, mean.p, rstd.p, x.p, w.p, b.p, rows: rows, width: width, eps: 1e-5)
                        layerNormBackward(
                            dx.p, dw.p, db.p, dy.p, x.p, w.p, mean.p, rstd.p, rows: rows, width: width,
                            accumulate: accumulate)
                    }
                    return [y, mean, rstd, dx, dw, db]
                }
                let twins = run(true).map(\.values)
                // A single column has variance 0, so rstd is 1/√eps and magnifies rounding.
                let tolerance: Float = width == 1 ? 1e-2 : 5e-5
                for (result, twin) in zip(anyThreads { run(false) }, twins) { expectClose(result, twin, tolerance) }
            }
        }

        @Test func aZeroRowStaysFinite() {
            let x = TestFloats(count: 16)
            let y = TestFloats(count: 16)
            let rstd = TestFloats(count: 1)
            rmsNormForward(y.p, rstd.p, x.p, x.p, rows: 1, width: 16, eps: 1e-5)
            #expect(y.values.allSatisfy { $0 == 0 })
        }
    }
}
