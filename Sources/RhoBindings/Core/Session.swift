import Glibc
import LuaRuntime
import RhoCore
import RhoKernels
import RhoTraining

/// What the native modules of one Lua state share: places in the file system and how to report progress.
package final class Session {
    /// Directory of stored tokens, scores and models; safe to delete.
    package let cacheDirectory: String
    /// Directory of the script; relative input paths fall back to it.
    package let scriptDirectory: String
    package let script: String?
    /// Where new run directories are made.
    package let runsDirectory: String
    /// Whether the script is a stranger's: then nothing of its directory is executed.
    package var isSandboxed = false
    /// auto, bar, plain, json or none.
    package let progress: String
    /// Whether stderr may be coloured.
    package let color: Bool
    package let quiet: Bool
    package let arguments: [String]
    /// Whether arms write TensorBoard event files beside metrics.jsonl.
    package var tensorboard = false
    /// The run in progress.
    package var run: RunBox?
    /// Under `rhoscript check`: what the verbs would do. Nothing is trained or written then.
    package var dry: DryLedger?
    /// Directory of the last checkpoint written; a run that was stopped after it can be resumed.
    package var lastCheckpoint: String?
    /// What the run has to be, where it repeats another.
    package var expectation: Expectation?
    /// What a run that stopped on request has to say about it.
    package var farewell: RhoError?
    /// Results of verbs, kept and found again.
    package private(set) lazy var store = StoreSession(
        session: self, root: cacheDirectory, capacity: cacheCapacity, reads: readsCache)
    /// Largest size of the store in bytes; nil for the default.
    private let cacheCapacity: Int?
    /// False where everything is to be computed anew.
    private let readsCache: Bool

    /// Threads of the engine.
    package static var threads: Int {
        get { Parallel.threadCount }
        set { Parallel.threadCount = newValue }
    }

    package init(
        cacheDirectory: String? = nil, runsDirectory: String? = nil, cacheCapacity: Int? = nil, readsCache: Bool = true,
        script: String? = nil,
        progress: String = "auto", color: Bool = false,
        quiet: Bool = false, arguments: [String] = []
    ) {
        self.cacheDirectory = cacheDirectory ?? Session.defaultCacheDirectory
        self.runsDirectory = runsDirectory ?? Session.defaultRunsDirectory
        self.cacheCapacity = cacheCapacity
        self.readsCache = readsCache
        self.script = script
        scriptDirectory = script.map { Files.parent(of: $0) } ?? "."
        self.progress = progress
        self.color = color
        self.quiet = quiet
        self.arguments = arguments
    }

    /// `$RHO_CACHE`, else `$XDG_CACHE_HOME/rhoscript`, else `~/.cache/rhoscript`. Empty or relative XDG values count as
    /// unset, as the XDG base directory specification asks.
    package static var defaultCacheDirectory: String {
        if let own = environment("RHO_CACHE"), !own.isEmpty { return own }
        if let shared = environment("XDG_CACHE_HOME"), shared.hasPrefix("/") { return "\(shared)/rhoscript" }
        if let home = environment("HOME"), home.hasPrefix("/") { return "\(home)/.cache/rhoscript" }
        return ".rho/cache"
    }

    /// `$RHO_RUNS`, else `runs`.
    package static var defaultRunsDirectory: String {
        guard let own = Session.environment("RHO_RUNS"), !own.isEmpty else { return "runs" }
        return own
    }

    /// The program's arguments, for manifests.
    var commandLine: [String] { CommandLine.arguments }

    /// The user's Lua files loaded so far, named relative to the working directory where they lie below it.
    func sources(_ state: LuaState) -> [(name: String, bytes: [UInt8])] {
        state.loadedFiles.map { ($0.path, $0.bytes) }
    }

    private static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// A script's text as a terminal may get it.
    func shown(_ text: String) -> String { isSandboxed ? Sandbox.printable(text) : text }

    /// An input path: as given if something is there, else relative to the script's directory.
    /// - Throws: `.io` naming both places where neither holds anything.
    func input(_ path: String) throws(RhoError) -> String {
        if path.hasPrefix("/") { try FileAccess.check(path, .read) }
        if path.hasPrefix("/") || scriptDirectory == "." || scriptDirectory.isEmpty || Files.exists(path) {
            return path
        }
        let beside = "\(scriptDirectory)/\(path)"
        if Files.exists(beside) { return beside }
        try FileAccess.check(path, .read)
        let reason = String(cString: strerror(ENOENT))
        let siblings = (try? Files.list(Files.parent(of: beside))) ?? (try? Files.list(Files.parent(of: path))) ?? []
        throw RhoError(
            .io,
            "cannot open \(path): \(reason), neither here nor at \(beside)"
                + suggestion(for: Files.name(of: path), in: siblings))
    }

    /// A directory below the cache, made if missing.
    func cache(_ name: String) throws(RhoError) -> String {
        let path = "\(cacheDirectory)/\(name)"
        try Files.makeDirectory(path)
        return path
    }
}
