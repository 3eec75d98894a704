import ArgumentParser
import Glibc
import RhoCheckpoint
import RhoCore
import RhoData
import RhoKernels
import RhoTensor
import RhoText

/// What the commands that run a model share.
struct ModelFlags: ParsableArguments {
    @Argument(
        help: ArgumentHelp("A Hugging Face directory, a .gguf file, or a directory with one in it.", valueName: "MODEL")
    )
    var model: String

    @Option(name: .long, help: ArgumentHelp("Threads of the engine; results do not depend on it.", valueName: "n"))
    var threads: Int?

    @Option(name: .long, help: ArgumentHelp("Keep matrices in memory as f32, bf16 or f16.", valueName: "format"))
    var keep: KeptAs = .f32

    enum KeptAs: String, ExpressibleByArgument, CaseIterable { case f32, bf16, f16 }

    func validate() throws {
        if let threads, !(1...256).contains(threads) {
            throw ValidationError("--threads must be in 1 ... 256, got \(threads)")
        }
    }

    /// The model and its tokenizer. Errors: `.usage` for a model without a tokenizer.
    func load() throws(RhoError) -> (PretrainedModel, any Tokenizer) {
        if let threads { Parallel.threadCount = threads }
        let loaded = try PretrainedModel.load(model, as: StorageFormat(rawValue: keep.rawValue) ?? .f32)
        guard let tokenizer = loaded.tokenizer else {
            throw RhoError(
                .usage, "\(model) carries no tokenizer",
                hint: "put the tokenizer.json that belongs to the model beside its config.json")
        }
        return (loaded, tokenizer)
    }
}

/// Text as a shell passes it.
enum ShellText {
    /// `\n`, `\t` and `\\` stand for what they stand for in Lua, since shells leave them as they are.
    static func unescaped(_ text: String) -> String {
        var result = ""
        var isEscaped = false
        for character in text {
            if isEscaped {
                switch character {
                case "n": result.append("\n")
                case "t": result.append("\t")
                case "\\": result.append("\\")
                default: result += "\\\(character)"
                }
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else {
                result.append(character)
            }
        }
        return isEscaped ? result + "\\" : result
    }
}

/// A count on the last line of a terminal, while something takes long; nothing where stderr is no terminal.
struct Counting {
    let what: String
    private let isOn = isatty(STDERR_FILENO) == 1

    init(_ what: String) { self.what = what }

    func show(_ count: Int) { if isOn { Terminal.writeError("\r\(count) \(what)") } }
    func end() { if isOn { Terminal.writeError("\r\u{1B}[K") } }
}
