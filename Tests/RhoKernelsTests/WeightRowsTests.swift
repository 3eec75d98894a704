import RhoKernels
import Testing

extension KernelTests {
    /// Weights kept in 16 bits.
    @Suite struct WeightRowsTests {
        /// Bits of 16-bit numbers between guard zones' neighbours; reading past the end is what the tests look for.
        private final class Halves {
            let p: UnsafeMutablePointer<UInt16>

            init(_ bits: [UInt16]) {
                p = .allocate(capacity: max(bits.count, 1))
                p.initialize(repeating: 0, count: max(bits.count, 1))
                for (i, value) in bits.enumerated() { p[i] = value }
            }

            deinit { p.deallocate() }

            func gather(_ y: TestFloats, _ ids: [Int32], width: Int, isF16: Bool) {
                let ids = TestInts(ids)
                (isF16 ? WeightRows.f16(p) : .bf16(p)).gather(y.p, ids.p, rows: ids.values.count, width: width)
                withExtendedLifetime(self) {}
            }
        }

        /// What the sixteen bits of half precision stand for.
        private func value(_ bits: UInt16) -> Float {
            let exponent = Int(bits >> 10 & 31), fraction = Float(bits & 1023) / 1024
            let magnitude =
                exponent == 0
                ? fraction * 0x1p-14 : (1 + fraction) * Float(sign: .plus, exponent: exponent - 15, significand: 1)
            return bits >> 15 == 1 ? -magnitude : magnitude
        }

        @Test func everyNumberIsWidenedExactly() {
            // All finite half-precision numbers, then all of bf16, each as one row of a table.
            let halves = (0..<UInt16.max).filter { $0 >> 10 & 31 != 31 }
            let wide = TestFloats(count: halves.count)
            Halves(halves).gather(wide, [0], width: halves.count, isF16: true)
            for (index, bits) in halves.enumerated() where wide.p[index] != value(bits) {
                Issue.record("\(bits) became \(wide.p[index]), expected \(value(bits))")
            }
            let all = Array(0...UInt16.max)
            let truncated = TestFloats(count: all.count)
            Halves(all).gather(truncated, [0], width: all.count, isF16: false)
            for bits in all where truncated.p[Int(bits)].bitPattern != UInt32(bits) << 16 {
                Issue.record("\(bits) became \(truncated.p[Int(bits)])")
            }
        }

        @Test(arguments: oddSizes + [2, 3, 32, 33, 300]) func productsMatchThoseOfWidenedWeights(size: Int) {
            let (rows, inputs, outputs) = (size, 2 * size + 1, size + 3)
            let x = TestFloats(random: rows * inputs, seed: 1)
            let bias = TestFloats(random: outputs, seed: 3)
            let bits = TestFloats(random: outputs * inputs, seed: 2).values.map { UInt16($0.bitPattern >> 16) }
            let kept = Halves(bits)
            let w = TestFloats(bits.map { Float(bitPattern: UInt32($0) << 16) })
            let expected = TestFloats(count: rows * outputs)
            Reference.linearForward(
                expected.p, x.p, w.p, bias: UnsafePointer(bias.p), residual: nil, rows: rows, inputs: inputs,
                outputs: outputs)
            let result = anyThreads {
                let y = TestFloats(count: rows * outputs, value: .nan)
                linearForward(
                    y.p, x.p, .bf16(kept.p), bias: UnsafePointer(bias.p), rows: rows, inputs: inputs, outputs: outputs)
                return [y]
            }
            withExtendedLifetime(kept) {}
            expectClose(result[0], expected.values, 3e-5)
        }

        @Test func missingRowsAreZero() {
            let y = TestFloats(count: 6, value: .nan)
            Halves([0x3F80, 0x4000, 0x4040, 0x4080]).gather(y, [1, -1, 0], width: 2, isF16: false)
            #expect(y.values == [3, 4, 0, 0, 1, 2])
        }
    }
}
