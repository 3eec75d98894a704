import Glibc
import RhoCore
import RhoTestSupport
import Testing

/// Tests that start the built program. They share two cores, so they run one after the other.
@Suite(.serialized) struct CommandLineTests {}

/// What a run of the program left behind.
struct Outcome {
    var status: Int32
    var out: String
    var err: String
    /// Processor time, seconds.
    var processorSeconds: Double

    /// Lines of stderr that are no progress.
    var complaint: String {
        err.split(separator: "\n").filter { !$0.contains(": step ") }.joined(separator: "\n")
    }
}

/// The program under test, in a directory of its own.
final class Program {
    let directory: TemporaryDirectory
    private let path: String
    private(set) var environment: [String]

    /// - Parameter executable: one of this package's programs.
    init(executable: String = "rhoscript") throws {
        path = "\(Self.folder)/\(executable)"
        directory = try TemporaryDirectory()
        let names: [String] = ["PATH", "HOME", "LD_LIBRARY_PATH"]
        let kept = names.compactMap { name in
            getenv(name).map { "\(name)=\(String(cString: $0))" }
        }
        environment = kept + ["RHO_CACHE=\(directory.file("cache"))", "TZ=UTC"]
    }

    /// Where the test bundle and the programs lie.
    static var folder: String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        let own = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return Files.parent(of: own)
    }

    /// `rhoscript` beside the test bundle.
    static var path: String { "\(folder)/rhoscript" }

    @discardableResult
    func write(_ name: String, _ text: String) throws -> String { try directory.write(name, text) }

    func read(_ name: String) throws -> String { try Files.readText(directory.file(name)) }

    /// Runs the program in its directory. With `signal`, sends it as soon as `when` appears on stdout or stderr and
    /// `moment` is true, and `after` so many seconds from then on; `again`, a second time.
    func run(_ arguments: String..., signal: Int32? = nil, when: String = "", seconds: Double = 120) throws -> Outcome {
        try run(arguments, signal: signal, when: when, seconds: seconds)
    }

    @discardableResult
    func run(
        program: String? = nil, _ arguments: [String], input: String = "/dev/null", signal: Int32? = nil,
        when: String = "", moment: (() -> Bool)? = nil, after delay: Double = 0, again: Bool = false,
        through shell: String? = nil, seconds: Double = 120
    ) throws -> Outcome {
        let (out, err) = (directory.file(".out"), directory.file(".err"))
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, out, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        posix_spawn_file_actions_addopen(&actions, 2, err, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        // Threads that run tests have signals blocked, which a child would inherit.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        // A shell gets the program and its arguments as "$@".
        let command = shell.map { ["sh", "-c", $0, "sh", path] } ?? [program ?? path]
        var words = (["env", "-C", directory.path] + command + arguments).map { strdup($0) } + [nil]
        var variables = environment.map { strdup($0) } + [nil]
        defer { for pointer in words + variables { free(pointer) } }
        var child: pid_t = 0
        let failure = posix_spawnp(&child, "env", &actions, &attributes, &words, &variables)
        guard failure == 0 else {
            throw RhoError(.io, "cannot start \(path): \(String(cString: strerror(failure)))")
        }

        let start = Clock.monotonicSeconds()
        let deadline = start + seconds
        var (status, usage, left): (Int32, rusage, Int) = (0, rusage(), signal == nil ? 0 : again ? 2 : 1)
        var begun: Double?
        while wait4(child, &status, WNOHANG, &usage) == 0 {
            usleep(moment == nil ? 2000 : 200)
            if left > 0, let signal {
                if begun == nil, when.isEmpty || seen(when, out) || seen(when, err), moment?() ?? true {
                    begun = when.isEmpty && moment == nil ? start : Clock.monotonicSeconds()
                }
                if let from = begun, Clock.monotonicSeconds() - from >= delay {
                    kill(child, signal)
                    left -= 1
                    begun = Clock.monotonicSeconds() + 0.2
                }
            }
            if Clock.monotonicSeconds() > deadline {
                kill(child, SIGKILL)
                Issue.record("\(arguments) did not end within \(seconds) s")
            }
        }
        let ended = status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
        let time =
            Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + Double(
                usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
        return Outcome(
            status: ended, out: try Files.readText(out), err: try Files.readText(err), processorSeconds: time)
    }

    /// Runs a shell command in the directory; an exit status other than 0 is an error.
    @discardableResult
    func shell(_ command: String, seconds: Double = 60) throws -> Outcome {
        let outcome = try run(program: "sh", ["-c", command], seconds: seconds)
        guard outcome.status == 0 else {
            throw RhoError(.io, "\(command): exit status \(outcome.status)\n\(outcome.err)")
        }
        return outcome
    }

    /// Sets a variable for what is started from now on.
    func export(_ name: String, _ value: String) { environment.append("\(name)=\(value)") }

    private func seen(_ text: String, _ path: String) -> Bool { ((try? Files.readText(path)) ?? "").contains(text) }
}
