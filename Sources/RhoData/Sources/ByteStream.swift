import Glibc
import RhoCore

/// A file read forward in pieces, unpacked where its first bytes say gzip or zstd, in constant memory.
final class ByteStream {
    let path: String
    private let descriptor: Int32
    private let input: UnsafeMutableRawBufferPointer
    private var unpacker: (any Unpacker)?
    /// Bytes of `input` that hold data not yet handed out.
    private var filled = 0
    private var atEnd = false
    private static let pieceSize = 1 << 20

    init(path: String) throws(RhoError) {
        self.path = path
        descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        input = .allocate(byteCount: Self.pieceSize, alignment: 16)
        if descriptor < 0 { throw Self.openError(path) }
        posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
        try fill()
        if input[0..<filled].starts(with: [0x1F, 0x8B]) {
            unpacker = GzipDecoder(path: path, outputSize: Self.pieceSize)
        } else if input[0..<filled].starts(with: [0x28, 0xB5, 0x2F, 0xFD]) {
            unpacker = try ZstdDecoder(path: path, outputSize: Self.pieceSize)
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        input.deallocate()
    }

    /// Throws the error that opening `path` would give, without reading it.
    static func check(_ path: String) throws(RhoError) {
        if access(path, R_OK) != 0 { throw openError(path) }
        if Files.isDirectory(path) { throw RhoError(.io, "cannot open \(path): Is a directory") }
    }

    /// The next piece, valid until the next call; nil at the end.
    func next() throws(RhoError) -> UnsafeRawBufferPointer? {
        guard let unpacker else {
            if filled == 0 { try fill() }
            defer { filled = 0 }
            return filled > 0 ? UnsafeRawBufferPointer(rebasing: input[0..<filled]) : nil
        }
        while true {
            if let piece = try unpacker.decode() { return piece }
            if filled == 0 { try fill() }
            if filled == 0 {
                try unpacker.finish()
                return nil
            }
            unpacker.give(UnsafeRawBufferPointer(rebasing: input[0..<filled]))
            filled = 0
        }
    }

    private func fill() throws(RhoError) {
        while !atEnd, filled < input.count {
            let got = read(descriptor, input.baseAddress?.advanced(by: filled), input.count - filled)
            if got < 0 {
                if errno == EINTR { continue }
                throw RhoError(.io, "cannot read \(path): \(String(cString: strerror(errno)))")
            }
            if got == 0 { atEnd = true }
            filled += got
        }
    }

    private static func openError(_ path: String) -> RhoError {
        let number = errno
        var text = "cannot open \(path): \(String(cString: strerror(number)))"
        if number == ENOENT, let names = try? Files.list(Files.parent(of: path)) {
            text += suggestion(for: Files.name(of: path), in: names)
        }
        return RhoError(.io, text)
    }
}
