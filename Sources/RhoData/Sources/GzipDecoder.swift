import CZlib
import RhoCore

/// Unpacks gzip data that arrives in pieces: any number of members one after the other, as `cat a.gz b.gz` makes them.
final class GzipDecoder: Unpacker {
    private let path: String
    /// zlib keeps a pointer to its stream, so the stream must not move.
    private let stream: UnsafeMutablePointer<z_stream>
    private let output: UnsafeMutableRawBufferPointer
    /// Packed bytes of the file before the current piece.
    private var before = 0
    private var pieceSize = 0
    private var betweenMembers = false

    init(path: String, outputSize: Int) {
        self.path = path
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        output = .allocate(byteCount: outputSize, alignment: 16)
        // 15 bits of window, 16 more for "gzip header required".
        inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
        output.deallocate()
    }

    func give(_ piece: UnsafeRawBufferPointer) {
        before += pieceSize
        pieceSize = piece.count
        stream.pointee.next_in = UnsafeMutableRawPointer(mutating: piece.baseAddress)?.assumingMemoryBound(
            to: UInt8.self)
        stream.pointee.avail_in = UInt32(piece.count)
    }

    /// Offset in the packed file of the next byte to unpack.
    private var offset: Int { before + pieceSize - Int(stream.pointee.avail_in) }

    func decode() throws(RhoError) -> UnsafeRawBufferPointer? {
        while stream.pointee.avail_in > 0 {
            if betweenMembers, try !startMember() { return nil }
            stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
            stream.pointee.avail_out = UInt32(output.count)
            let status = inflate(stream, Z_NO_FLUSH)
            let made = output.count - Int(stream.pointee.avail_out)
            switch status {
            case Z_STREAM_END: betweenMembers = true
            case Z_OK, Z_BUF_ERROR: break
            default:
                let reason = stream.pointee.msg.map { String(cString: $0) } ?? "zlib status \(status)"
                throw RhoError(.format, "\(path): broken gzip data at byte \(offset): \(reason)")
            }
            if made > 0 { return UnsafeRawBufferPointer(rebasing: output[0..<made]) }
            if status == Z_BUF_ERROR { return nil }
        }
        return nil
    }

    func finish() throws(RhoError) {
        if !betweenMembers {
            throw RhoError(
                .format, "\(path): the gzip data ends early, at byte \(before + pieceSize); is the file cut off?")
        }
    }

    /// Starts the member at the next byte; false where only the zeros that pad tapes are left of this piece.
    private func startMember() throws(RhoError) -> Bool {
        while stream.pointee.avail_in > 0, stream.pointee.next_in.pointee == 0 {
            stream.pointee.next_in += 1
            stream.pointee.avail_in -= 1
        }
        guard stream.pointee.avail_in > 0 else { return false }
        guard stream.pointee.next_in.pointee == 0x1F else {
            throw RhoError(.format, "\(path): bytes that are not gzip follow the gzip data at byte \(offset)")
        }
        inflateReset(stream)
        betweenMembers = false
        return true
    }
}
