import ArgumentParser
import RhoBindings

/// How progress is shown on stderr.
enum ProgressStyle: String, ExpressibleByArgument, CaseIterable { case auto, bar, plain, json, none }

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

    func validate() throws {
        if let threads, !(1...256).contains(threads) {
            throw ValidationError("--threads must be in 1 ... 256, got \(threads)")
        }
    }

    func hostOptions() throws -> HostOptions {
        var options = HostOptions()
        options.threads = threads
        options.cacheDirectory = cache
        options.readsCache = !noCache
        options.fullTraceback = traceback == .full
        options.color = color == .auto ? nil : color == .always
        return options
    }
}
