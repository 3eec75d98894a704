import ArgumentParser
import Glibc
import RhoBindings
import RhoCore

/// `rhoscript repl`: Lua at a prompt.
struct ReplCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repl",
        abstract: "Try the Lua interface at a prompt, with history, completion and help.",
        usage: "rhoscript repl [FILE.lua]",
        discussion: """
            An expression prints its value and _ is the last one; help(x) shows the manual. The history is kept in \
            $XDG_STATE_HOME/rhoscript/history. Without a terminal, lines are read from stdin and the exit code is 1 if \
            one of them failed.
            """)

    @Argument(help: ArgumentHelp("A file to run first; _ is then what it returns.", valueName: "FILE.lua"))
    var file: String?

    @OptionGroup var host: HostFlags

    func run() throws {
        if let file { try Preflight.requireScript(file, commands: []) }
        var options = try host.hostOptions()
        options.script = file
        options.progress = host.progress.rawValue
        let prompt: Prompt
        do {
            prompt = try Prompt(options, output: { Terminal.writeOut($0) })
        } catch {
            throw CommandFailure(code: .failed, message: "rhoscript: \(error)")
        }
        var failed = false
        if let file { failed = show(prompt.run(file: file)) || failed }
        if isatty(STDIN_FILENO) == 1 {
            Terminal.writeOut("\(Host.versionLine)\nhelp() tells what can be done here, Ctrl-D ends the session\n")
            converse(prompt)
            prompt.end()
            return
        }
        while let line = readLine() { failed = show(prompt.take(line)) || failed }
        if prompt.isPending {
            Terminal.writeError("rhoscript: the input ends inside a statement\n")
            failed = true
        }
        prompt.end()
        if failed { Terminal.exit(ProgramExit.failed.rawValue) }
    }

    /// Reads from the terminal until the end of input.
    private func converse(_ prompt: Prompt) {
        let editor = LineEditor(history: Self.historyPath) { word, line in
            let completion = prompt.completions(of: word, in: line)
            return LineEditor.Offer(words: completion.words, files: completion.wantsFiles)
        }
        while true {
            switch editor.read(prompt.isPending ? ">> " : "> ") {
            case .line(let line):
                if !line.allSatisfy(\.isWhitespace) { editor.remember(line) }
                _ = show(prompt.take(line))
            case .interrupted:
                prompt.clear()
            case .end:
                Terminal.writeOut("\n")
                return
            }
        }
    }

    /// Prints an answer; true if it is a failure.
    private func show(_ answer: Prompt.Answer) -> Bool {
        switch answer {
        case .more: return false
        case .done(let text):
            if !text.isEmpty { Terminal.writeOut(text + "\n") }
            return false
        case .failed(let message):
            Terminal.writeError(message + "\n")
            return true
        case .exit(let status): Terminal.exit(status)
        }
    }

    /// `$XDG_STATE_HOME/rhoscript/history`; empty or relative values count as unset.
    private static var historyPath: String? {
        func directory(_ name: String) -> String? {
            guard let value = getenv(name).map({ String(cString: $0) }), value.hasPrefix("/") else { return nil }
            return value
        }
        if let state = directory("XDG_STATE_HOME") { return "\(state)/rhoscript/history" }
        return directory("HOME").map { "\($0)/.local/state/rhoscript/history" }
    }
}
