import RhoKernels
import Testing

extension KernelTests {
    @Suite struct BinaryTests {
        private static let shapes: [(SIMD4<Int>, SIMD4<Int>, SIMD4<Int>)] = [
            (SIMD4(1, 1, 1, 17), SIMD4(0, 0, 0, 1), SIMD4(0, 0, 0, 0)),
            (SIMD4(1, 1, 5, 63), SIMD4(0, 0, 63, 1), SIMD4(0, 0, 0, 1)),
            (SIMD4(1, 1, 5, 63), SIMD4(0, 0, 63, 1), SIMD4(0, 0, 1, 0)),
            (SIMD4(2, 3, 5, 7), SIMD4(105, 35, 7, 1), SIMD4(5, 0, 1, 0)),
            (SIMD4(2, 3, 5, 7), SIMD4(105, 35, 7, 1), SIMD4(105, 35, 7, 1)),
            (SIMD4(2, 3, 1, 1), SIMD4(3, 1, 1, 1), SIMD4(0, 1, 0, 0)),
            (SIMD4(1, 1, 4, 6), SIMD4(0, 0, 1, 4), SIMD4(0, 0, 6, 1)),
            (SIMD4(1, 1, 2, 20_000), SIMD4(0, 0, 20_000, 1), SIMD4(0, 0, 0, 1)),
            (SIMD4(1, 1, 3000, 1), SIMD4(0, 0, 1, 0), SIMD4(0, 0, 1, 7)),
            (SIMD4(1, 0, 3, 4), SIMD4(0, 12, 4, 1), SIMD4(0, 0, 0, 0)),
        ]

        @Test(arguments: BinaryOp.allCases) func broadcastsLikeItsTwin(op: BinaryOp) {
            for (sizes, aStrides, bStrides) in Self.shapes {
                let count = sizes[0] * sizes[1] * sizes[2] * sizes[3]
                let a = TestFloats(TestFloats(random: 40_000, seed: 1).values.map { abs($0) + 0.25 })
                let b = TestFloats(random: 40_000, seed: 2)
                for i in stride(from: 0, to: 40_000, by: 7) { b.p[i] = a.p[i] }
                let twin = TestFloats(count: count)
                Reference.binary(twin.p, a.p, b.p, sizes: sizes, aStrides: aStrides, bStrides: bStrides, op)
                let result = anyThreads {
                    let y = TestFloats(count: count)
                    binary(y.p, a.p, b.p, sizes: sizes, aStrides: aStrides, bStrides: bStrides, op)
                    return [y]
                }
                expectClose(result[0], twin.values, 1e-6, "\(op) \(sizes)")
            }
        }

        @Test(arguments: BinaryOp.allCases) func edgesMatchTheTwin(op: BinaryOp) {
            let edges: [Float] = [0, 1, -1, .infinity, -.infinity, .nan]
            let a = TestFloats(edges.flatMap { [Float](repeating: $0, count: edges.count) })
            let b = TestFloats(edges.flatMap { _ in edges })
            let y = TestFloats(count: a.count)
            let twin = TestFloats(count: a.count)
            binary(y.p, a.p, b.p, count: a.count, op)
            let strides = SIMD4(0, 0, 0, 1)
            Reference.binary(twin.p, a.p, b.p, sizes: SIMD4(1, 1, 1, a.count), aStrides: strides, bStrides: strides, op)
            expectClose(y.values, twin.values, 0, "\(op)")
        }

        @Test func memoryKernels() {
            for count in oddSizes + [40_000] {
                let x = TestFloats(random: count, seed: 1)
                let result = anyThreads {
                    let y = TestFloats(count: count)
                    fill(y.p, 2, count: count)
                    axpy(y.p, x.p, 0.5, count: count)
                    let z = TestFloats(count: count)
                    copy(z.p, y.p, count: count)
                    scale(z.p, z.p, -2, count: count)
                    return [y, z]
                }
                expectClose(result[0], x.values.map { 2 + 0.5 * $0 }, 1e-6)
                expectClose(result[1], x.values.map { -4 - $0 }, 1e-6)
            }
        }
    }
}
