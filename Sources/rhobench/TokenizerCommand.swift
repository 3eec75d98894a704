import ArgumentParser
import Foundation
import RhoCore
import RhoKernels
import RhoText

/// Byte-level BPE on one corpus: training and encoding speed, here and, with `--peer`, in Hugging Face tokenizers.
struct TokenizerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenizer", abstract: "Train and encode with byte-level BPE, on one thread and on all.")

    @Argument(help: "JSON rows with a field text (also .gz), or a text file whose documents end at blank lines.")
    var corpus: String

    @Option(help: "Vocabulary size.")
    var vocab = 8192

    @Option(help: "How text is cut: gpt2 or gpt4.")
    var pattern = "gpt2"

    @Option(help: "Measured runs of each part.")
    var runs = 3

    @Flag(help: "Also measure Hugging Face tokenizers, in turn.")
    var peer = false

    @Option(help: "Python that has the packages of docs/benchmarks/peer/requirements.txt.")
    var python = "python3"

    @Option(help: "The peer script.")
    var script = "docs/benchmarks/peer/hf_tokenizer.py"

    @OptionGroup var common: CommonOptions

    func run() throws {
        guard let cut = SplitPattern(rawValue: pattern) else {
            throw ValidationError("unknown pattern '\(pattern)', the patterns are gpt2 and gpt4")
        }
        let documents = try BenchCorpus.documents(corpus)
        let megabytes = documents.reduce(0) { $0 + Double($1.count) } / 1e6
        let counts = common.threads.map { [$0] } ?? Array(Set([1, Parallel.threadCount])).sorted()
        var rows: [TokenizerRow] = []
        var tokens = 0
        var versions: JSON = .null
        for threads in counts {
            var tokenizer: PipelineTokenizer?
            let training = try Timings(warmup: 0, runs: runs) {
                let trainer = try BPETrainer(vocabularySize: vocab, pattern: cut, threads: threads)
                for document in documents { trainer.add(document) }
                tokenizer = try trainer.finish()
            }
            guard let tokenizer else { return }
            let encoding = Timings(runs: runs) { tokens = Self.encode(documents, tokenizer, threads: threads) }
            let theirs = try peer ? self.theirs(threads: threads) : .null
            versions = theirs["versions"] ?? versions
            if let same = theirs["tokens"]?.intValue, same != tokens {
                throw RhoError(.mismatch, "the peer made \(same) tokens of the corpus, here it is \(tokens)")
            }
            rows.append(TokenizerRow("train", threads, Rates(training, amount: megabytes), [theirs["train"]]))
            rows.append(
                TokenizerRow(
                    "encode", threads, Rates(encoding, amount: megabytes), [theirs["encode"], theirs["encode_fast"]]))
        }
        if common.json {
            let result: JSON = [
                "corpus": JSON(Files.name(of: corpus)), "megabytes": JSON(megabytes),
                "documents": JSON(documents.count),
                "tokens": JSON(tokens), "vocab": JSON(vocab), "pattern": JSON(pattern),
                "processor": JSON(Processor.description), "peer": versions, "rows": .array(rows.map(\.json)),
            ]
            print(result.serialized())
        } else {
            print(
                "\(Files.name(of: corpus)): \(Rates.short(megabytes)) MB, \(documents.count) documents, \(tokens) tokens"
            )
            print(
                markdown(
                    ["", "threads", "MB/s", "tokenizers MB/s", "ratio", "without offsets", "ratio"], rows.map(\.cells)))
        }
    }

    /// Encodes every document and returns the number of tokens. Each thread keeps one array, as a store's builder does.
    private static func encode(_ documents: [[UInt8]], _ tokenizer: PipelineTokenizer, threads: Int) -> Int {
        @Sendable func part(_ thread: Int) -> Int {
            var ids: [Int32] = []
            var tokens = 0
            for index in stride(from: thread, to: documents.count, by: threads) {
                ids.removeAll(keepingCapacity: true)
                documents[index].withUnsafeBytes { tokenizer.encode($0, into: &ids) }
                tokens += ids.count
            }
            return tokens
        }
        if threads == 1 { return part(0) }
        var counts = [Int](repeating: 0, count: threads)
        counts.withUnsafeMutableBufferPointer { counts in
            nonisolated(unsafe) let counts = counts
            DispatchQueue.concurrentPerform(iterations: threads) { counts[$0] = part($0) }
        }
        return counts.reduce(0, +)
    }

    private func theirs(threads: Int) throws -> JSON {
        try ChildProcess.json(
            python, [script, corpus, "--vocab", "\(vocab)", "--pattern", pattern, "--runs", "\(runs)"],
            environment: ["RAYON_NUM_THREADS": "\(threads)", "TOKENIZERS_PARALLELISM": threads > 1 ? "true" : "false"])
    }
}

/// One part's rate here and in the peer, in up to two ways.
private struct TokenizerRow {
    let name: String
    let threads: Int
    let ours: Rates
    let theirs: [Rates?]

    init(_ name: String, _ threads: Int, _ ours: Rates, _ theirs: [JSON?]) {
        self.name = name
        self.threads = threads
        self.ours = ours
        self.theirs = theirs.map { Rates($0, "mb_per_second") }
    }

    var json: JSON {
        var object: JSONObject = [
            "part": JSON(name), "threads": JSON(threads), "ours": ours.json("mb_per_second"),
        ]
        for (peer, key) in zip(theirs, ["", "_fast"]) {
            guard let peer else { continue }
            object["peer\(key)"] = peer.json("mb_per_second")
            object["ratio\(key)"] = .number(ours.median / peer.median)
        }
        return .object(object)
    }

    var cells: [String] {
        let peers = theirs.flatMap { peer -> [String] in
            guard let peer else { return ["", ""] }
            return [peer.text, Rates.short(ours.median / peer.median)]
        }
        return [name, "\(threads)", ours.text] + peers + Array(repeating: "", count: 4 - peers.count)
    }
}
