import LuaRuntime
import RhoCore

/// Requests to stop, as native loops see them.
enum Interruption {
    /// Throws where a signal asked for a stop and no loop around this one has promised to notice.
    static func check() throws(RhoError) {
        guard LuaState.interruptRequested, GracefulSection.openSections == 0 else { return }
        LuaState.acknowledgeInterrupt()
        throw error()
    }

    /// The error that ends a script after a signal.
    static func error(_ what: String = "", hint: String? = nil) -> RhoError {
        let signal: String
        switch LuaState.interruptSignal {
        case 2: signal = "interrupted (Ctrl-C)"
        case 15: signal = "stopped by SIGTERM"
        case 10: signal = "stopped by SIGUSR1"
        default: signal = "interrupted"
        }
        return RhoError(.interrupted, what.isEmpty ? signal : "\(signal); \(what)", hint: hint)
    }
}

/// While it lives, the first signal only sets a flag, which the loop polls: it finishes its step and saves.
final class GracefulSection {
    /// Sections belong to the one thread that runs Lua.
    nonisolated(unsafe) private(set) static var openSections = 0
    private var isOpen = true

    init() {
        Self.openSections += 1
        LuaState.beginGraceful()
    }

    deinit { close() }

    func close() {
        guard isOpen else { return }
        isOpen = false
        Self.openSections -= 1
        LuaState.endGraceful()
    }
}
