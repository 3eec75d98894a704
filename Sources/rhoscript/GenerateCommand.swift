import ArgumentParser
import Glibc
import RhoCore
import RhoModels
import RhoTraining

/// `rhoscript generate`: continues texts.
struct GenerateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Continue texts with a model.",
        usage: "rhoscript generate MODEL --prompt TEXT [--max-tokens N] [--temperature T] [--json]",
        discussion: """
            Without a prompt the text piped in is continued. One continuation is printed as it grows; several run together \
            and are printed one after the other. The draw for prompt r at position p depends on the seed, r and p only.
            """)

    @OptionGroup var flags: ModelFlags

    @Option(
        name: .shortAndLong, help: ArgumentHelp("Text to continue (repeatable); \\n is a new line.", valueName: "text"))
    var prompt: [String] = []

    @Option(name: .long, help: ArgumentHelp("Add at most so many tokens.", valueName: "n"))
    var maxTokens = 64

    @Option(name: .long, help: ArgumentHelp("0 takes the most probable token.", valueName: "t"))
    var temperature = 0.0

    @Option(name: .long, help: ArgumentHelp("Draw from the k most probable tokens only.", valueName: "k"))
    var topK: Int?

    @Option(
        name: .long, help: ArgumentHelp("Draw from the most probable tokens that make up this share.", valueName: "p"))
    var topP = 1.0

    @Option(
        name: .long, help: ArgumentHelp("Makes tokens that are there already less probable; 1 for no.", valueName: "x"))
    var repetitionPenalty = 1.0

    @Option(name: .long, help: ArgumentHelp("Text that ends a continuation (repeatable).", valueName: "text"))
    var stop: [String] = []

    @Option(name: .long, help: ArgumentHelp("Seed of the draws.", valueName: "n"))
    var seed: UInt64 = 0

    @Flag(name: .long, help: "Print one JSON object per prompt and line.")
    var json = false

    func run() throws {
        try See.reporting {
            let options = GenerationOptions(
                maxNewTokens: maxTokens, temperature: temperature, topK: topK, topP: topP,
                repetitionPenalty: repetitionPenalty, seed: seed)
            try options.validate()
            let prompts = try prompts()
            let (loaded, tokenizer) = try flags.load()
            let generation = TextGeneration(
                model: loaded.model, tokenizer: tokenizer, options: options,
                stops: stop.map { Array(ShellText.unescaped($0).utf8) })
            let streams = prompts.count == 1 && !json
            let began = Clock.monotonicSeconds()
            let outputs = try generation.run(prompts) { _, piece in
                if streams { Terminal.writeOut(bytes: piece) }
                return true
            }
            let seconds = Clock.monotonicSeconds() - began
            if json {
                for (prompt, output) in zip(prompts, outputs) { Terminal.writeOut(Self.line(prompt, output) + "\n") }
            } else if streams {
                Terminal.writeOut("\n")
            } else {
                for output in outputs { Terminal.writeOut(String(decoding: output.text, as: UTF8.self) + "\n") }
            }
            let count = outputs.reduce(0) { $0 + $1.ids.count }
            if isatty(STDERR_FILENO) == 1 {
                Terminal.writeError("\(count) tokens, \(Text.fixed(Double(count) / seconds, 1)) per second\n")
            }
        }
    }

    private func prompts() throws(RhoError) -> [[UInt8]] {
        if !prompt.isEmpty { return prompt.map { Array(ShellText.unescaped($0).utf8) } }
        guard isatty(STDIN_FILENO) == 0 else {
            throw RhoError(.usage, "nothing to continue: give --prompt TEXT, or pipe a text in")
        }
        return [try Files.read("/dev/stdin")]
    }

    private static func line(_ prompt: [UInt8], _ output: TextGeneration.Output) -> String {
        JSON.object([
            "prompt": .string(String(decoding: prompt, as: UTF8.self)),
            "text": .string(String(decoding: output.text, as: UTF8.self)),
            "ids": .array(output.ids.map { JSON(Int($0)) }),
            "end": .string(output.end.rawValue),
        ]).serialized()
    }
}
