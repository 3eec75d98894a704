import RhoCore
import RhoData
import RhoTestSupport
import RhoText
import Testing

/// A corpus part whose token ids are pseudo-random bytes in documents of random length.
func makeStore(_ directory: TemporaryDirectory, _ name: String, documents: Int, seed: UInt64, labels: Bool = false)
    throws -> TokenStore
{
    var stream = RandomStream(seed: seed, name: "store")
    let list = (0..<documents).map { _ in
        let text = (0..<stream.below(40)).map { _ in UInt8(stream.below(256)) }
        return Document(text: text, labels: labels ? text.map { $0 % 3 } : nil)
    }
    return try TokenStore.build(
        ListSource(list, name: name), tokenizer: BytesForTests(), path: directory.file(name), threads: 1)
}

@Suite struct PackingTests {
    /// Every token but the first is a target exactly once, every token but the last an input exactly once.
    @Test func coversEveryTokenOnce() {
        var stream = RandomStream(seed: 10, name: "packing")
        for _ in 0..<2000 {
            let count = stream.below(300)
            let packing = Packing(tokenCount: count, width: 1 + stream.below(40))
            var next = 0
            for row in 0..<packing.rowCount {
                #expect(packing.start(of: row) == next)
                #expect(packing.length(of: row) > 0 && packing.length(of: row) <= packing.width)
                if row + 1 < packing.rowCount { #expect(packing.length(of: row) == packing.width) }
                next += packing.length(of: row)
            }
            #expect(next == max(0, count - 1))
        }
    }
}

@Suite struct DataLoaderTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    @Test func sequentialPassSeesEveryTargetOnce() throws {
        for (index, (batch, tokens)) in [(1, 1), (3, 7), (4, 16), (2, 5000), (64, 3)].enumerated() {
            let a = try makeStore(directory, "a\(index)", documents: 30, seed: UInt64(index), labels: true)
            let b = try makeStore(directory, "b\(index)", documents: 11, seed: UInt64(index + 100))
            let corpus = try Corpus([Corpus.Part(a), Corpus.Part(b, weight: 3)])
            let loader = try DataLoader(corpus, batch: batch, tokens: tokens, order: .sequential)
            var targets: [[Int32]] = [[], []]
            var valid = 0
            for step in 0..<loader.stepsPerPass {
                let got = loader.batch(step: step)
                valid += got.validCount
                #expect(got.validCount == got.targets.count { $0 >= 0 })
                for row in 0..<batch {
                    for t in 0..<tokens where got.targets[row * tokens + t] >= 0 {
                        let place = try #require(got.rows[row])
                        let at = try #require(got.streamIndex(row: row, position: t))
                        let store = corpus.parts[place.part].store
                        #expect(at == targets[place.part].count + 1)
                        #expect(
                            store.tokens(at - 1..<at + 1) == [got.ids[row * tokens + t], got.targets[row * tokens + t]])
                        #expect(got.labels?[row * tokens + t] == store.label(at))
                        targets[place.part].append(got.targets[row * tokens + t])
                    }
                }
            }
            #expect(targets[0] == a.tokens(1..<a.tokenCount))
            #expect(targets[1] == b.tokens(1..<b.tokenCount))
            #expect(valid == loader.targetCount)
            let after = loader.batch(step: loader.stepsPerPass)
            #expect(after.validCount == 0 && after.rows.allSatisfy { $0 == nil })
            #expect(after.targets.allSatisfy { $0 == -1 })
            #expect(after.part(ofRow: 0) == -1)
        }
    }

    @Test func anEpochSeesEveryRowOnceInAnotherOrder() throws {
        let corpus = try Corpus(makeStore(directory, "e", documents: 200, seed: 5))
        let loader = try DataLoader(corpus, batch: 5, tokens: 8, order: .shuffled(seed: 1))
        let rows = loader.rowCount
        var epochs: [[Int]] = []
        for epoch in 0..<3 {
            epochs.append(((epoch * rows)..<((epoch + 1) * rows)).compactMap { loader.place(ofSlot: $0)?.row })
            #expect(epochs[epoch].sorted() == Array(0..<rows))
        }
        #expect(epochs[0] != epochs[1] && epochs[1] != epochs[2] && epochs[0] != Array(0..<rows))
    }

    @Test func batchesAreAFunctionOfSeedAndStep() throws {
        let store = try makeStore(directory, "f", documents: 100, seed: 6, labels: true)
        let other = try makeStore(directory, "g", documents: 50, seed: 7)
        func loader(_ seed: UInt64) throws -> DataLoader {
            let corpus = try Corpus([
                Corpus.Part(TokenStore(path: store.path), weight: 2), Corpus.Part(TokenStore(path: other.path)),
            ])
            return try DataLoader(corpus, batch: 4, tokens: 9, order: .shuffled(seed: seed), documentMask: true)
        }
        let first = try loader(1)
        let forward = (0..<60).map { first.batch(step: $0) }
        let second = try loader(1)
        for step in (0..<60).reversed() { #expect(second.batch(step: step) == forward[step]) }
        let different = try loader(2)
        #expect((0..<60).contains { different.batch(step: $0).ids != forward[$0].ids })
    }

    @Test func slicesAreTheRowsOfTheirBatch() throws {
        let store = try makeStore(directory, "sl", documents: 30, seed: 4, labels: true)
        let loader = try DataLoader(Corpus(store), batch: 7, tokens: 10, order: .sequential, documentMask: true)
        for step in 0..<loader.stepsPerPass {
            let batch = loader.batch(step: step)
            let pieces = [0..<3, 3..<6, 6..<7].map { batch.slice(rows: $0) }
            #expect(pieces.map(\.rowCount) == [3, 3, 1])
            #expect(pieces.flatMap(\.ids) == batch.ids && pieces.flatMap(\.targets) == batch.targets)
            #expect(pieces.flatMap { $0.labels ?? [] } == batch.labels)
            #expect(pieces.flatMap { $0.segmentStart ?? [] } == batch.segmentStart)
            #expect(pieces.flatMap(\.rows) == batch.rows)
            #expect(pieces.reduce(0) { $0 + $1.validCount } == batch.validCount)
            #expect(batch.slice(rows: 0..<7) == batch)
        }
    }

    @Test func segmentsFollowDocuments() throws {
        let store = try makeStore(directory, "s", documents: 300, seed: 8)
        let loader = try DataLoader(Corpus(store), batch: 3, tokens: 50, order: .sequential, documentMask: true)
        for step in 0..<loader.stepsPerPass {
            let batch = loader.batch(step: step)
            let segments = try #require(batch.segmentStart)
            for row in 0..<3 {
                guard let place = batch.rows[row] else { continue }
                for t in 0..<50 where batch.targets[row * 50 + t] >= 0 {
                    let token = place.row * 50 + t
                    #expect(Int(segments[row * 50 + t]) == max(0, store.documentStart(for: token) - place.row * 50))
                }
            }
        }
        #expect(
            try DataLoader(Corpus(store), batch: 3, tokens: 50, order: .sequential).batch(step: 0).segmentStart == nil)
    }

    @Test func mixturesKeepTheirShares() throws {
        let stores = try (0..<4).map { try makeStore(directory, "m\($0)", documents: 40 + 10 * $0, seed: UInt64($0)) }
        var stream = RandomStream(seed: 12, name: "weights")
        for trial in 0..<20 {
            let weights = trial == 0 ? [1, 1, 1, 1] : (0..<4).map { _ in 0.001 + stream.uniform() * 10 }
            let corpus = try Corpus(zip(stores, weights).map { Corpus.Part($0, weight: $1) })
            let loader = try DataLoader(corpus, batch: 1, tokens: 10, order: .shuffled(seed: UInt64(trial)))
            var counts = [Int](repeating: 0, count: 4)
            var epochRows: [[Int]] = [[], [], [], []]
            for slot in 0..<5000 {
                let place = try #require(loader.place(ofSlot: slot))
                counts[place.part] += 1
                epochRows[place.part].append(place.row)
                for part in 0..<4 {
                    let exact = Double(slot + 1) * weights[part] / weights.reduce(0, +)
                    #expect(abs(Double(counts[part]) - exact) <= 4)
                }
            }
            // Within each part, an epoch is a permutation of its rows whatever the other parts do.
            for part in 0..<4 {
                let rows = Packing(tokenCount: stores[part].tokenCount, width: 10).rowCount
                for epoch in 0..<(epochRows[part].count / rows) {
                    #expect(epochRows[part][(epoch * rows)..<((epoch + 1) * rows)].sorted() == Array(0..<rows))
                }
            }
        }
    }

    @Test func errors() throws {
        let store = try makeStore(directory, "x", documents: 10, seed: 9)
        let corpus = try Corpus(store)
        #expect(throws: RhoError(.value, "batch must be at least 1 row, got 0")) {
            try DataLoader(corpus, batch: 0, tokens: 8, order: .sequential)
        }
        #expect(throws: RhoError(.value, "a row must have at least 1 token, got -3")) {
            try DataLoader(corpus, batch: 1, tokens: -3, order: .sequential)
        }
        #expect(throws: RhoError(.value, "a corpus needs at least one part, got none")) { try Corpus([]) }
        for (weight, shown) in [(0, "0.0"), (-1, "-1.0"), (Double.nan, "\"NaN\"")] {
            #expect(throws: RhoError(.value, "the weight of 'x' in a mixture must be greater than 0, got \(shown)")) {
                try Corpus([Corpus.Part(store, weight: weight)])
            }
        }
        let tiny = try TokenStore.build(
            ListSource([Document("")], name: "tiny"), tokenizer: BytesForTests(), path: directory.file("tiny"))
        #expect(throws: RhoError(.value, "'tiny' has 1 tokens, a corpus needs at least 2")) { try Corpus(tiny) }
        let pairs = try TokenStore.build(
            ListSource([Document("ab")], name: "p"), tokenizer: PairsForTests(), path: directory.file("p"))
        let (a, b) = (PairsForTests().fingerprint.prefix(12), BytesForTests().fingerprint.prefix(12))
        #expect(
            throws: RhoError(
                .mismatch, "'p' is tokenised with \(a), but 'x' with \(b); a mixture needs one tokenizer")
        ) { try Corpus([Corpus.Part(store), Corpus.Part(pairs)]) }
    }
}
