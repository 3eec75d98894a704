/// UTF-8 as these tokenizers read it: well-formed sequences are scalars, every other byte stands alone as invalid.
enum UTF8Decoding {
    /// The value that stands for an invalid byte.
    static let invalid: UInt32 = .max

    /// Returns the scalar at `index` and its length in bytes, or `(invalid, 1)`.
    ///
    /// Well-formed as the Unicode standard has it: no overlong form, no surrogate, nothing above U+10FFFF.
    @inline(__always)
    static func scalar(_ text: UnsafePointer<UInt8>, _ index: Int, _ end: Int) -> (value: UInt32, length: Int) {
        let first = UInt32(text[index])
        if first < 0x80 { return (first, 1) }
        return multibyte(text, index, end, first)
    }

    @inline(never)
    static func multibyte(
        _ text: UnsafePointer<UInt8>, _ index: Int, _ end: Int, _ first: UInt32
    ) -> (value: UInt32, length: Int) {
        if first < 0xC2 || first > 0xF4 || index + 1 >= end { return (invalid, 1) }
        let second = UInt32(text[index + 1])
        if second & 0xC0 != 0x80 { return (invalid, 1) }
        if first < 0xE0 { return ((first & 0x1F) << 6 | (second & 0x3F), 2) }
        if index + 2 >= end { return (invalid, 1) }
        let third = UInt32(text[index + 2])
        if third & 0xC0 != 0x80 { return (invalid, 1) }
        if first < 0xF0 {
            let value = (first & 0x0F) << 12 | (second & 0x3F) << 6 | (third & 0x3F)
            if value < 0x800 || (0xD800..<0xE000).contains(value) { return (invalid, 1) }
            return (value, 3)
        }
        if index + 3 >= end { return (invalid, 1) }
        let fourth = UInt32(text[index + 3])
        if fourth & 0xC0 != 0x80 { return (invalid, 1) }
        let value = (first & 0x07) << 18 | (second & 0x3F) << 12 | (third & 0x3F) << 6 | (fourth & 0x3F)
        if value < 0x10000 || value > 0x10FFFF { return (invalid, 1) }
        return (value, 4)
    }

    /// Appends the UTF-8 form of a valid scalar value to `bytes`.
    static func append(_ scalar: UInt32, to bytes: inout [UInt8]) {
        switch scalar {
        case ..<0x80:
            bytes.append(UInt8(scalar))
        case ..<0x800:
            bytes.append(UInt8(0xC0 | scalar >> 6))
            bytes.append(UInt8(0x80 | scalar & 0x3F))
        case ..<0x10000:
            bytes.append(UInt8(0xE0 | scalar >> 12))
            bytes.append(UInt8(0x80 | scalar >> 6 & 0x3F))
            bytes.append(UInt8(0x80 | scalar & 0x3F))
        default:
            bytes.append(UInt8(0xF0 | scalar >> 18))
            bytes.append(UInt8(0x80 | scalar >> 12 & 0x3F))
            bytes.append(UInt8(0x80 | scalar >> 6 & 0x3F))
            bytes.append(UInt8(0x80 | scalar & 0x3F))
        }
    }

    /// Returns the end of the run of bytes from `start` that is valid, or that is invalid, and which of the two it is.
    static func run(_ text: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> (end: Int, valid: Bool) {
        var index = start
        let first = scalar(text, index, end)
        let valid = first.value != invalid
        index += first.length
        while index < end {
            let next = scalar(text, index, end)
            if (next.value != invalid) != valid { break }
            index += next.length
        }
        return (index, valid)
    }
}
