import ArgumentParser
import RhoBindings

/// How progress is shown on stderr.
enum ProgressStyle: String, ExpressibleByArgument, CaseIterable {
    case auto, bar, plain, json, none
    /// For the cells of a sweep.
    case feed

    static var allValueStrings: [String] { allCases.filter { $0 != .feed }.map(\.rawValue) }
}

/// When output is coloured.
enum ColorChoice: String, ExpressibleByArgument, CaseIterable { case auto, always, never }

/// How much of the call stack an error shows.
enum TracebackStyle: String, ExpressibleByArgument, CaseIterable { case short, full }

/// Flags that every command that runs Lua understands.
struct HostFlags: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("Progress on stderr: auto, bar, plain, json or none.", valueName: "style"))
    var progress: ProgressStyle = .auto

    @Option(name: .long, help: ArgumentHelp("Threads of the engine; results do not depend on it.", valueName: "n"))
    var threads: Int?

    @Option(
        name: .long,
        help: ArgumentHelp("Directory of cached tokens, scores and models.", valueName: "dir"))
    var cache: String?

    @Flag(name: .long, help: "Compute everything anew; results are kept in the cache all the same.")
    var noCache = false

    @Option(name: .long, help: ArgumentHelp("Colour: auto, always or never.", valueName: "when"))
    var color: ColorChoice = .auto

    @Option(name: .long, help: ArgumentHelp("Call stack of an error: short or full.", valueName: "style"))
    var traceback: TracebackStyle = .short

    @Flag(
        name: .long,
        help: "For a stranger's file: no io and os, reads below its own directory, writes in its run directory only.")
    var sandbox = false

    @Option(
        name: .long, help: ArgumentHelp("With --sandbox: also read below DIR (repeatable).", valueName: "dir"))
    var allowRead: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp("With --sandbox: end a script that needs more memory (default 4GiB).", valueName: "bytes"))
    var maxMemory: String?

    @Option(
        name: .long,
        help: ArgumentHelp("With --sandbox: end a script that takes longer (default 3600).", valueName: "seconds"))
    var maxSeconds: Double?

    func validate() throws {
        if !sandbox, !allowRead.isEmpty || maxMemory != nil || maxSeconds != nil {
            throw ValidationError("--allow-read, --max-memory and --max-seconds go with --sandbox")
        }
        if let maxSeconds, !(maxSeconds > 0 && maxSeconds < 1e9) {
            throw ValidationError("--max-seconds must be above 0, got \(maxSeconds)")
        }
        if let threads, !(1...256).contains(threads) {
            throw ValidationError("--threads must be in 1 ... 256, got \(threads)")
        }
    }

    private func limits() throws -> SandboxOptions? {
        guard sandbox else { return nil }
        var limits = SandboxOptions()
        limits.reading = allowRead
        if let maxMemory {
            guard let bytes = ByteCount.parse(maxMemory), bytes >= 32 << 20 else {
                throw ValidationError("--max-memory must be a size of 32MiB or more, such as 2GiB, got \(maxMemory)")
            }
            limits.memory = bytes
        }
        limits.seconds = maxSeconds ?? limits.seconds
        return limits
    }

    /// Those that the cells of a sweep are started with too.
    var cellFlags: [String] {
        (cache.map { ["--cache", $0] } ?? []) + (noCache ? ["--no-cache"] : [])
            + (traceback == .full ? ["--traceback", "full"] : []) + sandboxFlags
    }

    private var sandboxFlags: [String] {
        guard sandbox else { return [] }
        return ["--sandbox"] + allowRead.flatMap { ["--allow-read", $0] }
            + (maxMemory.map { ["--max-memory", $0] } ?? []) + (maxSeconds.map { ["--max-seconds", "\($0)"] } ?? [])
    }

    /// Those of a run that another command starts.
    var runFlags: [String] {
        cellFlags.filter { $0 != "--no-cache" } + ["--progress", progress.rawValue]
            + (threads.map { ["--threads", "\($0)"] } ?? [])
    }

    func hostOptions() throws -> HostOptions {
        var options = HostOptions()
        options.sandbox = try limits()
        options.threads = threads
        options.cacheDirectory = cache
        options.readsCache = !noCache
        options.fullTraceback = traceback == .full
        options.color = color == .auto ? nil : color == .always
        return options
    }
}
