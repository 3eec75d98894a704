import Glibc
import RhoKernels
import Testing

extension KernelTests {
    @Suite struct ActivationTests {
        @Test(arguments: oddSizes + [20_000]) func geluMatchesItsTwin(count: Int) {
            let x = TestFloats(random: count, seed: 1, scale: 5)
            let dy = TestFloats(random: count, seed: 2)
            let twin = (0..<4).map { _ in TestFloats(count: count) }
            Reference.geluForward(twin[0].p, x.p, count: count)
            Reference.geluBackward(twin[1].p, dy.p, x.p, count: count)
            Reference.geluExactForward(twin[2].p, x.p, count: count)
            Reference.geluExactBackward(twin[3].p, dy.p, x.p, count: count)
            let result = anyThreads {
                let results = (0..<4).map { _ in TestFloats(count: count) }
                geluForward(results[0].p, x.p, count: count)
                geluBackward(results[1].p, dy.p, x.p, count: count)
                geluExactForward(results[2].p, x.p, count: count)
                geluExactBackward(results[3].p, dy.p, x.p, count: count)
                return results
            }
            for (a, b) in zip(result, twin) { expectClose(a, b.values, 2e-6) }
        }

        @Test(arguments: UnaryOp.allCases) func unaryMatchesItsTwin(op: UnaryOp) {
            for count in oddSizes + [17_000] {
                let x = TestFloats(random: count, seed: 1, scale: 8)
                let twin = TestFloats(count: count)
                Reference.unary(twin.p, x.p, count: count, op)
                let result = anyThreads {
                    let y = TestFloats(count: count)
                    unary(y.p, x.p, count: count, op)
                    return [y]
                }
                expectClose(result[0], twin.values, 5e-7, "\(op)")
            }
        }

        @Test(arguments: UnaryOp.allCases) func edgesMatchTheTwin(op: UnaryOp) {
            let x = TestFloats([
                0, -0.0, .infinity, -.infinity, .nan, Float(bitPattern: 71_362), -Float(bitPattern: 71_362), 1e38,
                -1e38, 88, -87, 0.5, 1.5, 2.5,
            ])
            // sin and cos of huge numbers and powers near overflow are left to the libraries on both sides.
            let y = TestFloats(count: x.count)
            let twin = TestFloats(count: x.count)
            unary(y.p, x.p, count: x.count, op)
            Reference.unary(twin.p, x.p, count: x.count, op)
            expectClose(y.values, twin.values, 1e-6, "\(op)")
        }
    }

    /// The error bounds that the doc comments of exp, log, tanh and sigmoid state.
    @Suite struct PrecisionTests {
        private func worst(_ op: UnaryOp, _ xs: [Float], relative: Bool, _ exact: (Double) -> Double) -> Double {
            let x = TestFloats(xs)
            let y = TestFloats(count: xs.count)
            unary(y.p, x.p, count: xs.count, op)
            return zip(xs, y.values).map { input, value in
                let truth = exact(Double(input))
                let error = abs(Double(value) - truth)
                return relative ? error / max(abs(truth), 1e-37) : error
            }.max() ?? 0
        }

        @Test func expIsWithinItsBound() {
            let xs = (0..<400_000).map { Float($0) / 400_000 * 175.9 - 87.3 }
            #expect(worst(.exp, xs, relative: true) { Glibc.exp($0) } < 2e-7)
        }

        @Test func expFlushesAndOverflows() {
            let x = TestFloats([-104.5, -1000, -.infinity, 89, .infinity, 0, .nan, -100])
            unary(x.p, x.p, count: 8, .exp)
            #expect(Array(x.values.prefix(6)) == [0, 0, 0, .infinity, .infinity, 1])
            #expect(x.values[6].isNaN)
            // A subnormal number, exact to its last bit.
            #expect(abs(x.values[7] - expf(-100)) <= .leastNonzeroMagnitude)
        }

        @Test func logIsWithinItsBound() {
            let xs = (0..<400_000).map { powf(10, Float($0) / 400_000 * 70 - 35) }
            #expect(worst(.log, xs, relative: true) { Glibc.log($0) } < 3e-7)
            let near = (0..<100_000).map { 0.5 + Float($0) / 100_000 }
            #expect(worst(.log, near, relative: false) { Glibc.log($0) } < 1e-7)
        }

        @Test func tanhIsWithinItsBound() {
            let xs = (0..<400_000).map { Float($0) / 400_000 * 24 - 12 }
            #expect(worst(.tanh, xs, relative: false) { Glibc.tanh($0) } < 2e-7)
            #expect(worst(.tanh, xs, relative: true) { Glibc.tanh($0) } < 4e-7)
        }

        @Test func sigmoidIsWithinItsBound() {
            let xs = (0..<400_000).map { Float($0) / 400_000 * 160 - 80 }
            #expect(worst(.sigmoid, xs, relative: true) { 1 / (1 + Glibc.exp(-$0)) } < 4e-7)
        }
    }
}
