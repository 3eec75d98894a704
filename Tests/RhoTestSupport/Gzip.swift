import CZlib

/// Packs bytes as one gzip member, which nothing in the program does.
public enum Gzip {
    public static func pack(_ text: String) -> [UInt8] { pack(Array(text.utf8)) }

    public static func pack(_ bytes: [UInt8]) -> [UInt8] {
        var input = bytes
        var stream = z_stream()
        deflateInit2_(
            &stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))))
        let used = input.withUnsafeMutableBufferPointer { from in
            output.withUnsafeMutableBufferPointer { to in
                stream.next_in = from.baseAddress
                stream.avail_in = UInt32(from.count)
                stream.next_out = to.baseAddress
                stream.avail_out = UInt32(to.count)
                deflate(&stream, Z_FINISH)
                return to.count - Int(stream.avail_out)
            }
        }
        deflateEnd(&stream)
        return Array(output[..<used])
    }
}
