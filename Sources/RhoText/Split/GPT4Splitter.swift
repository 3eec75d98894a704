/// The GPT-4 (`cl100k`), Llama 3 and Qwen 2 patterns by hand:
/// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*` and then
/// `|\s*[\r\n]+|\s+(?!\S)|\s+`.
struct GPT4Splitter: PieceSplitter {
    /// The most digits in a piece: 3, or 1 for Qwen 2.
    var digits = 3

    @inline(__always)
    func forEachPiece(
        _ text: UnsafePointer<UInt8>, _ count: Int, _ body: (_ start: Int, _ end: Int) -> Void
    ) {
        let ascii = ScanSteps.ascii.bytes
        var index = 0
        while index < count {
            let start = index
            let (kind, length) = ScanSteps.classify(text, index, count, ascii)
            if kind == ScalarClass.letter {
                index = ScanSteps.runEnd(text, index + length, count, ascii, kind)
            } else if kind == ScalarClass.number {
                index += length
                var taken = 1
                while taken < digits && index < count {
                    let next = ScanSteps.classify(text, index, count, ascii)
                    if next.kind != kind { break }
                    index += next.length
                    taken += 1
                }
            } else if kind == ScalarClass.invalid {
                index = ScanSteps.runEnd(text, index + 1, count, ascii, kind)
            } else {
                index = afterSign(text, start, length, kind, count, ascii)
            }
            body(start, index)
        }
    }

    /// Returns the end of the piece whose first scalar is white space or another sign, of `length` bytes.
    @inline(__always)
    private func afterSign(
        _ text: UnsafePointer<UInt8>, _ start: Int, _ length: Int, _ kind: UInt8, _ count: Int,
        _ ascii: UnsafePointer<UInt8>
    ) -> Int {
        let contraction = contractionEnd(text, start, count)
        if contraction > start { return contraction }
        let next = start + length
        var nextKind = ScalarClass.invalid
        var nextLength = 0
        if next < count { (nextKind, nextLength) = ScanSteps.classify(text, next, count, ascii) }
        let isLineEnd = text[start] == 0x0A || text[start] == 0x0D
        if nextKind == ScalarClass.letter && !isLineEnd {
            return ScanSteps.runEnd(text, next + nextLength, count, ascii, nextKind)
        }
        if kind == ScalarClass.other || (text[start] == 0x20 && nextKind == ScalarClass.other) {
            var end = ScanSteps.runEnd(text, next, count, ascii, ScalarClass.other)
            while end < count && (text[end] == 0x0A || text[end] == 0x0D) { end += 1 }
            return end
        }
        let runEnd = ScanSteps.runEnd(text, next, count, ascii, ScalarClass.space)
        var line = runEnd
        while line > start && text[line - 1] != 0x0A && text[line - 1] != 0x0D { line -= 1 }
        if line > start { return line }
        let isEnd =
            runEnd == count || ScanSteps.classify(text, runEnd, count, ascii).kind == ScalarClass.invalid
        return ScanSteps.spaceEnd(text, start, runEnd, isEnd: isEnd)
    }

    /// Returns the end of a contraction at `start`, in either case, or `start`.
    @inline(__always)
    private func contractionEnd(_ text: UnsafePointer<UInt8>, _ start: Int, _ count: Int) -> Int {
        if text[start] != 0x27 || start + 1 >= count { return start }
        switch text[start + 1] | 0x20 {
        case 0x73, 0x74, 0x6D, 0x64:  // s t m d; | 0x20 maps only their capitals here
            return start + 2
        case 0x72, 0x76:  // re ve
            return start + 2 < count && text[start + 2] | 0x20 == 0x65 ? start + 3 : start
        case 0x6C:  // ll
            return start + 2 < count && text[start + 2] | 0x20 == 0x6C ? start + 3 : start
        default:
            // U+017F, the long s, is an s when case is ignored.
            return text[start + 1] == 0xC5 && start + 2 < count && text[start + 2] == 0xBF ? start + 3 : start
        }
    }
}
