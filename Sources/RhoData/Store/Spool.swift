import Glibc
import RhoCore

/// Bytes set aside in a nameless temporary file until the main file is ready for them.
final class Spool {
    private let descriptor: Int32
    private let place: String
    private var buffer: [UInt8] = []
    private(set) var count = 0
    private static let bufferSize = 1 << 16

    /// - Parameter path: the temporary file lies beside this path for a moment.
    init(beside path: String) throws(RhoError) {
        try FileAccess.check(path, .write)
        var template = Array("\(path).spool-XXXXXX".utf8CString)
        descriptor = mkstemp(&template)
        place = path
        if descriptor < 0 { throw RhoError(.io, "cannot write \(path): \(String(cString: strerror(errno)))") }
        unlink(template)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func append(_ bytes: some Sequence<UInt8>) throws(RhoError) {
        let before = buffer.count
        buffer.append(contentsOf: bytes)
        count += buffer.count - before
        if buffer.count >= Self.bufferSize { try flush() }
    }

    func append(_ number: UInt64) throws(RhoError) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            buffer.append(UInt8(truncatingIfNeeded: number >> shift))
        }
        count += 8
        if buffer.count >= Self.bufferSize { try flush() }
    }

    /// Appends everything to `file`.
    func drain(into file: AtomicFile) throws(RhoError) {
        try flush()
        lseek(descriptor, 0, SEEK_SET)
        var piece = [UInt8](repeating: 0, count: Self.bufferSize)
        while true {
            let got = read(descriptor, &piece, piece.count)
            if got < 0 {
                if errno == EINTR { continue }
                throw failure()
            }
            if got == 0 { return }
            try file.write(got == piece.count ? piece : Array(piece[..<got]))
        }
    }

    private func flush() throws(RhoError) {
        var done = 0
        while done < buffer.count {
            let wrote = buffer.withUnsafeBytes {
                write(descriptor, $0.baseAddress?.advanced(by: done), $0.count - done)
            }
            if wrote < 0 {
                if errno == EINTR { continue }
                throw failure()
            }
            done += wrote
        }
        buffer.removeAll(keepingCapacity: true)
    }

    private func failure() -> RhoError { RhoError(.io, "cannot write \(place): \(String(cString: strerror(errno)))") }
}
