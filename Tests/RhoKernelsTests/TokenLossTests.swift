import RhoKernels
import Testing

extension KernelTests {
    @Suite struct TokenLossTests {
        @Test(arguments: [
            (1, 1, 1), (3, 15, 17), (17, 16, 100), (100, 33, 515), (63, 8, 2100), (300, 17, 700), (1100, 8, 40),
        ])
        func matchesItsTwin(rows: Int, width: Int, vocab: Int) {
            let hidden = TestFloats(random: rows * width, seed: 1, scale: 2)
            let head = TestFloats(random: vocab * width, seed: 2, scale: 2)
            let drawn = TestInts(random: rows, below: vocab, seed: 3)
            let targets = TestInts(drawn.values.enumerated().map { $0.offset % 7 == 5 ? -1 : $0.element })
            let all = TestFloats(random: rows, seed: 4)
            let some = TestFloats(all.values.enumerated().map { $0.offset % 3 == 1 ? 0 : $0.element })
            for (weights, targets, accumulate) in [
                (all, drawn, false), (all, drawn, true), (some, targets, false), (some, targets, true),
            ] {
                func run(_ reference: Bool) -> [TestFloats] {
                    let loss = TestFloats(count: rows, value: .nan)
                    let lse = TestFloats(count: rows, value: .nan)
                    let entropy = TestFloats(count: rows)
                    let margin = TestFloats(count: rows)
                    let extras = TokenLossExtras(entropy: entropy.p, margin: vocab > 1 ? margin.p : nil)
                    let dhidden = hidden.copy
                    let dhead = head.copy
                    if reference {
                        Reference.tokenLossForward(
                            loss.p, lse.p, hidden.p, head.p, targets.p, rows: rows, width: width, vocab: vocab,
                            extras: extras)
                        Reference.tokenLossBackward(
                            dhidden.p, dhead.p, hidden.p, head.p, targets.p, lse.p, weights.p, rows: rows, width: width,
                            vocab: vocab, accumulate: accumulate)
                    } else {
                        tokenLossForward(
                            loss.p, lse.p, hidden.p, head.p, targets.p, rows: rows, width: width, vocab: vocab,
                            extras: extras)
                        tokenLossBackward(
                            dhidden.p, dhead.p, hidden.p, head.p, targets.p, lse.p, weights.p, rows: rows, width: width,
                            vocab: vocab, accumulate: accumulate)
                    }
                    return [loss, lse, entropy, margin, dhidden, dhead]
                }
                let twins = run(true).map(\.values)
                let names = ["loss", "lse", "entropy", "margin", "dhidden", "dhead"]
                for ((result, twin), name) in zip(zip(anyThreads { run(false) }, twins), names) {
                    expectClose(result, twin, 2e-5, name)
                }
            }
        }

        /// More rows than a group of kept logits holds, chunks and shares that end early.
        @Test(arguments: [(1, 1, 1), (17, 16, 100), (300, 17, 700), (1100, 8, 40), (130, 300, 2100)])
        func gradientsOnTheWayAreThoseOfTheBackwardPass(rows: Int, width: Int, vocab: Int) {
            let hidden = TestFloats(random: rows * width, seed: 1, scale: 2)
            let head = TestFloats(random: vocab * width, seed: 2, scale: 2)
            let targets = TestInts(random: rows, below: vocab, seed: 3)
            func run(onTheWay: Bool) -> [TestFloats] {
                let loss = TestFloats(count: rows, value: .nan)
                let lse = TestFloats(count: rows, value: .nan)
                let entropy = TestFloats(count: rows)
                let dhidden = TestFloats(count: rows * width, value: .nan)
                let dhead = TestFloats(count: vocab * width, value: .nan)
                let extras = TokenLossExtras(entropy: entropy.p)
                if onTheWay {
                    tokenLossGradients(
                        loss.p, lse.p, dhidden.p, dhead.p, hidden.p, head.p, targets.p, rows: rows, width: width,
                        vocab: vocab, extras: extras)
                    scale(dhidden.p, dhidden.p, 0.3, count: rows * width)
                    scale(dhead.p, dhead.p, 0.3, count: vocab * width)
                } else {
                    tokenLossForward(
                        loss.p, lse.p, hidden.p, head.p, targets.p, rows: rows, width: width, vocab: vocab,
                        extras: extras)
                    let weight = TestFloats(count: rows, value: 0.3)
                    tokenLossBackward(
                        dhidden.p, dhead.p, hidden.p, head.p, targets.p, lse.p, weight.p, rows: rows, width: width,
                        vocab: vocab, accumulate: false, accumulateHead: false)
                }
                return [loss, lse, entropy, dhidden, dhead]
            }
            let apart = anyThreads { run(onTheWay: false) }
            let together = anyThreads { run(onTheWay: true) }
            for (a, b) in zip(apart, together) { #expect(a.map(\.bitPattern) == b.map(\.bitPattern)) }
        }

        @Test(arguments: [0, 3, 1300]) func headGradientNeedsNoZeros(rows: Int) {
            let (width, vocab, all) = (8, 70, 1300)
            let hidden = TestFloats(random: all * width, seed: 1)
            let head = TestFloats(random: vocab * width, seed: 2)
            let targets = TestInts(random: all, below: vocab, seed: 3)
            let weight = TestFloats((0..<all).map { $0 < rows ? 0.5 : 0 })
            func gradient(from start: Float, adding: Bool) -> TestFloats {
                let (loss, lse) = (TestFloats(count: all), TestFloats(count: all))
                tokenLossForward(loss.p, lse.p, hidden.p, head.p, targets.p, rows: all, width: width, vocab: vocab)
                let dhidden = TestFloats(count: all * width)
                let dhead = TestFloats(count: vocab * width, value: start)
                tokenLossBackward(
                    dhidden.p, dhead.p, hidden.p, head.p, targets.p, lse.p, weight.p, rows: all, width: width,
                    vocab: vocab, accumulate: false, accumulateHead: adding)
                return dhead
            }
            expectClose(gradient(from: .nan, adding: false).values, gradient(from: 0, adding: true).values, 1e-6)
        }

        @Test func twinGradientMatchesFiniteDifferences() {
            let (rows, width, vocab) = (4, 5, 7)
            let hidden = TestFloats(random: rows * width, seed: 1)
            let head = TestFloats(random: vocab * width, seed: 2)
            let targets = TestInts([0, 6, -1, 3])
            let weight = TestFloats([0.5, -1, 2, 0.25])
            let loss = TestFloats(count: rows)
            let lse = TestFloats(count: rows)
            func total() -> Double {
                Reference.tokenLossForward(
                    loss.p, lse.p, hidden.p, head.p, targets.p, rows: rows, width: width, vocab: vocab)
                return zip(loss.values, weight.values).reduce(0) { $0 + Double($1.0) * Double($1.1) }
            }
            _ = total()
            let dhidden = TestFloats(count: rows * width)
            let dhead = TestFloats(count: vocab * width)
            Reference.tokenLossBackward(
                dhidden.p, dhead.p, hidden.p, head.p, targets.p, lse.p, weight.p, rows: rows, width: width,
                vocab: vocab,
                accumulate: false)
            expectDifferences(hidden, dhidden, total)
            expectDifferences(head, dhead, total)
        }

        @Test func skippedRowsDoNotTouchTheResult() {
            let (rows, width, vocab) = (40, 16, 30)
            let hidden = TestFloats(random: rows * width, seed: 1)
            let head = TestFloats(random: vocab * width, seed: 2)
            let targets = TestInts(random: rows, below: vocab, seed: 3)
            let loss = TestFloats(count: rows)
            let lse = TestFloats(count: rows)
            // A row of NaN that carries no weight must not spread.
            hidden.p[5 * width] = .nan
            tokenLossForward(loss.p, lse.p, hidden.p, head.p, targets.p, rows: rows, width: width, vocab: vocab)
            #expect(loss.p[5].isNaN && lse.p[5].isNaN)
            #expect(loss.values.enumerated().allSatisfy { $0.offset == 5 || $0.element.isFinite })
            let weight = TestFloats(count: rows, value: 1)
            weight.p[5] = 0
            let dhidden = TestFloats(count: rows * width)
            let dhead = TestFloats(count: vocab * width)
            tokenLossBackward(
                dhidden.p, dhead.p, hidden.p, head.p, targets.p, lse.p, weight.p, rows: rows, width: width,
                vocab: vocab,
                accumulate: false)
            #expect(dhidden.values.allSatisfy { $0.isFinite } && dhead.values.allSatisfy { $0.isFinite })
            // With no weight at all nothing changes but the rows that are set to 0.
            let none = TestFloats(count: rows)
            let before = dhead.values
            tokenLossBackward(
                dhidden.p, dhead.p, hidden.p, head.p, targets.p, lse.p, none.p, rows: rows, width: width, vocab: vocab,
                accumulate: false)
            #expect(dhidden.values.allSatisfy { $0 == 0 })
            #expect(dhead.values == before)
        }

        @Test func theHeadMayBeFrozen() {
            let hidden = TestFloats(random: 3 * 4, seed: 1)
            let head = TestFloats(random: 5 * 4, seed: 2)
            let targets = TestInts([1, 2, 4])
            let lse = TestFloats(count: 3)
            let weight = TestFloats(count: 3, value: 1)
            let loss = TestFloats(count: 3)
            tokenLossForward(loss.p, lse.p, hidden.p, head.p, targets.p, rows: 3, width: 4, vocab: 5)
            let a = TestFloats(count: 12)
            let b = TestFloats(count: 12)
            let dhead = TestFloats(count: 20)
            tokenLossBackward(
                a.p, nil, hidden.p, head.p, targets.p, lse.p, weight.p, rows: 3, width: 4, vocab: 5, accumulate: false)
            tokenLossBackward(
                b.p, dhead.p, hidden.p, head.p, targets.p, lse.p, weight.p, rows: 3, width: 4, vocab: 5,
                accumulate: false)
            #expect(a.values == b.values)
        }
    }
}
