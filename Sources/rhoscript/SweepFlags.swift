import ArgumentParser
import RhoBindings

/// What happens to a sweep when a cell fails.
enum FailurePolicy: String, EnumerableFlag {
    case keepGoing, failFast

    static func help(for value: FailurePolicy) -> ArgumentHelp? {
        switch value {
        case .keepGoing: "Go on with the other cells of a sweep when one fails."
        case .failFast: "End a sweep at its first failed cell; the others save and stop."
        }
    }
}

/// Flags that make a run a sweep.
struct SweepFlags: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("Run once for each value (repeatable: every combination).", valueName: "key={a, b}"))
    var sweep: [String] = []

    @Option(name: .long, help: ArgumentHelp("Run each cell with so many seeds.", valueName: "n"))
    var seeds: Int?

    @Option(
        name: .shortAndLong, help: ArgumentHelp("Cells at a time, each in a process of its own.", valueName: "n"))
    var jobs: Int?

    @Flag(name: [.customShort("n"), .long], help: "Show the cells of the sweep and what they will take; run nothing.")
    var dryRun = false

    @Flag var failures: FailurePolicy = .keepGoing

    @Option(
        name: .long,
        help: ArgumentHelp("Arm (clm) or cell (keep=1) that tables take differences from.", valueName: "name"))
    var baseline: String?

    @Flag(name: .long, help: "Run the experiment once, although its file declares a sweep.")
    var noSweep = false

    func validate() throws {
        if let seeds, seeds < 1 { throw ValidationError("--seeds must be at least 1, got \(seeds)") }
        if let jobs, !(1...256).contains(jobs) { throw ValidationError("--jobs must be in 1 ... 256, got \(jobs)") }
    }

    func request(cellFlags: [String]) -> SweepRequest {
        var request = SweepRequest()
        request.sweeps = sweep
        request.seeds = seeds
        request.single = noSweep
        request.baseline = baseline
        request.jobs = jobs
        request.dryRun = dryRun
        request.failsFast = failures == .failFast
        request.cellFlags = cellFlags
        return request
    }
}
