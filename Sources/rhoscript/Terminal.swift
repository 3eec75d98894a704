import Glibc
import RhoBindings

/// Writes to the standard streams and ends the process; nothing else in the program does either.
enum Terminal {
    static func writeOut(_ text: String) { write(text, to: STDOUT_FILENO) }
    static func writeOut(bytes: ArraySlice<UInt8>) {
        fflush(nil)
        bytes.withUnsafeBytes { send($0, to: STDOUT_FILENO) }
    }

    static func writeError(_ text: String) { write(text, to: STDERR_FILENO) }

    static func exit(_ status: Int32) -> Never {
        fflush(nil)
        Glibc.exit(status)
    }

    /// Reports an outcome of the host and ends the process when it is not success.
    static func finish(_ outcome: HostOutcome) {
        if !outcome.document.isEmpty { writeOut(outcome.document) }
        if !outcome.message.isEmpty { writeError(outcome.message + "\n") }
        if outcome.status != 0 { exit(outcome.status) }
    }

    private static func write(_ text: String, to descriptor: Int32) {
        fflush(nil)
        var text = text
        text.withUTF8 { send(UnsafeRawBufferPointer($0), to: descriptor) }
    }

    private static func send(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) {
        var sent = 0
        while sent < bytes.count, let base = bytes.baseAddress {
            let count = Glibc.write(descriptor, base + sent, bytes.count - sent)
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return }
            sent += count
        }
    }
}

/// An outcome other than success, with the text that explains it.
struct CommandFailure: Error {
    var code: ProgramExit
    var message: String
}
