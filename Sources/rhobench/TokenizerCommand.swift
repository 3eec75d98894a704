import ArgumentParser
import RhoCore
import RhoKernels
import RhoText

/// Byte-level BPE on a text file: training and encoding speed. Documents end at blank lines.
struct TokenizerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenizer", abstract: "Train and encode with byte-level BPE on a text file.")

    @Argument(help: "A text file.")
    var text: String

    @Option(help: "Vocabulary size.")
    var vocab = 8192

    @Option(help: "Measured passes of encoding.")
    var runs = 3

    @OptionGroup var common: CommonOptions

    func run() throws {
        let file = try MappedFile(path: text)
        let documents = Self.documents(of: file.bytes)
        let size = documents.reduce(0) { $0 + $1.count }
        let start = Clock.monotonicSeconds()
        let trainer = try BPETrainer(vocabularySize: vocab, pattern: .gpt2, threads: common.threads ?? 1)
        for document in documents { trainer.add(document) }
        let tokenizer = try trainer.finish()
        let training = Clock.monotonicSeconds() - start
        var ids: [Int32] = []
        var tokens = 0
        let encoding = Timings(runs: runs) {
            tokens = 0
            for document in documents {
                ids.removeAll(keepingCapacity: true)
                tokenizer.encode(document, into: &ids)
                tokens += ids.count
            }
        }
        let result: JSONObject = [
            "bytes": .integer(Int64(size)), "tokens": .integer(Int64(tokens)),
            "threads": .integer(Int64(common.threads ?? 1)),
            "train_mb_per_second": .number(Double(size) / training / 1e6),
            "encode_mb_per_second": .number(Double(size) / encoding.median / 1e6),
        ]
        print(JSON.object(result).serialized(pretty: !common.json))
    }

    /// The stretches between blank lines.
    private static func documents(of bytes: UnsafeRawBufferPointer) -> [UnsafeRawBufferPointer] {
        var found: [UnsafeRawBufferPointer] = []
        var from = 0
        var index = 0
        while index + 1 < bytes.count {
            if bytes[index] == 10, bytes[index + 1] == 10 {
                found.append(UnsafeRawBufferPointer(rebasing: bytes[from..<index]))
                index += 2
                from = index
            } else {
                index += 1
            }
        }
        found.append(UnsafeRawBufferPointer(rebasing: bytes[from...]))
        return found
    }
}
