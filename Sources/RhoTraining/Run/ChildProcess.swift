import Glibc
import RhoCore

/// Runs a program to its end and collects what it prints.
enum ChildProcess {
    struct Result {
        /// Exit status; 128 + signal if a signal ended it.
        var status: Int32
        var output: [UInt8]
        /// True if the output was longer than the cap; the rest was read and dropped.
        var truncated: Bool

        var text: String { String(decoding: output, as: UTF8.self) }
    }

    /// Runs `arguments[0]`, looked up in PATH, with stdin closed; stderr joins stdout if `mergeErrors`.
    ///
    /// Returns nil if the program is not there. Output beyond `cap` bytes is read and dropped.
    static func run(
        _ arguments: [String], cap: Int = 1 << 20, mergeErrors: Bool = false
    ) throws(RhoError) -> Result? {
        var pipes: [Int32] = [-1, -1]
        guard pipe(&pipes) == 0 else { throw systemError("cannot make a pipe") }
        let (reader, writer) = (pipes[0], pipes[1])
        // Neither end outlives exec: the child's copy is the one dup2 makes.
        for end in pipes { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(reader) }

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, writer, 1)
        if mergeErrors {
            posix_spawn_file_actions_adddup2(&actions, writer, 2)
        } else {
            posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        }

        var child: pid_t = 0
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        words.append(nil)
        let failure = posix_spawnp(&child, arguments[0], &actions, nil, words, environ)
        for word in words { free(word) }
        close(writer)
        if failure == ENOENT { return nil }
        guard failure == 0 else {
            throw RhoError(.io, "cannot run \(arguments[0]): \(String(cString: strerror(failure)))")
        }

        var result = Result(status: 0, output: [], truncated: false)
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(reader, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            if count <= 0 { break }
            let room = cap - result.output.count
            result.output += chunk[0..<min(count, room)]
            if count > room { result.truncated = true }
        }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7f
        result.status = signal == 0 ? status >> 8 & 0xff : 128 + signal
        return result
    }

    private static func systemError(_ what: String) -> RhoError {
        RhoError(.io, "\(what): \(String(cString: strerror(errno)))")
    }
}
