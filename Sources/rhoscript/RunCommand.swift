import ArgumentParser
import Glibc
import LuaRuntime
import RhoBindings

/// `rhoscript run FILE.lua`: runs one experiment file.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run an experiment file (the default command).",
        usage: "rhoscript [run] FILE.lua [key=value ...] [options] [-- script arguments]",
        discussion: "'rhoscript FILE.lua --help' lists the parameters that the file declares.")

    @OptionGroup var what: RunArguments

    @OptionGroup var host: HostFlags

    @OptionGroup(title: "Sweeps") var sweeps: SweepFlags

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

    @Flag(name: .long, help: "Refuse to run unless the sources are as committed in git.")
    var requireClean = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Save and end with exit code 75 at the first evaluation of a training after so many tokens, as SIGUSR1 would.",
            valueName: "arm:tokens"))
    var pauseAt: String?

    /// A run directory or a lock file: the run ends with exit code 4 as soon as it is something else.
    @Option(name: .long, help: .hidden)
    var expecting: String?

    @Flag(name: .customLong("script-help"), help: .hidden)
    var scriptHelp = false

    private static func pause(_ text: String) throws -> (arm: String, tokens: Double) {
        guard let colon = text.lastIndex(of: ":"), let tokens = Double(text[text.index(after: colon)...]),
            tokens >= 0, colon > text.startIndex
        else {
            throw ValidationError("--pause-at \(text): expected the name of a training and tokens, such as slm:50e3")
        }
        return (String(text[..<colon]), tokens)
    }

    func run() throws {
        // A cell of a sweep ends with the sweep: when that dies, it saves and stops as on SIGTERM.
        if host.progress == .feed { LuaState.followParent(signal: SIGTERM) }
        let file = try what.checkedFile()
        try Preflight.requireScript(
            file, commands: Rhoscript.configuration.subcommands.compactMap { $0.configuration.commandName })
        var options = try host.hostOptions()
        options.seed = what.seed
        options.script = file
        options.runDirectory = out
        options.scriptArguments = what.scriptArguments
        options.progress = host.progress.rawValue
        options.quiet = quiet
        options.tensorboard = tensorboard
        options.expecting = expecting
        var request = RunRequest(
            file: file, assignments: what.assignments, seed: what.seed, out: out, json: json,
            quiet: quiet, help: scriptHelp, progress: host.progress.rawValue, force: force)
        request.printConfig = printConfig || against != nil
        request.against = against
        request.requireClean = requireClean
        request.pause = try pauseAt.map(Self.pause)
        request.sweep = sweeps.request(cellFlags: host.cellFlags + (tensorboard ? ["--tensorboard"] : []))
        let outcome = Host.runExperiment(options, request)
        Terminal.finish(outcome)
    }
}
