import RhoKernels
import Testing

extension KernelTests {
    @Suite struct OptimiserTests {
        @Test(arguments: oddSizes + [40_000]) func adamWMatchesItsTwin(count: Int) {
            let start = (1...4).map { TestFloats(random: count, seed: UInt64($0)) }
            for i in 0..<count { start[2].p[i] = abs(start[2].p[i]) }
            for step in [1, 2, 1000] {
                func run(_ reference: Bool) -> [TestFloats] {
                    let (p, m, v) = (start[0].copy, start[1].copy, start[2].copy)
                    if reference {
                        Reference.adamWStep(
                            p.p, m.p, v.p, start[3].p, count: count, lr: 1e-2, beta1: 0.9, beta2: 0.95, eps: 1e-8,
                            decay: 0.1, step: step, gradScale: 0.5)
                    } else {
                        adamWStep(
                            p.p, m.p, v.p, start[3].p, count: count, lr: 1e-2, beta1: 0.9, beta2: 0.95, eps: 1e-8,
                            decay: 0.1, step: step, gradScale: 0.5)
                    }
                    return [p, m, v]
                }
                let twins = run(true).map(\.values)
                for (result, twin) in zip(anyThreads { run(false) }, twins) { expectClose(result, twin, 1e-6) }
            }
        }

        @Test(arguments: oddSizes + [4096, 4097, 200_000]) func sumOfSquaresMatchesItsTwin(count: Int) {
            let x = TestFloats(random: count, seed: 1)
            let twin = Reference.sumOfSquares(x.p, count: count)
            let result = anyThreads { [TestFloats([Float(sumOfSquares(x.p, count: count))])] }
            #expect(abs(Double(result[0][0]) - twin) <= 1e-6 * twin)
        }

        @Test func sumOfSquaresShowsWhatIsNotFinite() {
            let x = TestFloats(count: 10_000, value: 1)
            x.p[9_000] = .nan
            #expect(sumOfSquares(x.p, count: 10_000).isNaN)
            x.p[9_000] = .infinity
            #expect(sumOfSquares(x.p, count: 10_000) == .infinity)
            #expect(sumOfSquares(x.p, count: 0) == 0)
        }

        @Test func dropoutKeepsItsShareAndItsMask() {
            let count = 100_000
            let x = TestFloats(count: count, value: 1)
            let result = anyThreads {
                let y = TestFloats(count: count)
                dropoutForward(y.p, x.p, count: count, p: 0.3, seed: 7, stream: 3)
                let dx = TestFloats(count: count)
                dropoutBackward(dx.p, x.p, count: count, p: 0.3, seed: 7, stream: 3)
                return [y, dx]
            }
            #expect(result[0] == result[1])
            let kept = result[0].count { $0 != 0 }
            #expect(abs(Double(kept) / Double(count) - 0.7) < 0.01)
            #expect(result[0].allSatisfy { $0 == 0 || abs($0 - 1 / 0.7) < 1e-6 })
            let other = TestFloats(count: count)
            dropoutForward(other.p, x.p, count: count, p: 0.3, seed: 7, stream: 4)
            #expect(other.values != result[0])
            dropoutForward(other.p, x.p, count: count, p: 0, seed: 7, stream: 4)
            #expect(other.values == x.values)
            dropoutForward(other.p, x.p, count: count, p: 1, seed: 7, stream: 4)
            #expect(other.values.allSatisfy { $0 == 0 })
        }
    }
}
