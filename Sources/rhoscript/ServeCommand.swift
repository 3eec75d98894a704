import ArgumentParser
import Glibc
import RhoCore

/// `rhoscript serve`: a model behind OpenAI's completions form, for evaluation harnesses. The server is a program of its
/// own, `rhoserve`, beside this one: its HTTP library would slow the start of everything else.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Answer OpenAI completion requests with a model, on this machine only.",
        usage: "rhoscript serve MODEL [--port N] [--name NAME] [--threads N]",
        discussion: """
            POST /v1/completions takes prompt (text, ids, or lists of them), max_tokens, temperature, top_p, top_k, \
            repetition_penalty, stop, seed, echo and logprobs; GET /v1/models names the model. With \
            lm-evaluation-harness: lm_eval --model local-completions --model_args \
            base_url=http://127.0.0.1:8080/v1/completions,model=NAME,tokenizer=DIR. Requests are answered one after the \
            other. Ends with Ctrl-C.
            """)

    @OptionGroup var flags: ModelFlags

    @Option(name: .long, help: ArgumentHelp("Port on 127.0.0.1; 0 takes a free one.", valueName: "n"))
    var port: UInt16 = 8080

    @Option(name: .long, help: ArgumentHelp("What the model is called (default: its file name).", valueName: "name"))
    var name: String?

    func run() throws {
        try See.reporting {
            let program = Files.parent(of: try own()) + "/rhoserve"
            guard access(program, X_OK) == 0 else {
                throw RhoError(
                    .usage, "the server program is not there: \(program)",
                    hint: "build it: swift build -c release --product rhoserve")
            }
            let words = [
                program, flags.model, String(port), name ?? Files.name(of: flags.model),
                flags.threads.map(String.init) ?? "",
            ]
            var arguments = words.map { strdup($0) } + [nil]
            execv(program, &arguments)
            throw RhoError(.io, "cannot start \(program): \(String(cString: strerror(errno)))")
        }
    }

    /// The path of this program.
    private func own() throws(RhoError) -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0 else { throw RhoError(.io, "this program's own path is not known") }
        return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
