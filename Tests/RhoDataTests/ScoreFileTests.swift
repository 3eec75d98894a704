import RhoCore
import RhoData
import RhoTestSupport
import Testing

@Suite struct ScoreFileTests {
    let directory: TemporaryDirectory
    let first: TokenStore
    let second: TokenStore
    init() throws {
        directory = try TemporaryDirectory()
        first = try makeStore(directory, "first", documents: 60, seed: 1)
        second = try makeStore(directory, "second", documents: 25, seed: 2)
    }

    /// A made-up loss that halves hold exactly, different for every token of every part.
    func loss(_ part: Int, _ index: Int) -> Float { Float(part * 1024 + index) / 8 }

    /// Scores all of `corpus` with ``loss(_:_:)``, its negative as entropy, and NaN where the index divides by 100.
    func score(_ corpus: Corpus, context: Int, reference: String = "ref", path: String, mask: Bool = false) throws
        -> ScoreFile
    {
        let writer = try ScoreFileWriter(
            path: path, corpus: corpus, context: context, columns: ["loss", "entropy"], reference: reference,
            documentMask: mask)
        let loader = try DataLoader(corpus, batch: 4, tokens: context, order: .sequential, documentMask: mask)
        for step in 0..<loader.stepsPerPass {
            let batch = loader.batch(step: step)
            var values: [Float] = []
            for row in 0..<batch.rowCount {
                for t in 0..<context {
                    let index = batch.streamIndex(row: row, position: t)
                    values.append(index.map { $0 % 100 == 0 ? .nan : loss(batch.part(ofRow: row), $0) } ?? -1)
                }
            }
            try writer.append(batch, [values, values.map { -$0 }])
        }
        return try writer.commit()
    }

    @Test func valuesComeBackForShuffledBatches() throws {
        let corpus = try Corpus([Corpus.Part(first), Corpus.Part(second)])
        let scores = try score(corpus, context: 12, path: directory.file("scores"))
        #expect(scores.tokenCount == first.tokenCount + second.tokenCount)
        #expect(scores.columns == ["loss", "entropy"])
        // The same parts in another order and with other weights, then one alone.
        let mixed = try Corpus([Corpus.Part(second, weight: 2), Corpus.Part(first)])
        for (corpus, original) in [(corpus, [0, 1]), (mixed, [1, 0]), (try Corpus(second), [1])] {
            let view = try scores.view(of: corpus, context: 12, reference: "ref")
            let loader = try DataLoader(corpus, batch: 5, tokens: 12, order: .shuffled(seed: 3))
            for step in 0..<100 {
                let batch = loader.batch(step: step)
                let losses = try view.values("loss", for: batch)
                let entropies = try view.values("entropy", for: batch)
                for at in 0..<60 {
                    let (row, t) = at.quotientAndRemainder(dividingBy: 12)
                    let index = try #require(batch.streamIndex(row: row, position: t))
                    if batch.targets[at] < 0 || index % 100 == 0 {
                        #expect(losses[at].isNaN)
                    } else {
                        #expect(losses[at] == loss(original[batch.part(ofRow: row)], index))
                        #expect(entropies[at] == -losses[at])
                    }
                }
            }
        }
        let loader = try DataLoader(corpus, batch: 5, tokens: 12, order: .sequential)
        let after = loader.batch(step: loader.stepsPerPass)
        #expect(try scores.view(of: corpus, context: 12).values("loss", for: after).allSatisfy(\.isNaN))
        #expect(try Files.list(directory.path) == ["first", "scores", "second"])
    }

    @Test func mismatchesNameBothValues() throws {
        let path = directory.file("scores")
        let corpus = try Corpus(first)
        let scores = try score(corpus, context: 12, reference: "0123456789abcdef", path: path)
        func expect(_ what: String, _ body: () throws -> Void) {
            #expect(throws: RhoError(.mismatch, "\(path): \(what); score the corpus again"), performing: body)
        }
        expect("the scores were made on rows of 12 tokens, but the rows in use have 16") {
            _ = try scores.view(of: corpus, context: 16)
        }
        expect("the scores were made by reference 0123456789ab, but the reference in use is fedcba987654") {
            _ = try scores.view(of: corpus, context: 12, reference: "fedcba9876543210")
        }
        expect("the scores were made with attention across documents, but training attends within documents") {
            _ = try scores.view(of: corpus, context: 12, documentMask: true)
        }
        let (a, b) = (first.corpusHash.prefix(12), second.corpusHash.prefix(12))
        expect("the scores are of 'first' \(a), but the corpus holds 'second' \(b)") {
            _ = try scores.view(of: Corpus(second), context: 12)
        }
        let pairs = try TokenStore.build(
            ListSource([Document("abcd")], name: "p"), tokenizer: PairsForTests(), path: directory.file("p"))
        let (bytes, other) = (BytesForTests().fingerprint.prefix(12), PairsForTests().fingerprint.prefix(12))
        expect("the scores were made with tokenizer \(bytes), but the corpus is tokenised with \(other)") {
            _ = try scores.view(of: Corpus(pairs), context: 12)
        }
        let view = try scores.view(of: corpus, context: 12)
        let batch = try DataLoader(corpus, batch: 1, tokens: 12, order: .sequential).batch(step: 0)
        #expect(
            throws: RhoError(
                .value, "\(path): no column 'entrpy' (did you mean 'entropy'?), the scores have 'loss', 'entropy'")
        ) { try view.values("entrpy", for: batch) }
    }

    @Test func unfinishedAndMisusedWriters() throws {
        let path = directory.file("scores")
        let corpus = try Corpus(first)
        let loader = try DataLoader(corpus, batch: 2, tokens: 12, order: .sequential)
        do {
            let writer = try ScoreFileWriter(path: path, corpus: corpus, context: 12, reference: "r")
            let values = [Float](repeating: 1, count: 24)
            try writer.append(loader.batch(step: 0), [values])
            #expect(
                throws: RhoError(
                    .value, "\(path): \(loader.rowCount - 2) of \(loader.rowCount) rows of the corpus were not scored")
            ) {
                try writer.commit()
            }
            #expect(throws: RhoError(.shape, "scores need 1 columns of 24 values, got columns of [24, 24]")) {
                try writer.append(loader.batch(step: 0), [values, values])
            }
            let narrow = try DataLoader(corpus, batch: 2, tokens: 6, order: .sequential)
            #expect(throws: RhoError(.shape, "scores of rows of 12 tokens cannot take rows of 6")) {
                try writer.append(narrow.batch(step: 0), [values])
            }
        }
        #expect(try Files.list(directory.path) == ["first", "second"])
        #expect(throws: RhoError(.value, "unknown score column 'lss' (did you mean 'loss'?)")) {
            try ScoreFileWriter(path: path, corpus: corpus, context: 12, columns: ["lss"], reference: "r")
        }
        #expect(throws: RhoError(.value, "score column 'loss' is named twice")) {
            try ScoreFileWriter(path: path, corpus: corpus, context: 12, columns: ["loss", "loss"], reference: "r")
        }
        #expect(throws: RhoError(.value, "scores need at least one column, got none")) {
            try ScoreFileWriter(path: path, corpus: corpus, context: 12, columns: [], reference: "r")
        }
    }

    @Test func damagedFiles() throws {
        let path = directory.file("scores")
        _ = try score(try Corpus(first), context: 12, path: path)
        let whole = try Files.read(path)
        try Files.writeAtomically(path, Array(whole.dropLast(10)))
        #expect(throws: RhoError(.format, "\(path): cut off, \(whole.count - 10) of \(whole.count) bytes are there")) {
            try ScoreFile(path: path)
        }
        try Files.writeAtomically(path, "something else")
        #expect(throws: RhoError(.format, "\(path): not a score file")) { try ScoreFile(path: path) }
        var wrong = whole
        wrong[8] = 2
        try Files.writeAtomically(path, wrong)
        #expect(throws: RhoError(.format, "\(path): a score file of version 2, this program reads version 1")) {
            try ScoreFile(path: path)
        }
        #expect(throws: RhoError(.format, "\(first.path): not a score file")) { try ScoreFile(path: first.path) }
    }

    /// A mixture of many parts has a header of more than one unit.
    @Test func manyParts() throws {
        let stores = try (0..<60).map { try makeStore(directory, "part\($0)", documents: 3, seed: UInt64($0)) }
        let corpus = try Corpus(stores.map { Corpus.Part($0) })
        let scores = try score(corpus, context: 12, path: directory.file("many"))
        #expect(try ScoreFile(path: scores.path).parts.count == 60)
        _ = try scores.view(of: corpus, context: 12)
    }
}
