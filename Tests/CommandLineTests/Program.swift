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
    let environment: [String]

    init() throws {
        directory = try TemporaryDirectory()
        let names: [String] = ["PATH", "HOME", "LD_LIBRARY_PATH"]
        let kept = names.compactMap { name in
            getenv(name).map { "\(name)=\(String(cString: $0))" }
        }
        environment = kept + ["RHO_CACHE=\(directory.file("cache"))", "TZ=UTC"]
    }

    /// `rhoscript` beside the test bundle.
    static var path: String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        let own = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return Files.parent(of: own) + "/rhoscript"
    }

    @discardableResult
    func write(_ name: String, _ text: String) throws -> String { try directory.write(name, text) }

    func read(_ name: String) throws -> String { try Files.readText(directory.file(name)) }

    /// Runs the program in its directory. With `signal`, sends it as soon as `when` appears on stdout or stderr, or
    /// `after` so many seconds.
    func run(_ arguments: String..., signal: Int32? = nil, when: String = "", seconds: Double = 120) throws -> Outcome {
        try run(arguments, signal: signal, when: when, seconds: seconds)
    }

    @discardableResult
    func run(
        program: String? = nil, _ arguments: [String], input: String = "/dev/null", signal: Int32? = nil,
        when: String = "", after delay: Double = 0, seconds: Double = 120
    ) throws -> Outcome {
        let (out, err) = (directory.file(".out"), directory.file(".err"))
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, out, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        posix_spawn_file_actions_addopen(&actions, 2, err, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        var words = (["env", "-C", directory.path, program ?? Self.path] + arguments).map { strdup($0) } + [nil]
        var variables = environment.map { strdup($0) } + [nil]
        defer { for pointer in words + variables { free(pointer) } }
        var child: pid_t = 0
        let failure = posix_spawnp(&child, "env", &actions, nil, &words, &variables)
        guard failure == 0 else {
            throw RhoError(.io, "cannot start \(Self.path): \(String(cString: strerror(failure)))")
        }

        let start = Clock.monotonicSeconds()
        let deadline = start + seconds
        var (status, usage, sent): (Int32, rusage, Bool) = (0, rusage(), signal == nil)
        while wait4(child, &status, WNOHANG, &usage) == 0 {
            usleep(2000)
            if !sent, let signal, Clock.monotonicSeconds() - start >= delay, seen(when, out) || seen(when, err) {
                kill(child, signal)
                sent = true
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

    private func seen(_ text: String, _ path: String) -> Bool { ((try? Files.readText(path)) ?? "").contains(text) }
}
