import ArgumentParser
import RhoBindings

/// How near results have to be, and how runs are done once more.
struct RepeatFlags: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Call a and b equal where |a - b| <= T max(1, |a|, |b|), instead of only the same bits.", valueName: "t"))
    var tolerance: Double?

    func validate() throws {
        if let tolerance, !(tolerance >= 0 && tolerance < 1) {
            throw ValidationError("--tolerance must be in [0, 1), got \(tolerance)")
        }
    }
}

/// `rhoscript repeat`: the same run once more, compared with the first.
struct RepeatCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repeat",
        abstract: "Run a run once more, and compare metrics and weights bit for bit.",
        usage: "rhoscript repeat RUN [--tolerance T] [--out DIR]",
        discussion: """
            Checks parameters, code, data and build against the run before anything is computed, computes everything \
            anew into a new directory, and compares every metric but those under perf/, and the weights. Exit code 4 where \
            something differs, with the first step and tag of each training that does.
            """)

    @Argument(help: ArgumentHelp("The run directory.", valueName: "RUN"))
    var directory: String

    @OptionGroup var nearness: RepeatFlags

    @Option(name: [.long, .customShort("o")], help: ArgumentHelp("The new run directory.", valueName: "dir"))
    var out: String?

    @OptionGroup var host: HostFlags

    func run() throws {
        var request = RepeatRequest()
        request.tolerance = nearness.tolerance
        request.out = out
        request.flags = host.runFlags
        Terminal.finish(Host.repeatRun(try host.hostOptions(), request, run: directory))
    }
}

/// `rhoscript lock`: freezes an experiment.
struct LockCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lock",
        abstract: "Write FILE.lock.json: data hashes, code, engine version and results of a finished run.",
        usage: "rhoscript lock FILE.lua|RUN [--tolerance T]",
        discussion: """
            The lock file lies beside the experiment file and is meant to be committed; rhoscript verify holds the \
            experiment to it. --tolerance says how near the results of another build have to be; without it they have to \
            be the same bits.
            """)

    @Argument(help: ArgumentHelp("An experiment file (its newest run) or a run directory.", valueName: "FILE.lua|RUN"))
    var target: String

    @OptionGroup var nearness: RepeatFlags

    func run() throws {
        var request = RepeatRequest()
        request.tolerance = nearness.tolerance
        Terminal.finish(Host.lock(HostOptions(), request, target: target))
    }
}

/// `rhoscript verify`: holds experiments to their lock files.
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Run locked experiments again and check them against their lock files.",
        usage: "rhoscript verify [PATH ...] [--trust-cache]",
        discussion: """
            A PATH is a lock file, an experiment file with one beside it, or a directory with lock files below it \
            (experiments/ if there is none). Parameters, code and data are checked before anything is computed; then results \
            must be those that were locked: the same bits, or within the lock's tolerance where another build made them. \
            Exit code 4 where they are not.
            """)

    @Argument(help: ArgumentHelp("Lock files, experiment files or directories.", valueName: "PATH"))
    var paths: [String] = ["experiments"]

    @Flag(name: .long, help: "Take stored results of the same code, data and build instead of computing them again.")
    var trustCache = false

    @OptionGroup var host: HostFlags

    func run() throws {
        var request = RepeatRequest()
        request.trustsCache = trustCache
        request.flags = host.runFlags
        Terminal.finish(Host.verify(try host.hostOptions(), request, paths: paths))
    }
}
