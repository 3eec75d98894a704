import Glibc
import LuaRuntime
import RhoBindings
import RhoCore

/// Every declared function, method, property and operator with arguments from their declarations and with junk. An input
/// is one call; every five hundred calls begin with a new state.
final class LuaTarget: FuzzTarget {
    private let folder: String
    private let access: FileAccess
    private let watchdog = LuaWatchdog()
    private var stage: LuaStage?
    private var calls = 0
    private static let callsPerState = 500

    init(folder: String) throws {
        self.folder = folder
        try LuaStage.writeFiles(folder)
        access = try FileAccess(reading: [folder, "/proc/self/exe"], writing: [folder])
        guard chdir(folder) == 0 else { throw Files.failure("enter", folder) }
    }

    func input(_ random: inout FuzzRandom) -> [UInt8] {
        let seed = random.next()
        return (0..<8).map { UInt8(truncatingIfNeeded: seed >> (8 * UInt64($0))) }
    }

    func run(_ bytes: [UInt8]) throws {
        // The worker's own alarm would be taken for the grace period of a signal.
        alarm(0)
        FileAccess.install(access)
        defer { FileAccess.install(nil) }
        if stage == nil || calls % Self.callsPerState == 0 {
            stage = nil
            stage = try LuaStage()
        }
        calls += 1
        let seed = bytes.enumerated().reduce(UInt64(0)) { $0 | UInt64($1.element) << (8 * UInt64($1.offset & 7)) }
        watchdog.begin()
        defer { watchdog.end() }
        do {
            try stage?.shoot(seed)
        } catch let error as LuaError {
            throw error.rhoError
        }
    }
}

/// Asks a call to stop after a while, as Ctrl-C would, and ends the process if it does not.
final class LuaWatchdog: @unchecked Sendable {
    private static let patience = 3.0
    private static let lastPatience = 25.0
    /// When the call began; 0 between calls. Written by one thread, read by the other: an aligned word.
    private let began = UnsafeMutablePointer<Double>.allocate(capacity: 1)

    init() {
        began.initialize(to: 0)
        var thread = pthread_t()
        var (all, before) = (sigset_t(), sigset_t())
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                LuaWatchdog.watch(context.assumingMemoryBound(to: Double.self))
            }, began)
        pthread_sigmask(SIG_SETMASK, &before, nil)
    }

    func begin() { began.pointee = Clock.monotonicSeconds() }

    func end() {
        began.pointee = 0
        LuaState.clearInterrupt()
    }

    private static func watch(_ began: UnsafeMutablePointer<Double>) -> Never {
        while true {
            usleep(100_000)
            let start = began.pointee
            guard start > 0 else { continue }
            let seconds = Clock.monotonicSeconds() - start
            if seconds > lastPatience {
                // What the supervisor takes for a hang.
                signal(SIGALRM, SIG_DFL)
                kill(getpid(), SIGALRM)
            } else if seconds > patience, !LuaState.interruptRequested {
                LuaState.interrupt()
            }
        }
    }
}
