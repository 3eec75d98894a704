/// How a script is run; what the command line flags say.
public struct HostOptions: Sendable {
    /// Threads of the engine; nil for one per core.
    public var threads: Int?
    /// Directory of stored tokens and scores; nil for the default.
    public var cacheDirectory: String?
    /// Largest size of the cache in bytes; nil for the default.
    public var cacheCapacity: Int?
    /// False where results must not come from the cache; they are kept there all the same.
    public var readsCache = true
    /// Keeps library and native frames in tracebacks.
    public var fullTraceback = false
    /// Whether stderr may be coloured; nil asks the terminal and the environment.
    public var color: Bool?
    /// auto, bar, plain, json or none.
    public var progress = "auto"
    public var quiet = false
    /// Seed of the script's `math.random`.
    public var seed: Int?
    public var script: String?
    /// The script's global `arg`.
    public var scriptArguments: [String] = []
    /// Writes TensorBoard event files beside metrics.jsonl.
    public var tensorboard = false
    /// Checks and estimates what the verbs would do, and does none of it.
    public var checksOnly = false
    /// A run directory or a lock file that the run has to agree with.
    public var expecting: String?
    /// Where the run writes, if it was said.
    public var runDirectory: String?
    /// Limits for a stranger's script; nil for one's own.
    public var sandbox: SandboxOptions?

    public init() {}
}

/// What a stranger's script may have, besides its own directory to read and its run directory to write.
public struct SandboxOptions: Sendable {
    /// Further files and directories that may be read.
    public var reading: [String] = []
    /// Bytes of memory.
    public var memory = 4 << 30
    /// Seconds.
    public var seconds = 3600.0

    public init() {}
}

/// What `rhoscript run` was asked to do with an experiment file.
public struct RunRequest: Sendable {
    public var file: String
    /// `key=value`, in the order given.
    public var assignments: [String]
    public var seed: Int?
    /// The run directory, if it was named.
    public var out: String?
    /// One JSON document on stdout and nothing else.
    public var json: Bool
    public var quiet: Bool
    /// Only list the file's parameters.
    public var help: Bool
    /// Only print every parameter with where its value comes from.
    public var printConfig = false
    /// With it: only what differs from the configuration of this run directory.
    public var against: String?
    public var progress: String
    /// Starts anew where the run directory holds another run, and goes on with no unfinished one.
    public var force: Bool
    /// Refuses to run what git does not know as committed.
    public var requireClean = false
    /// Where a training is to pause.
    public var pause: (arm: String, tokens: Double)?
    public var sweep = SweepRequest()

    public init(
        file: String, assignments: [String] = [], seed: Int? = nil, out: String? = nil, json: Bool = false,
        quiet: Bool = false, help: Bool = false, progress: String = "auto", force: Bool = false
    ) {
        self.file = file
        self.assignments = assignments
        self.seed = seed
        self.out = out
        self.json = json
        self.quiet = quiet
        self.help = help
        self.progress = progress
        self.force = force
    }
}

/// Exit codes of the program.
public enum ProgramExit: Int32, Sendable {
    case done = 0
    /// A Lua error or a failed run.
    case failed = 1
    /// Wrong flags, an unknown parameter, a value of the wrong type.
    case usage = 2
    /// A sweep finished with failed cells.
    case partial = 3
    /// A repetition or verification gave something else.
    case mismatch = 4
    /// Stopped by SIGTERM or SIGUSR1 after a checkpoint; the same command goes on.
    case stopped = 75
    /// Ctrl-C.
    case interrupted = 130
    /// SIGTERM before there was a checkpoint.
    case terminated = 143
}

/// What became of a command.
public struct HostOutcome: Sendable {
    /// The status to exit with.
    public var status: Int32
    /// For stderr; empty if there is nothing to say.
    public var message: String
    /// For stdout, whole.
    public var document: String

    public init(_ exit: ProgramExit, message: String = "", document: String = "") {
        self.init(status: exit.rawValue, message: message, document: document)
    }

    public init(status: Int32, message: String = "", document: String = "") {
        self.status = status
        self.message = message
        self.document = document
    }
}
