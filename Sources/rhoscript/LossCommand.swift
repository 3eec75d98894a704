import ArgumentParser
import RhoCore
import RhoData
import RhoTraining

/// `rhoscript loss`: how well a model predicts a text.
struct LossCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loss",
        abstract: "Loss per token and bits per byte of a model on texts.",
        usage: "rhoscript loss MODEL --data FILE.jsonl [--text '{question}\\n{solution}'] [--limit N] [--json]",
        discussion: """
            Every document is read from its own beginning, after the begin- or end-of-text token; one longer than the \
            context is read in rows. Loss is in nats per token with its standard error over documents; bits per byte can be \
            compared between tokenizers. FILE is JSON rows or plain text, gzip or not, or a directory of them.
            """)

    @OptionGroup var flags: ModelFlags

    @Option(name: .long, help: ArgumentHelp("JSON rows or text (repeatable).", valueName: "file"))
    var data: [String]

    @Option(
        name: .long,
        help: ArgumentHelp("How a row becomes a text; {field} is a field, \\n a new line.", valueName: "template"))
    var text = "{text}"

    @Option(name: .long, help: ArgumentHelp("Read so many documents, from the start.", valueName: "n"))
    var limit: Int?

    @Option(
        name: .long, help: ArgumentHelp("Tokens of a row at most (default: the model's context).", valueName: "tokens"))
    var context: Int?

    @Option(name: .long, help: ArgumentHelp("Tokens of one forward pass.", valueName: "tokens"))
    var batchTokens = 4096

    @Flag(name: .long, help: "Print one JSON document.")
    var json = false

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit must be at least 1, got \(limit)") }
        if batchTokens < 1 { throw ValidationError("--batch-tokens must be at least 1, got \(batchTokens)") }
    }

    func run() throws {
        try See.reporting {
            let source = try source()
            let (loaded, tokenizer) = try flags.load()
            let counting = Counting("documents")
            let began = Clock.monotonicSeconds()
            let result = try DocumentLoss.evaluate(
                loaded.model, tokenizer: tokenizer, source: source, context: context, limit: limit ?? .max,
                batchTokens: batchTokens, progress: counting.show)
            counting.end()
            write(result, seconds: Clock.monotonicSeconds() - began)
        }
    }

    /// JSON rows, unless every file is called something else.
    private func source() throws(RhoError) -> any DocumentSource {
        let isText = data.allSatisfy { path in
            [".txt", ".md", ".txt.gz", ".md.gz"].contains { path.hasSuffix($0) }
        }
        if isText { return try TextSource(data) }
        return try JSONLSource(data, template: ShellText.unescaped(text))
    }

    private func write(_ result: DocumentLoss, seconds: Double) {
        let pairs: JSONObject = [
            "model": .string(flags.model), "data": .array(data.map { .string($0) }),
            "documents": JSON(result.documents),
            "tokens": JSON(result.tokens), "bytes": JSON(result.bytes), "loss": JSON(result.loss),
            "stderr": JSON(result.standardError), "perplexity": JSON(result.perplexity),
            "bits_per_byte": JSON(result.bitsPerByte), "nats_per_document": JSON(result.perDocument),
            "cut": JSON(result.cut), "flops": JSON(result.flops), "seconds": JSON(seconds),
            "version": JSON(DocumentLoss.version),
        ]
        if json { return Terminal.writeOut(JSON.object(pairs).serialized(pretty: true) + "\n") }
        var lines = [
            "loss           \(fixed(result.loss)) ± \(fixed(result.standardError)) nats per token",
            "bits per byte  \(fixed(result.bitsPerByte))", "perplexity     \(fixed(result.perplexity))",
            "read           \(result.tokens) tokens, \(result.bytes) bytes, \(result.documents) documents",
        ]
        if result.cut > 0 { lines.append("longer than the context: \(result.cut) documents, read in rows") }
        Terminal.writeOut(lines.joined(separator: "\n") + "\n")
    }

    private func fixed(_ value: Double) -> String {
        Text.fixed(value, 4)
    }
}
