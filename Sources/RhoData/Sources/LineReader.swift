import Glibc
import RhoCore

/// The lines of a file, without their newlines, counted from 1. A byte order mark at the start is dropped.
struct LineReader {
    let path: String
    /// A line longer than this is an error: such a file is not a file of rows.
    static let maximumLine = 1 << 30

    /// Calls `body` with each line until it returns false.
    func forEach(_ body: (UnsafeRawBufferPointer, Int) throws -> Bool) throws {
        let stream = try ByteStream(path: path)
        var carry: [UInt8] = []
        var line = 0
        var first = true
        while var piece = try stream.next() {
            if first {
                first = false
                if piece.starts(with: [0xEF, 0xBB, 0xBF]) { piece = UnsafeRawBufferPointer(rebasing: piece[3...]) }
            }
            while let base = piece.baseAddress, piece.count > 0, let newline = memchr(base, 0x0A, piece.count) {
                let length = UnsafeRawPointer(newline) - base
                line += 1
                let head = UnsafeRawBufferPointer(start: base, count: length)
                if carry.isEmpty {
                    if try !body(head, line) { return }
                } else {
                    carry.append(contentsOf: head)
                    if try !carry.withUnsafeBytes({ try body($0, line) }) { return }
                    carry.removeAll(keepingCapacity: carry.count < 1 << 22)
                }
                piece = UnsafeRawBufferPointer(rebasing: piece[(length + 1)...])
            }
            carry.append(contentsOf: piece)
            if carry.count > Self.maximumLine {
                throw RhoError(.format, "\(path):\(line + 1): the line is longer than \(Self.maximumLine) bytes")
            }
        }
        if !carry.isEmpty { _ = try carry.withUnsafeBytes { try body($0, line + 1) } }
    }
}
