/// The steps that the hand-written splitters share: classes and runs over UTF-8.
///
/// Each takes the text's base address, the place, and the end of the text.
enum ScanSteps {
    /// Class by first byte: those of `ScalarClass` for ASCII, 255 for bytes that begin (or break) a longer sequence.
    static let ascii: ASCIIClasses = ASCIIClasses()

    struct ASCIIClasses: @unchecked Sendable {
        let bytes: UnsafePointer<UInt8>
        init() {
            let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: 256)
            for byte in 0..<256 { bytes[byte] = byte < 128 ? ScalarClass.of(UInt32(byte)) : 255 }
            self.bytes = UnsafePointer(bytes)
        }
    }

    /// Returns the class of the scalar at `index` and its length.
    @inline(__always)
    static func classify(
        _ text: UnsafePointer<UInt8>, _ index: Int, _ end: Int, _ ascii: UnsafePointer<UInt8>
    ) -> (kind: UInt8, length: Int) {
        let kind = ascii[Int(text[index])]
        if kind != 255 { return (kind, 1) }
        return classifyMultibyte(text, index, end)
    }

    @inline(never)
    static func classifyMultibyte(
        _ text: UnsafePointer<UInt8>, _ index: Int, _ end: Int
    ) -> (kind: UInt8, length: Int) {
        let (value, length) = UTF8Decoding.multibyte(text, index, end, UInt32(text[index]))
        return value == UTF8Decoding.invalid ? (ScalarClass.invalid, 1) : (ScalarClass.of(value), length)
    }

    /// Returns the end of the run of scalars of class `kind` from `start`.
    @inline(__always)
    static func runEnd(
        _ text: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ ascii: UnsafePointer<UInt8>, _ kind: UInt8
    ) -> Int {
        var index = start
        while index < end {
            let found = ascii[Int(text[index])]
            if found == kind {
                index += 1
            } else if found == 255 {
                let (wide, length) = classifyMultibyte(text, index, end)
                if wide != kind { break }
                index += length
            } else {
                break
            }
        }
        return index
    }

    /// Returns the end of a piece of white space that begins at `start`: `\s+(?!\S)|\s+`.
    ///
    /// The last space of a run stays for the word after it, unless the run ends the text (`isEnd`) or has one scalar.
    @inline(__always)
    static func spaceEnd(
        _ text: UnsafePointer<UInt8>, _ start: Int, _ runEnd: Int, isEnd: Bool
    ) -> Int {
        if isEnd { return runEnd }
        var last = runEnd - 1
        while last > start && text[last] & 0xC0 == 0x80 { last -= 1 }
        return last > start ? last : runEnd
    }
}
