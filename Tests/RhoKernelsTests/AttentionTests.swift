import RhoKernels
import Testing

struct AttentionCase: CustomTestStringConvertible, Sendable {
    var batch = 1, tokens = 1, heads = 1, kvHeads = 1, headWidth = 8
    var window: Int?
    var segments = false
    var scale: Float?
    var testDescription: String {
        "B\(batch) T\(tokens) H\(heads) K\(kvHeads) E\(headWidth) window \(window ?? 0) \(segments)"
    }

    var stride: Int { (heads + 2 * kvHeads) * headWidth }
    var rows: Int { batch * tokens }

    /// Documents of uneven lengths; the last sequence is one document.
    var starts: TestInts? {
        guard segments else { return nil }
        return TestInts(
            (0..<rows).map { row in
                let i = row % tokens
                return row / tokens == batch - 1 && batch > 1
                    ? 0 : Int32(i >= 70 ? 70 : i >= 21 ? 21 : i >= 20 ? 20 : 0)
            })
    }

    static let all = [
        AttentionCase(), AttentionCase(batch: 2, tokens: 15, heads: 2, kvHeads: 2, headWidth: 16),
        AttentionCase(batch: 1, tokens: 16, heads: 4, kvHeads: 2, headWidth: 32),
        AttentionCase(batch: 2, tokens: 17, heads: 3, kvHeads: 1, headWidth: 24),
        AttentionCase(batch: 1, tokens: 63, heads: 2, kvHeads: 1, headWidth: 15, scale: 0.3),
        AttentionCase(batch: 2, tokens: 100, heads: 2, kvHeads: 2, headWidth: 8, segments: true),
        AttentionCase(batch: 3, tokens: 130, heads: 4, kvHeads: 2, headWidth: 16, window: 33, segments: true),
        AttentionCase(batch: 1, tokens: 300, heads: 1, kvHeads: 1, headWidth: 16),
        AttentionCase(batch: 1, tokens: 600, heads: 2, kvHeads: 1, headWidth: 8, window: 100),
        AttentionCase(batch: 1, tokens: 90, heads: 1, kvHeads: 1, headWidth: 8, window: 1),
        AttentionCase(batch: 2, tokens: 71, heads: 2, kvHeads: 1, headWidth: 64),
        AttentionCase(batch: 1, tokens: 77, heads: 2, kvHeads: 2, headWidth: 80, window: 20, segments: true),
        AttentionCase(batch: 1, tokens: 301, heads: 2, kvHeads: 1, headWidth: 32, window: 290, scale: 0.5),
    ]
}

extension KernelTests {
    @Suite struct AttentionTests {
        @Test(arguments: AttentionCase.all) func matchesItsTwin(c: AttentionCase) {
            let qkv = TestFloats(random: c.rows * c.stride, seed: 1, scale: 2)
            let dout = TestFloats(random: c.rows * c.heads * c.headWidth, seed: 2)
            let starts = c.starts
            func run(_ reference: Bool) -> [TestFloats] {
                let out = TestFloats(count: dout.count, value: .nan)
                let lse = TestFloats(count: c.rows * c.heads)
                let dqkv = TestFloats(count: qkv.count, value: .nan)
                let segment = starts.map { UnsafePointer($0.p) }
                if reference {
                    Reference.attentionForward(
                        out.p, lse.p, qkv.p, batch: c.batch, tokens: c.tokens, heads: c.heads, kvHeads: c.kvHeads,
                        headWidth: c.headWidth, window: c.window, scale: c.scale, segmentStart: segment)
                    Reference.attentionBackward(
                        dqkv.p, dout.p, out.p, lse.p, qkv.p, batch: c.batch, tokens: c.tokens, heads: c.heads,
                        kvHeads: c.kvHeads, headWidth: c.headWidth, window: c.window, scale: c.scale,
                        segmentStart: segment)
                } else {
                    attentionForward(
                        out.p, lse.p, qkv.p, batch: c.batch, tokens: c.tokens, heads: c.heads, kvHeads: c.kvHeads,
                        headWidth: c.headWidth, window: c.window, scale: c.scale, segmentStart: segment)
                    attentionBackward(
                        dqkv.p, dout.p, out.p, lse.p, qkv.p, batch: c.batch, tokens: c.tokens, heads: c.heads,
                        kvHeads: c.kvHeads, headWidth: c.headWidth, window: c.window, scale: c.scale,
                        segmentStart: segment)
                }
                return [out, lse, dqkv]
            }
            let twins = run(true).map(\.values)
            for ((result, twin), name) in zip(zip(anyThreads { run(false) }, twins), ["out", "lse", "dqkv"]) {
                expectClose(result, twin, 1e-5, name)
            }
        }

        @Test(arguments: AttentionCase.all.filter { $0.headWidth % 2 == 0 }) func turnsOnTheWay(c: AttentionCase) {
            let plain = TestFloats(random: c.rows * c.stride, seed: 1, scale: 2)
            let dout = TestFloats(random: c.rows * c.heads * c.headWidth, seed: 2)
            // Half of the head turns in the wider ones.
            let width = c.headWidth > 8 ? c.headWidth / 4 * 2 : c.headWidth
            let cosines = TestFloats(count: c.tokens * width / 2)
            let sines = TestFloats(count: c.tokens * width / 2)
            ropeTable(cosines.p, sines.p, tokens: c.tokens, headWidth: width, theta: 100)
            func turn(_ x: TestFloats, inverse: Bool) {
                ropeRotate(
                    x.p, rows: c.rows, rowStride: c.stride, heads: c.heads + c.kvHeads, headWidth: c.headWidth,
                    tokens: c.tokens, cosines.p, sines.p, rotaryWidth: width, inverse: inverse)
            }
            func run(fused: Bool) -> [TestFloats] {
                let qkv = plain.copy
                let out = TestFloats(count: dout.count)
                let lse = TestFloats(count: c.rows * c.heads)
                let dqkv = TestFloats(count: qkv.count)
                let rotation = fused ? Rotation(cosines: cosines.p, sines: sines.p, width: width) : nil
                if !fused { turn(qkv, inverse: false) }
                attentionForward(
                    out.p, lse.p, qkv.p, batch: c.batch, tokens: c.tokens, heads: c.heads, kvHeads: c.kvHeads,
                    headWidth: c.headWidth, window: c.window, rotation: rotation)
                attentionBackward(
                    dqkv.p, dout.p, out.p, lse.p, qkv.p, batch: c.batch, tokens: c.tokens, heads: c.heads,
                    kvHeads: c.kvHeads, headWidth: c.headWidth, window: c.window, rotation: rotation)
                if !fused { turn(dqkv, inverse: true) }
                return [out, lse, dqkv]
            }
            let apart = run(fused: false).map(\.values)
            for (result, twin) in zip(anyThreads { run(fused: true) }, apart) { #expect(result == twin) }
        }

        @Test func twinGradientMatchesFiniteDifferences() {
            let c = AttentionCase(batch: 1, tokens: 7, heads: 2, kvHeads: 1, headWidth: 4)
            let qkv = TestFloats(random: c.rows * c.stride, seed: 1)
            let dout = TestFloats(random: c.rows * c.heads * c.headWidth, seed: 2)
            let out = TestFloats(count: dout.count)
            let lse = TestFloats(count: c.rows * c.heads)
            let slope = TestFloats(count: qkv.count)
            func loss() -> Double {
                Reference.attentionForward(
                    out.p, lse.p, qkv.p, batch: 1, tokens: 7, heads: 2, kvHeads: 1, headWidth: 4)
                return zip(out.values, dout.values).reduce(0) { $0 + Double($1.0) * Double($1.1) }
            }
            _ = loss()
            Reference.attentionBackward(
                slope.p, dout.p, out.p, lse.p, qkv.p, batch: 1, tokens: 7, heads: 2, kvHeads: 1, headWidth: 4)
            expectDifferences(qkv, slope, loss)
        }

        @Test(arguments: [nil, 5] as [Int?]) func cachedRowsGiveWhatTheWholeSequenceGives(window: Int?) {
            let c = AttentionCase(batch: 2, tokens: 21, heads: 4, kvHeads: 2, headWidth: 12)
            let qkv = TestFloats(random: c.rows * c.stride, seed: 5)
            let whole = TestFloats(count: c.rows * c.heads * c.headWidth)
            let lse = TestFloats(count: c.rows * c.heads)
            Reference.attentionForward(
                whole.p, lse.p, qkv.p, batch: 2, tokens: 21, heads: 4, kvHeads: 2, headWidth: 12, window: window)
            let capacity = 32
            let outWidth = c.heads * c.headWidth
            let result = anyThreads {
                let keys = TestFloats(count: 3 * c.kvHeads * capacity * c.headWidth, value: .nan)
                let values = TestFloats(count: keys.count, value: .nan)
                let out = TestFloats(count: whole.count)
                // The first 9 positions of both sequences (slots 2 and 0) in one call, the others one at a time.
                for range in [0..<9] + (9..<21).map({ $0..<$0 + 1 }) {
                    let rows = [0, 1].flatMap { b in range.map { b * 21 + $0 } }
                    let part = TestFloats(rows.flatMap { row in (0..<c.stride).map { qkv.p[row * c.stride + $0] } })
                    let slots = TestInts(rows.map { $0 < 21 ? 2 : 0 })
                    let positions = TestInts(rows.map { Int32($0 % 21) })
                    let target = TestFloats(count: rows.count * outWidth)
                    attentionCached(
                        target.p, part.p, keys: keys.p, values: values.p, rows: rows.count, slot: slots.p,
                        position: positions.p, capacity: capacity, heads: c.heads, kvHeads: c.kvHeads,
                        headWidth: c.headWidth, window: window)
                    for (index, row) in rows.enumerated() {
                        for i in 0..<outWidth { out.p[row * outWidth + i] = target.p[index * outWidth + i] }
                    }
                }
                return [out]
            }
            expectClose(result[0], whole.values, 1e-5)
        }

        @Test(arguments: [(nil, 0), (6, 3)] as [(Int?, Int)]) func ropeMatchesItsTwinAndTurnsBack(
            rotary: Int?, offset: Int
        ) {
            let (rows, heads, width, tokens) = (40, 3, 34, 20)
            let half = (rotary ?? width) / 2
            let c = TestFloats(count: 64 * half)
            let s = TestFloats(count: 64 * half)
            ropeTable(c.p, s.p, tokens: 64, headWidth: 2 * half, theta: 10_000)
            let stride = heads * width + 5
            let x = TestFloats(random: rows * stride, seed: 1)
            let positions = TestInts(random: rows, below: 60, seed: 2)
            for explicit in [nil, UnsafePointer(positions.p)] {
                let twin = x.copy
                Reference.ropeRotate(
                    twin.p, rows: rows, rowStride: stride, heads: heads, headWidth: width, tokens: tokens, c.p, s.p,
                    rotaryWidth: rotary, offset: offset, positions: explicit, inverse: false)
                let result = anyThreads {
                    let y = x.copy
                    ropeRotate(
                        y.p, rows: rows, rowStride: stride, heads: heads, headWidth: width, tokens: tokens, c.p, s.p,
                        rotaryWidth: rotary, offset: offset, positions: explicit, inverse: false)
                    return [y]
                }
                expectClose(result[0], twin.values, 1e-6)
                ropeRotate(
                    twin.p, rows: rows, rowStride: stride, heads: heads, headWidth: width, tokens: tokens, c.p, s.p,
                    rotaryWidth: rotary, offset: offset, positions: explicit, inverse: true)
                expectClose(twin.values, x.values, 1e-6)
            }
        }
    }
}

/// Holds each slope to the central difference of `loss` in the matching value.
func expectDifferences(
    _ x: TestFloats, _ slope: TestFloats, _ loss: () -> Double, sourceLocation: SourceLocation = #_sourceLocation
) {
    let h: Float = 1.0 / 128
    var differences: [Float] = []
    for i in 0..<x.count {
        let value = x.p[i]
        x.p[i] = value + h
        let above = loss()
        x.p[i] = value - h
        let below = loss()
        x.p[i] = value
        differences.append(Float((above - below) / Double(2 * h)))
    }
    expectClose(differences, slope.values, 1e-3, "slope", sourceLocation: sourceLocation)
}
