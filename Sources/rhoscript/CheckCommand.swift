import ArgumentParser
import RhoBindings

/// `rhoscript check`: what a run would do and take, without doing it.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check experiment files without training: options, paths, shapes, policies, memory, time.",
        usage: "rhoscript check FILE.lua ... [key=value ...] [--json]",
        discussion: """
            The file runs with verbs that check everything they are given, read the beginning of every corpus, run every \
            selection policy on a few made-up tokens, and return stand-ins. Time is measured on a few steps of a slice of \
            each model. Nothing is trained, tokenised or written; what a script does with a model's weights is not \
            reached. Exit code 1 where something is wrong.
            """)

    @Argument(help: ArgumentHelp("Experiment files, then parameters as key=value.", valueName: "FILE.lua key=value"))
    var words: [String] = []

    @Option(
        name: .long, help: ArgumentHelp("Set a parameter of the experiment (repeatable).", valueName: "key=value"))
    var set: [String] = []

    @Option(name: .long, help: ArgumentHelp("Seed of every named random stream.", valueName: "n"))
    var seed: Int?

    @Flag(name: .long, help: "Print one JSON document for each file.")
    var json = false

    @OptionGroup var host: HostFlags

    func run() throws {
        let files = words.filter { !$0.contains("=") || $0.hasSuffix(".lua") }
        guard !files.isEmpty else { throw ValidationError("no experiment file given (rhoscript check FILE.lua)") }
        var status: Int32 = 0
        for file in files {
            try Preflight.requireScript(file, commands: [])
            var options = try host.hostOptions()
            options.seed = seed
            options.script = file
            let request = RunRequest(
                file: file, assignments: words.filter { !files.contains($0) } + set, seed: seed, json: json)
            let outcome = Host.check(options, request)
            if !outcome.document.isEmpty { Terminal.writeOut(outcome.document) }
            if !outcome.message.isEmpty { Terminal.writeError(outcome.message + "\n") }
            status = max(status, outcome.status)
        }
        if status != 0 { Terminal.exit(status) }
    }
}
