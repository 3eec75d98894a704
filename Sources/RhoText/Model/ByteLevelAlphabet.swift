/// The printable character that stands for each byte in a byte-level vocabulary, as GPT-2 chose them.
///
/// The bytes 33...126, 161...172 and 174...255 are the characters of those code points; the other 68, in order, are
/// U+0100 and up, so that a space is "Ġ" and a line end "Ċ".
enum ByteLevelAlphabet {
    /// The code point of each byte.
    static let scalars: [UInt32] = {
        var scalars = [UInt32](repeating: 0, count: 256)
        var next: UInt32 = 256
        for byte in 0..<256 {
            let printable = (33...126).contains(byte) || (161...172).contains(byte) || (174...255).contains(byte)
            scalars[byte] = printable ? UInt32(byte) : next
            if !printable { next += 1 }
        }
        return scalars
    }()

    /// The byte of each code point below U+0144; -1 for those that stand for none.
    private static let byteOfScalar: [Int16] = {
        var bytes = [Int16](repeating: -1, count: 324)
        for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar)] = Int16(byte) }
        return bytes
    }()

    /// All bytes in the order of their characters, which is the order of their ids in a trained vocabulary.
    static let bytesInOrder: [UInt8] = (0..<256).map { UInt8($0) }.sorted { scalars[Int($0)] < scalars[Int($1)] }

    /// The characters of a byte string.
    static func text(of bytes: some Sequence<UInt8>) -> String {
        var text = String.UnicodeScalarView()
        for byte in bytes {
            if let scalar = Unicode.Scalar(scalars[Int(byte)]) { text.append(scalar) }
        }
        return String(text)
    }

    /// The bytes that the characters of `text` stand for, or nil when one of them stands for none.
    static func bytes(of text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            guard scalar.value < 324, byteOfScalar[Int(scalar.value)] >= 0 else { return nil }
            bytes.append(UInt8(byteOfScalar[Int(scalar.value)]))
        }
        return bytes
    }
}
