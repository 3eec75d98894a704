import Glibc
import RhoCore

/// Starts this program once more, on an experiment that was run before.
public enum RunAgain {
    /// Runs a command with the terminal of this one; its progress is seen, its result is not. Ctrl-C and its like reach it as
    /// they reach this process, which waits for it.
    /// - Returns: its exit status, 128 + signal if a signal ended it.
    public static func run(_ arguments: [String], directory: String) throws(RhoError) -> Int32 {
        let signals = SignalQueue()
        defer { signals.close() }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        let elsewhere = directory == Machine.workingDirectory ? [] : ["env", "-C", directory]
        var words: [UnsafeMutablePointer<CChar>?] = (elsewhere + arguments).map { strdup($0) }
        words.append(nil)
        var child: pid_t = 0
        let failure = posix_spawnp(&child, elsewhere.first ?? arguments[0], &actions, nil, words, environ)
        for word in words { free(word) }
        guard failure == 0 else {
            throw RhoError(.io, "cannot run \(arguments[0]) in \(directory): \(String(cString: strerror(failure)))")
        }
        var status: Int32 = 0
        while waitpid(child, &status, WNOHANG) == 0 {
            // A signal that was sent to this process alone is passed on; Ctrl-C reaches both by itself.
            if let signal = signals.next(), signal != SIGINT { kill(child, signal) }
            usleep(20_000)
        }
        let signal = status & 0x7f
        return signal == 0 ? status >> 8 & 0xff : 128 + signal
    }
}
