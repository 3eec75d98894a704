import ArgumentParser
import RhoBindings

/// `rhoscript run FILE.lua`: runs one experiment file.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run an experiment file (the default command).",
        usage: "rhoscript [run] FILE.lua [key=value ...] [options] [-- script arguments]",
        discussion: "'rhoscript FILE.lua --help' lists the parameters that the file declares.")

    @Argument(help: ArgumentHelp("The experiment file, then parameters as key=value.", valueName: "FILE.lua key=value"))
    var words: [String] = []

    @Option(
        name: .long, help: ArgumentHelp("Set a parameter of the experiment (repeatable).", valueName: "key=value"))
    var set: [String] = []

    @OptionGroup var host: HostFlags

    @Option(name: .long, help: ArgumentHelp("Seed of every named random stream.", valueName: "n"))
    var seed: Int?

    @Option(
        name: [.long, .customShort("o")],
        help: ArgumentHelp("Use DIR itself as the run directory.", valueName: "dir"))
    var out: String?

    @Flag(name: .long, help: "Print one JSON document on stdout and nothing else.")
    var json = false

    @Flag(name: .shortAndLong, help: "Print errors only on stderr.")
    var quiet = false

    @Flag(name: .long, help: "Start anew: go on with no unfinished run, and empty the directory given with --out.")
    var force = false

    @Flag(name: .long, help: "Print every parameter with where its value comes from, and run nothing.")
    var printConfig = false

    @Option(
        name: .long,
        help: ArgumentHelp("With --print-config: only what differs from the configuration of RUN.", valueName: "run"))
    var against: String?

    @Flag(name: .long, help: "Write TensorBoard event files beside metrics.jsonl.")
    var tensorboard = false

    @Flag(name: .customLong("script-help"), help: .hidden)
    var scriptHelp = false

    @Argument(parsing: .postTerminator, help: "Arguments for the script itself, as its table 'arg'.")
    var scriptArguments: [String] = []

    /// The file named. Checked here and not while parsing, where it would hide an unknown flag.
    private func checkedFile() throws -> String {
        guard let file = words.first else {
            throw ValidationError(
                "no experiment file given (rhoscript FILE.lua; rhoscript --help lists what else there is)")
        }
        if file.contains("="), !file.hasSuffix(".lua") {
            throw ValidationError("'\(file)' came before the experiment file; write FILE.lua \(file)")
        }
        for word in words.dropFirst() where !word.contains("=") {
            throw ValidationError(
                "unexpected argument '\(word)': parameters are key=value, and arguments of the script come after --")
        }
        for assignment in set where !assignment.contains("=") {
            throw ValidationError("--set \(assignment): expected key=value")
        }
        return file
    }

    func run() throws {
        let file = try checkedFile()
        try Preflight.requireScript(
            file, commands: Rhoscript.configuration.subcommands.compactMap { $0.configuration.commandName })
        var options = try host.hostOptions()
        options.seed = seed
        options.script = file
        options.runDirectory = out
        options.scriptArguments = scriptArguments
        options.progress = host.progress.rawValue
        options.quiet = quiet
        options.tensorboard = tensorboard
        var request = RunRequest(
            file: file, assignments: Array(words.dropFirst()) + set, seed: seed, out: out, json: json,
            quiet: quiet, help: scriptHelp, progress: host.progress.rawValue, force: force)
        request.printConfig = printConfig || against != nil
        request.against = against
        let outcome = Host.runExperiment(options, request)
        Terminal.finish(outcome)
    }
}
