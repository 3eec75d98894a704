/// The escapes of JSON strings, shared by the full parser and by readers of rows that decode only some fields.
public enum JSONEscape {
    /// Decodes the escape that starts at `bytes[at]` (a backslash), appends it as UTF-8 and moves `at` past it.
    /// A surrogate without its partner becomes U+FFFD. Returns what is wrong with the escape, or nil.
    public static func decode(_ bytes: UnsafeRawBufferPointer, _ at: inout Int, into out: inout [UInt8]) -> String? {
        guard at + 1 < bytes.count else { return "a string is not closed" }
        let kind = bytes[at + 1]
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(kind)
        case UInt8(ascii: "n"): out.append(0x0A)
        case UInt8(ascii: "t"): out.append(0x09)
        case UInt8(ascii: "r"): out.append(0x0D)
        case UInt8(ascii: "b"): out.append(0x08)
        case UInt8(ascii: "f"): out.append(0x0C)
        case UInt8(ascii: "u"):
            guard let first = unit(bytes, at + 2) else { return "\\u needs four hexadecimal digits" }
            at += 6
            var scalar = UInt32(first)
            if (0xD800..<0xDC00).contains(scalar), at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"),
                bytes[at + 1] == UInt8(ascii: "u"), let second = unit(bytes, at + 2), (0xDC00..<0xE000).contains(second)
            {
                scalar = 0x10000 + (scalar - 0xD800) << 10 + (UInt32(second) - 0xDC00)
                at += 6
            }
            append(Unicode.Scalar(scalar) ?? "\u{FFFD}", to: &out)
            return nil
        default: return "unknown escape \\\(shown(kind))"
        }
        at += 2
        return nil
    }

    /// How a byte is shown in a message: `'x'`, or `byte 0x07` where it is not printable ASCII.
    public static func shown(_ byte: UInt8) -> String {
        if byte > 0x20, byte < 0x7F { return "'\(Character(Unicode.Scalar(byte)))'" }
        let digits = String(byte, radix: 16, uppercase: true)
        return "byte 0x" + (digits.count == 1 ? "0" : "") + digits
    }

    private static func unit(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> UInt16? {
        guard start + 4 <= bytes.count else { return nil }
        var value: UInt16 = 0
        for byte in bytes[start..<start + 4] {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt16(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt16(byte - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt16(byte - UInt8(ascii: "A") + 10)
            default: return nil
            }
        }
        return value
    }

    private static func append(_ scalar: Unicode.Scalar, to out: inout [UInt8]) {
        out.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }
}
