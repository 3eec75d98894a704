import CLuaShims

// Ctrl-C and its like. The handler itself is C; these are its controls.
extension LuaState {
    /// The signal that asked for a stop: SIGINT (2), SIGTERM (15), SIGUSR1 (10); 0 while nothing did.
    public static var interruptSignal: Int32 { rho_signals_received() }

    /// Whether a stop was asked for. Native loops poll this; it is one load.
    public static var interruptRequested: Bool { rho_signals_received() != 0 }

    /// Takes SIGINT, SIGTERM and SIGUSR1 for scripts of this state, which must run on the calling thread. The first
    /// signal stops the script (see ``graceful(_:)``), a second one of its kind has its default effect.
    /// - Parameter graceSeconds: how long a graceful section may take to react before it is stopped like any script.
    public func installInterruptHandler(graceSeconds: Int = 60) {
        rho_signals_install(main, UInt32(clamping: graceSeconds))
    }

    /// Lets the death of the process that started this one count as `signal`.
    public static func followParent(signal: Int32) { rho_signals_follow_parent(signal) }

    public static func removeInterruptHandler() { rho_signals_uninstall() }

    /// As if `signal` had arrived. Async-signal-safe, from any thread.
    public static func interrupt(signal: Int32 = 2) { rho_signals_raise(signal) }

    /// Forgets a past interrupt and takes the next signal as a first one; for prompts that go on.
    public static func clearInterrupt() { rho_signals_clear() }

    /// ``clearInterrupt()``, and the stop that a signal asked of a script that was not running then is called off.
    public func forgetInterrupt() {
        Self.clearInterrupt()
        if depth == 0 { rho_end_unwind(main) }
    }

    /// Runs `body` so that the first signal only sets ``interruptRequested``: the loop inside is expected to notice at
    /// its next step, to call ``acknowledgeInterrupt()``, to save what it must, and to return. If nothing acknowledges
    /// within the grace period, or when the section ends, the script is stopped.
    public static func graceful<T>(_ body: () throws -> T) rethrows -> T {
        beginGraceful()
        defer { endGraceful() }
        return try body()
    }

    /// The two ends of ``graceful(_:)`` for loops that are written in Lua. Sections nest.
    public static func beginGraceful() { rho_signals_graceful(true) }
    public static func endGraceful() { rho_signals_graceful(false) }

    /// The loop has seen the request and is stopping: no grace period runs any more.
    public static func acknowledgeInterrupt() { rho_signals_acknowledge() }
}
