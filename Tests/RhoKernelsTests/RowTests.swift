import RhoKernels
import Testing

extension KernelTests {
    @Suite struct RowTests {
        @Test(arguments: [(1, 1, 1), (15, 17, 4), (100, 16, 7), (1000, 63, 20)])
        func gatherAndScatterMatchTheirTwins(rows: Int, width: Int, targets: Int) {
            let table = TestFloats(random: targets * width, seed: 1)
            let drawn = TestInts(random: rows, below: targets, seed: 2)
            let ids = TestInts(drawn.values.enumerated().map { $0.offset % 9 == 4 ? -1 : $0.element })
            let dy = TestFloats(random: rows * width, seed: 3)
            let y = TestFloats(count: rows * width)
            Reference.embeddingForward(y.p, table.p, ids.p, rows: rows, width: width)
            let sums = table.copy
            Reference.embeddingBackward(sums.p, dy.p, ids.p, rows: rows, width: width, vocab: targets)
            let result = anyThreads {
                let a = TestFloats(count: rows * width)
                let b = table.copy
                embeddingForward(a.p, table.p, ids.p, rows: rows, width: width)
                embeddingBackward(b.p, dy.p, ids.p, rows: rows, width: width, vocab: targets)
                return [a, b]
            }
            #expect(result[0] == y.values)
            #expect(result[1] == sums.values, "additions must follow the order of the rows")
        }

        @Test(arguments: [(1, 1), (3, 15), (16, 17), (63, 100), (5, 3000)])
        func softmaxMatchesItsTwin(rows: Int, width: Int) {
            let x = TestFloats(random: rows * width, seed: 1, scale: 10)
            let dy = TestFloats(random: rows * width, seed: 2)
            func run(_ reference: Bool) -> [TestFloats] {
                let results = (0..<4).map { _ in dy.copy }
                if reference {
                    Reference.softmaxRows(results[0].p, x.p, rows: rows, width: width)
                    Reference.logSoftmaxRows(results[1].p, x.p, rows: rows, width: width)
                    Reference.softmaxRowsBackward(
                        results[2].p, dy.p, results[0].p, rows: rows, width: width, accumulate: true)
                    Reference.logSoftmaxRowsBackward(
                        results[3].p, dy.p, results[1].p, rows: rows, width: width, accumulate: false)
                } else {
                    softmaxRows(results[0].p, x.p, rows: rows, width: width)
                    logSoftmaxRows(results[1].p, x.p, rows: rows, width: width)
                    softmaxRowsBackward(results[2].p, dy.p, results[0].p, rows: rows, width: width, accumulate: true)
                    logSoftmaxRowsBackward(
                        results[3].p, dy.p, results[1].p, rows: rows, width: width, accumulate: false)
                }
                return results
            }
            let twins = run(true).map(\.values)
            for (result, twin) in zip(anyThreads { run(false) }, twins) { expectClose(result, twin, 1e-5) }
        }

        @Test func softmaxEdges() {
            let x = TestFloats([1, .nan, 2, -.infinity, 0, 0])
            softmaxRows(x.p, x.p, rows: 2, width: 3)
            #expect(x.values[0..<3].allSatisfy { $0.isNaN })
            #expect(Array(x.values[3..<6]) == [0, 0.5, 0.5])
        }

        @Test(arguments: [
            (1, 1, 1), (1, 40_000, 1), (7, 100, 1), (1, 1000, 17), (1, 63, 100), (3, 15, 16), (2, 0, 3), (4, 5, 70),
        ])
        func reductionsMatchTheirTwins(outer: Int, n: Int, inner: Int) {
            let x = TestFloats(random: outer * n * inner, seed: 1)
            for accumulate in [false, true] {
                func run(_ reference: Bool) -> [TestFloats] {
                    let sum = TestFloats(count: outer * inner, value: 3)
                    let top = TestFloats(count: outer * inner)
                    if reference {
                        Reference.reduceSum(sum.p, x.p, outer: outer, n: n, inner: inner, accumulate: accumulate)
                        Reference.reduceMax(top.p, x.p, outer: outer, n: n, inner: inner)
                    } else {
                        reduceSum(sum.p, x.p, outer: outer, n: n, inner: inner, accumulate: accumulate)
                        reduceMax(top.p, x.p, outer: outer, n: n, inner: inner)
                    }
                    return [sum, top]
                }
                let twins = run(true).map(\.values)
                for (result, twin) in zip(anyThreads { run(false) }, twins) { expectClose(result, twin, 1e-5) }
            }
        }

        @Test func maxGivesTheFirstPlaceAndKeepsNaN() {
            let x = TestFloats([1, 3, 3, 2, 1, .nan, 5, .nan])
            let y = TestFloats(count: 2)
            let index = TestInts([9, 9])
            reduceMax(y.p, index: index.p, x.p, outer: 2, n: 4, inner: 1)
            #expect(y.p[0] == 3 && y.p[1].isNaN)
            #expect(index.p[0] == 1 && index.p[1] == 1)
        }

        @Test(arguments: [(1, 1), (15, 17), (33, 100), (64, 64)]) func transposeMatchesItsTwin(rows: Int, columns: Int)
        {
            let x = TestFloats(random: rows * columns, seed: 1)
            let twin = TestFloats(count: x.count)
            Reference.transpose2D(twin.p, x.p, rows: rows, columns: columns)
            let result = anyThreads {
                let y = TestFloats(count: x.count)
                transpose2D(y.p, x.p, rows: rows, columns: columns)
                return [y]
            }
            #expect(result[0] == twin.values)
        }
    }
}
