import RhoKernels
import Testing

extension KernelTests {
    @Suite struct GEMMTests {
        @Test(arguments: [
            (1, 1, 1), (15, 17, 16), (17, 63, 100), (100, 16, 63), (300, 257, 33), (3, 1100, 5), (5, 4, 0),
        ])
        func matchesItsTwin(m: Int, n: Int, k: Int) {
            for (transA, transB, accumulate) in [
                (false, false, false), (false, true, true), (true, false, true), (true, true, false),
            ] {
                let lda = (transA ? m : k) + 3
                let ldb = (transB ? k : n) + 1
                let ldc = n + 2
                let a = TestFloats(random: (transA ? k : m) * lda, seed: 1)
                let b = TestFloats(random: (transB ? n : k) * ldb, seed: 2)
                let c = TestFloats(random: m * ldc, seed: 3)
                let twin = c.copy
                Reference.gemm(
                    twin.p, a.p, b.p, m: m, n: n, k: k, transA: transA, transB: transB, alpha: 0.5,
                    accumulate: accumulate, lda: lda, ldb: ldb, ldc: ldc)
                let result = anyThreads {
                    let y = c.copy
                    gemm(
                        y.p, a.p, b.p, m: m, n: n, k: k, transA: transA, transB: transB, alpha: 0.5,
                        accumulate: accumulate, lda: lda, ldb: ldb, ldc: ldc)
                    return [y]
                }
                expectClose(result[0], twin.values, 1e-5)
            }
        }

        @Test(arguments: oddSizes + [2, 3, 32, 33, 300]) func linearMatchesItsTwin(size: Int) {
            let (rows, inputs, outputs) = (size, 2 * size + 1, size + 3)
            let x = TestFloats(random: rows * inputs, seed: 1)
            let w = TestFloats(random: outputs * inputs, seed: 2)
            let bias = TestFloats(random: outputs, seed: 3)
            let residual = TestFloats(random: rows * outputs, seed: 4)
            for (useBias, useResidual) in [(false, false), (true, false), (false, true), (true, true)] {
                let twin = TestFloats(count: rows * outputs)
                Reference.linearForward(
                    twin.p, x.p, w.p, bias: useBias ? UnsafePointer(bias.p) : nil,
                    residual: useResidual ? UnsafePointer(residual.p) : nil, rows: rows, inputs: inputs,
                    outputs: outputs)
                let result = anyThreads {
                    let y = TestFloats(count: rows * outputs, value: .nan)
                    linearForward(
                        y.p, x.p, w.p, bias: useBias ? UnsafePointer(bias.p) : nil,
                        residual: useResidual ? UnsafePointer(residual.p) : nil, rows: rows, inputs: inputs,
                        outputs: outputs)
                    return [y]
                }
                // A sum of k products rounds to about √k of a Float's last digits.
                expectClose(result[0], twin.values, 3e-5)
            }
            // The residual may be the target itself.
            let inPlace = residual.copy
            linearForward(inPlace.p, x.p, w.p, residual: inPlace.p, rows: rows, inputs: inputs, outputs: outputs)
            let apart = TestFloats(count: rows * outputs)
            linearForward(apart.p, x.p, w.p, residual: residual.p, rows: rows, inputs: inputs, outputs: outputs)
            #expect(inPlace.values == apart.values)
        }

        @Test(arguments: [(1, 1, 1), (100, 17, 33), (1000, 63, 100), (2100, 130, 16), (4096, 32, 48)])
        func linearGradientsMatchTheirTwins(rows: Int, inputs: Int, outputs: Int) {
            let x = TestFloats(random: rows * inputs, seed: 1)
            let w = TestFloats(random: outputs * inputs, seed: 2)
            let dy = TestFloats(random: rows * outputs, seed: 3)
            let start = TestFloats(random: max(rows, outputs) * (inputs + 1), seed: 4)
            for accumulate in [false, true] {
                func run(_ reference: Bool) -> [TestFloats] {
                    let dx = TestFloats(Array(start.values.prefix(rows * inputs)))
                    let dw = TestFloats(Array(start.values.prefix(outputs * inputs)))
                    let db = TestFloats(Array(start.values.prefix(outputs)))
                    if reference {
                        Reference.linearBackwardInput(
                            dx.p, dy.p, w.p, rows: rows, inputs: inputs, outputs: outputs, accumulate: accumulate)
                        Reference.linearBackwardWeight(
                            dw.p, dbias: db.p, dy.p, x.p, rows: rows, inputs: inputs, outputs: outputs)
                    } else {
                        linearBackwardInput(
                            dx.p, dy.p, w.p, rows: rows, inputs: inputs, outputs: outputs, accumulate: accumulate)
                        linearBackwardWeight(
                            dw.p, dbias: db.p, dy.p, .stored(x.p), rows: rows, inputs: inputs, outputs: outputs)
                    }
                    return [dx, dw, db]
                }
                let twins = run(true).map(\.values)
                for (result, twin) in zip(anyThreads { run(false) }, twins) { expectClose(result, twin, 3e-5) }
            }
        }

        /// Results that outgrow the caches go past them, and hold what the same rows give a few at a time.
        @Test(arguments: [240, 256]) func largeResultsHoldWhatSmallOnesDo(outputs: Int) {
            let (rows, inputs, part) = (1_200, 40, 150)
            let x = TestFloats(random: rows * inputs, seed: 1)
            let w = TestFloats(random: outputs * inputs, seed: 2)
            let residual = TestFloats(random: rows * outputs, seed: 3)
            func run(_ size: Int) -> [TestFloats] {
                let (y, dx) = (TestFloats(count: rows * outputs), TestFloats(count: rows * outputs))
                for row in stride(from: 0, to: rows, by: size) {
                    let place = row * outputs
                    linearForward(
                        y.p + place, x.p + row * inputs, w.p, residual: residual.p + place, rows: size, inputs: inputs,
                        outputs: outputs)
                    linearBackwardInput(
                        dx.p + place, x.p + row * inputs, w.p, rows: size, inputs: outputs, outputs: inputs,
                        accumulate: false)
                }
                return [y, dx]
            }
            let parts = run(part).map(\.values)
            for (whole, parts) in zip(anyThreads { run(rows) }, parts) { #expect(whole == parts) }
        }

        @Test func nothingIsDoneForNoRows() {
            let y = TestFloats(count: 4, value: 7)
            linearForward(y.p, y.p, y.p, rows: 0, inputs: 2, outputs: 2)
            linearBackwardInput(y.p, y.p, y.p, rows: 0, inputs: 2, outputs: 2, accumulate: false)
            linearBackwardWeight(y.p, dbias: y.p, y.p, .stored(y.p), rows: 0, inputs: 2, outputs: 2)
            #expect(y.values == [7, 7, 7, 7])
        }
    }
}
