import ArgumentParser
import RhoCore
import RhoData
import RhoKernels
import RhoText

/// The way from a corpus file to batches: reading, tokenising into a store, dealing batches.
struct LoaderCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loader", abstract: "Read a corpus, tokenise it into a store, deal batches from it.")

    @Argument(help: "JSON rows with a field text (also .gz), or a text file whose documents end at blank lines.")
    var corpus: String

    @Option(help: "Vocabulary size.")
    var vocab = 8192

    @Option(help: "Rows of a batch.")
    var batch = 16

    @Option(help: "Tokens of a row.")
    var context = 256

    @Option(help: "Measured runs of each part.")
    var runs = 5

    @OptionGroup var common: CommonOptions

    /// Batches of one measured run.
    private static let batches = 500

    func run() throws {
        let source = try BenchCorpus.source(corpus)
        var bytes = 0
        let reading = try Timings(runs: runs) {
            bytes = 0
            try source.forEach { document in
                bytes += document.text.count
                return true
            }
        }
        let megabytes = Double(bytes) / 1e6
        var rows = [("read", "MB/s", 1, Rates(reading, amount: megabytes))]

        let directory = try WorkDirectory()
        let tokenizer = try tokenizer(source)
        let counts = common.threads.map { [$0] } ?? Array(Set([1, Parallel.threadCount])).sorted()
        for threads in counts {
            let building = try Timings(warmup: 0, runs: runs) {
                _ = try TokenStore.build(source, tokenizer: tokenizer, path: directory.file("store"), threads: threads)
            }
            rows.append(("read, tokenise and store", "MB/s", threads, Rates(building, amount: megabytes)))
        }
        let store = try TokenStore(path: directory.file("store"))
        for (name, loader) in try loaders(store) {
            var step = 0
            let dealing = Timings(runs: runs) {
                for _ in 0..<Self.batches {
                    _ = loader.batch(step: step)
                    step += 1
                }
            }
            rows.append((name, "tokens/s", 1, Rates(dealing, amount: Double(Self.batches * batch * context))))
        }
        report(rows, megabytes, store)
    }

    private func loaders(_ store: TokenStore) throws -> [(String, DataLoader)] {
        let one = try Corpus(store)
        let two = try Corpus([Corpus.Part(store, weight: 1), Corpus.Part(store, weight: 3)])
        func loader(_ corpus: Corpus, _ order: DataLoader.Order, mask: Bool = false) throws -> DataLoader {
            try DataLoader(corpus, batch: batch, tokens: context, order: order, documentMask: mask)
        }
        return [
            ("batches in order", try loader(one, .sequential)),
            ("shuffled batches", try loader(one, .shuffled(seed: 1))),
            ("shuffled batches, documents apart", try loader(one, .shuffled(seed: 1), mask: true)),
            ("shuffled batches of a mixture", try loader(two, .shuffled(seed: 1))),
        ]
    }

    /// Learnt from the beginning of the corpus: enough for the usual share of words that a cache does not hold.
    private func tokenizer(_ source: any DocumentSource) throws -> any Tokenizer {
        let trainer = try BPETrainer(vocabularySize: vocab, pattern: .gpt4, threads: Parallel.threadCount)
        try TakenSource(source, bytes: 16 << 20).forEach { document in
            trainer.add(document.text)
            return true
        }
        return try trainer.finish()
    }

    private func report(
        _ rows: [(name: String, unit: String, threads: Int, rate: Rates)], _ megabytes: Double, _ store: TokenStore
    ) {
        if common.json {
            let list = rows.map { row -> JSON in
                let key = row.unit == "MB/s" ? "mb_per_second" : "tokens_per_second"
                return ["part": JSON(row.name), "threads": JSON(row.threads), "rate": row.rate.json(key)]
            }
            let result: JSON = [
                "corpus": JSON(Files.name(of: corpus)), "megabytes": JSON(megabytes), "tokens": JSON(store.tokenCount),
                "batch": JSON(batch), "context": JSON(context), "processor": JSON(Processor.description),
                "rows": .array(list),
            ]
            print(result.serialized())
        } else {
            print(
                "\(Files.name(of: corpus)): \(Rates.short(megabytes)) MB, \(store.tokenCount) tokens, batches of \(batch) x \(context)"
            )
            print(
                markdown(["", "threads", "rate", ""], rows.map { [$0.name, "\($0.threads)", $0.rate.text, $0.unit] }))
        }
    }
}
