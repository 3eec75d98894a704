import Glibc
import RhoCheckpoint
import RhoCore
import RhoKernels
import RhoTraining

/// The server behind `rhoscript serve`, which checks its arguments: MODEL PORT NAME [THREADS].
@main
enum Rhoserve {
    static func main() {
        let words = CommandLine.arguments
        guard words.count == 5, let port = UInt16(words[2]) else {
            return fail("rhoserve is started by 'rhoscript serve MODEL'", 2)
        }
        if let threads = Int(words[4]) { Parallel.threadCount = threads }
        do throws(RhoError) {
            let loaded = try PretrainedModel.load(words[1])
            guard let tokenizer = loaded.tokenizer else {
                throw RhoError(
                    .usage, "\(words[1]) carries no tokenizer",
                    hint: "put the tokenizer.json that belongs to the model beside its config.json")
            }
            try CompletionServer(CompletionService(model: loaded.model, tokenizer: tokenizer, name: words[3]))
                .run(port: port)
        } catch {
            fail("rhoscript: \(error.message)\(error.hint.map { "\n  \($0)" } ?? "")", error.code == .usage ? 2 : 1)
        }
    }

    static func say(_ text: String) {
        let line = Array((text + "\n").utf8)
        _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    private static func fail(_ message: String, _ status: Int32) {
        say(message)
        exit(status)
    }
}
