import Glibc
import Synchronization

/// The last signal that came and was not asked for yet; 0 if none did.
private let received = Atomic<Int32>(0)

/// SIGINT, SIGTERM and SIGUSR1 as events that are asked for, instead of ends. Handlers and not a mask: a library's own threads
/// do not have the mask of this one, and a signal to the process reaches any of them. One at a time in a process.
final class SignalQueue {
    private static let signals = [SIGINT, SIGTERM, SIGUSR1]

    init() {
        // The first use makes the variable; a handler must find it made.
        received.store(0, ordering: .relaxed)
        for number in Self.signals {
            _ = signal(number) { received.store($0, ordering: .relaxed) }
        }
    }

    /// The signal that has come; nil if none has.
    func next() -> Int32? {
        let number = received.exchange(0, ordering: .relaxed)
        return number == 0 ? nil : number
    }

    func close() {
        for number in Self.signals { _ = signal(number, SIG_DFL) }
    }
}
