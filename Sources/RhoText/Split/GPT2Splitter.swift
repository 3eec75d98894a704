/// The GPT-2 pattern by hand:
/// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`.
struct GPT2Splitter: PieceSplitter {
    /// Whether every number scalar is cut out first, as the `Digits` step of SmolLM2's file does.
    var isolatesNumbers = false

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
            } else if kind == ScalarClass.space {
                index = afterSpace(text, start, length, count, ascii)
            } else if kind == ScalarClass.other {
                index = contractionEnd(text, start, count)
                if index == start { index = ScanSteps.runEnd(text, start + length, count, ascii, kind) }
            } else if kind == ScalarClass.number && isolatesNumbers {
                index += length
            } else {
                index = ScanSteps.runEnd(text, index + length, count, ascii, kind)
            }
            body(start, index)
        }
    }

    /// Returns the end of the piece whose first scalar is white space of `length` bytes.
    @inline(__always)
    private func afterSpace(
        _ text: UnsafePointer<UInt8>, _ start: Int, _ length: Int, _ count: Int, _ ascii: UnsafePointer<UInt8>
    ) -> Int {
        let next = start + length
        if next == count { return next }
        let (kind, nextLength) = ScanSteps.classify(text, next, count, ascii)
        if kind == ScalarClass.space {
            let runEnd = ScanSteps.runEnd(text, next + nextLength, count, ascii, kind)
            return ScanSteps.spaceEnd(text, start, runEnd, isEnd: endsSegment(text, runEnd, count, ascii))
        }
        let joins =
            text[start] == 0x20 && kind != ScalarClass.invalid && !(kind == ScalarClass.number && isolatesNumbers)
        return joins ? ScanSteps.runEnd(text, next + nextLength, count, ascii, kind) : next
    }

    /// Whether the text before `index` is matched as if it ended there.
    @inline(__always)
    private func endsSegment(
        _ text: UnsafePointer<UInt8>, _ index: Int, _ count: Int, _ ascii: UnsafePointer<UInt8>
    ) -> Bool {
        if index == count { return true }
        let kind = ScanSteps.classify(text, index, count, ascii).kind
        return kind == ScalarClass.invalid || (kind == ScalarClass.number && isolatesNumbers)
    }

    /// Returns the end of `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll` or `'d` at `start`, or `start`.
    @inline(__always)
    private func contractionEnd(_ text: UnsafePointer<UInt8>, _ start: Int, _ count: Int) -> Int {
        if text[start] != 0x27 || start + 1 >= count { return start }
        switch text[start + 1] {
        case 0x73, 0x74, 0x6D, 0x64:  // s t m d
            return start + 2
        case 0x72, 0x76:  // re ve
            return start + 2 < count && text[start + 2] == 0x65 ? start + 3 : start
        case 0x6C:  // ll
            return start + 2 < count && text[start + 2] == 0x6C ? start + 3 : start
        default:
            return start
        }
    }
}
