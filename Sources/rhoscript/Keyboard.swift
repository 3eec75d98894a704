import CEdit
import Glibc
import RhoBindings

/// What is typed at the terminal, with Ctrl-C in its place among the characters.
///
/// SIGINT is held back while a line is edited, except while a key is waited for: it ends the line it was typed in, however
/// late the program gets to it, and what was typed behind it is the next line.
enum Keyboard {
    /// The signals that are held back outside of the line editor.
    nonisolated(unsafe) private static var usual = sigset_t()

    /// Before the first line: the size of the terminal is looked at whenever it changes, not once for each line.
    static func begin() {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in }
        sigaction(SIGWINCH, &action, nil)
    }

    static func holdingInterrupts<T>(_ body: () -> T) -> T {
        var interrupt = sigset_t()
        sigemptyset(&interrupt)
        sigaddset(&interrupt, SIGINT)
        pthread_sigmask(SIG_BLOCK, &interrupt, &usual)
        defer { pthread_sigmask(SIG_SETMASK, &usual, nil) }
        return body()
    }

    /// The next character as a Unicode scalar value; -1 at the end of input and where Ctrl-C ended the line.
    static func character() -> Int32 {
        guard let first = byte() else { return -1 }
        guard first >= 0x80 else { return Int32(first) }
        var bytes = [first]
        // A first byte has as many ones at its head as the character has bytes.
        for _ in 1..<max(1, min(4, (~first).leadingZeroBitCount)) {
            guard let next = byte() else { return -1 }
            bytes.append(next)
        }
        return Int32(String(decoding: bytes, as: UTF8.self).unicodeScalars.first?.value ?? 0xFFFD)
    }

    private static func byte() -> UInt8? {
        while true {
            // An interrupt that came before the next character comes first.
            var held = sigset_t()
            pthread_sigmask(SIG_SETMASK, &usual, &held)
            pthread_sigmask(SIG_SETMASK, &held, nil)
            if Host.interruptRequested { return nil }
            var now = timespec()
            if wait(&now, nil) > 0 {
                var byte: UInt8 = 0
                let count = read(STDIN_FILENO, &byte, 1)
                if count == 1 { return byte }
                if count == 0 || errno != EINTR { return nil }
            } else if wait(nil, &usual) < 0 {
                guard errno == EINTR else { return nil }
                rl_resize_terminal()
            }
        }
    }

    /// pselect on the keyboard: 1 where a key waits.
    private static func wait(
        _ time: UnsafePointer<timespec>?, _ signals: UnsafePointer<sigset_t>?
    ) -> Int32 {
        var keyboard = fd_set()
        keyboard.__fds_bits.0 = 1 << STDIN_FILENO
        return pselect(STDIN_FILENO + 1, &keyboard, nil, nil, time, signals)
    }
}
