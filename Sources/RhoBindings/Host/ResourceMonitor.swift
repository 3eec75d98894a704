import Glibc
import RhoCore

/// Watches a stranger's process from a thread of its own and ends it where Lua's limits did not: inside a native function
/// that runs for too long, or by memory that is neither Lua's nor a tensor's.
enum ResourceMonitor {
    /// Time for a script that Lua has stopped to close what it opened.
    private static let grace = 2.0

    private final class Limits {
        let memory: Int
        let deadline: Double
        let seconds: Double

        init(memory: Int, seconds: Double) {
            self.memory = memory
            self.seconds = seconds
            deadline = Clock.monotonicSeconds() + seconds + ResourceMonitor.grace
        }
    }

    static func start(memory: Int, seconds: Double) {
        let limits = Unmanaged.passRetained(Limits(memory: memory, seconds: seconds))
        // Signals are for the thread that runs Lua.
        var (all, before) = (sigset_t(), sigset_t())
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        var thread = pthread_t()
        let failure = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                ResourceMonitor.watch(Unmanaged<Limits>.fromOpaque(context).takeRetainedValue())
            }, limits.toOpaque())
        pthread_sigmask(SIG_SETMASK, &before, nil)
        if failure == 0 { pthread_detach(thread) } else { limits.release() }
    }

    private static func watch(_ limits: Limits) -> Never {
        while true {
            if Clock.monotonicSeconds() > limits.deadline {
                end("the script took longer than --max-seconds \(JSON(limits.seconds).serialized())")
            }
            if privateBytes > limits.memory {
                end("the script needs more memory than --max-memory allows: \(privateBytes >> 20) MiB")
            }
            usleep(20_000)
        }
    }

    /// Resident memory that belongs to no file.
    private static var privateBytes: Int {
        let fields = (Files.readOfSystem("/proc/self/statm") ?? "").split(separator: " ").compactMap { Int($0) }
        return fields.count > 2 ? (fields[1] - fields[2]) * sysconf(Int32(_SC_PAGESIZE)) : 0
    }

    private static func end(_ sentence: String) -> Never {
        Logging.line("rhoscript: \(sentence)")
        _exit(ProgramExit.failed.rawValue)
    }
}
