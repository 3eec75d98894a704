import Glibc
import RhoCore

/// A cell at work: a process of its own, its stderr read line by line.
final class CellProcess {
    let cell: Int
    let process: pid_t
    /// Ends its training at a rung; nil where it goes to its end.
    let job: HalvingJob?
    let started = Clock.monotonicSeconds()
    /// The last step it told of.
    private(set) var feed: CellFeed?
    /// The last lines that were no steps.
    private(set) var said: [String] = []
    private let reader: Int32
    private let log: Int32
    private var partial: [UInt8] = []

    /// Starts `arguments[0]` in `directory`; what it prints goes to the end of the file `log`.
    init(cell: Int, job: HalvingJob?, arguments: [String], directory: String, log path: String) throws(RhoError) {
        self.cell = cell
        self.job = job
        log = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o666)
        guard log >= 0 else { throw RhoError(.io, "cannot write \(path): \(String(cString: strerror(errno)))") }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            close(log)
            throw RhoError(.io, "cannot make a pipe: \(String(cString: strerror(errno)))")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        reader = ends[0]

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, log, 1)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
        // A group of its own: Ctrl-C reaches the sweep alone, which passes on what each cell is to do.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))

        let elsewhere = directory == Machine.workingDirectory ? [] : ["env", "-C", directory]
        var words: [UnsafeMutablePointer<CChar>?] = (elsewhere + arguments).map { strdup($0) }
        words.append(nil)
        var child: pid_t = 0
        let failure = posix_spawnp(&child, elsewhere.first ?? arguments[0], &actions, &attributes, words, environ)
        for word in words { free(word) }
        close(ends[1])
        process = child
        // Both ends that are left are closed with this object.
        guard failure == 0 else {
            throw RhoError(.io, "cannot run \(arguments[0]): \(String(cString: strerror(failure)))")
        }
    }

    deinit {
        close(reader)
        close(log)
    }

    var descriptor: Int32 { reader }
    var seconds: Double { Clock.monotonicSeconds() - started }

    func signal(_ number: Int32) { kill(process, number) }

    /// Reads what is there.
    func drain() {
        var chunk = [UInt8](repeating: 0, count: 1 << 14)
        while true {
            let count = read(reader, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            partial += chunk[0..<count]
        }
        while let end = partial.firstIndex(of: 10) {
            take(String(decoding: partial[..<end], as: UTF8.self))
            partial.removeSubrange(...end)
        }
    }

    private func take(_ line: String) {
        if let step = CellFeed(line: line) {
            feed = step
            return
        }
        said = Array((said + [line]).suffix(40))
        let bytes = Array((line + "\n").utf8)
        bytes.withUnsafeBytes { _ = write(log, $0.baseAddress, $0.count) }
    }

    /// The exit status once the process has ended; 128 + signal if a signal ended it.
    func ended() -> Int32? {
        var status: Int32 = 0
        guard waitpid(process, &status, WNOHANG) == process else { return nil }
        drain()
        let signal = status & 0x7f
        return signal == 0 ? status >> 8 & 0xff : 128 + signal
    }
}

/// Where a training at work stands, as its process tells it.
public struct CellFeed: Sendable, Equatable {
    public var arm: String
    public var step: Int
    public var steps: Int
    public var loss: Double
    public var tokensPerSecond: Double
    public var secondsLeft: Double

    public init(
        arm: String, step: Int, steps: Int, loss: Double = .nan, tokensPerSecond: Double = .nan,
        secondsLeft: Double = .nan
    ) {
        self.arm = arm
        self.step = step
        self.steps = steps
        self.loss = loss
        self.tokensPerSecond = tokensPerSecond
        self.secondsLeft = secondsLeft
    }

    /// Reads a line of `--progress feed`; nil for any other line.
    init?(line: String) {
        guard line.hasPrefix("{"), let json = try? JSON.parse(line), let arm = json["label"]?.stringValue,
            let step = json["step"]?.intValue
        else { return nil }
        self.init(
            arm: arm, step: step, steps: json["steps"]?.intValue ?? 0, loss: json["loss"]?.doubleValue ?? .nan,
            tokensPerSecond: json["tokens_per_second"]?.doubleValue ?? .nan,
            secondsLeft: json["seconds_left"]?.doubleValue ?? .nan)
    }
}
