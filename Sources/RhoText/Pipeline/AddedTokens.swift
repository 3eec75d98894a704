/// A token outside the model's merges: a special token, or a string that is always one token.
struct AddedToken: Sendable, Equatable {
    var id: Int32
    var content: String
    /// Whether it counts only where no letter, digit or underscore touches it.
    var singleWord = false
    /// Whether it takes the white space before it along.
    var stripsLeft = false
    /// Whether it takes the white space after it along.
    var stripsRight = false
    /// Whether it is looked for in the normalised text instead of the source.
    var normalized = false
    /// Whether it is a special token, which text produces only when the caller asks for that.
    var special = true
}

/// Finds added tokens in text: the leftmost, and of those at one place the longest.
struct AddedTokenMatcher: Sendable {
    private var contents: [[UInt8]] = []
    private var tokens: [AddedToken] = []
    /// The tokens that begin with each byte, the longest first.
    private var byFirst: [[Int]] = []

    /// A matcher for `tokens`, each as the bytes that `spelling` gives.
    init(_ tokens: [AddedToken], spelling: (AddedToken) -> [UInt8]) {
        let pairs = tokens.map { (token: $0, bytes: spelling($0)) }.filter { !$0.bytes.isEmpty }
        self.tokens = pairs.map(\.token)
        contents = pairs.map(\.bytes)
        if pairs.isEmpty { return }
        byFirst = Array(repeating: [], count: 256)
        for index in contents.indices { byFirst[Int(contents[index][0])].append(index) }
        for byte in 0..<256 {
            byFirst[byte].sort { (contents[$0].count, $1) > (contents[$1].count, $0) }
        }
    }

    var isEmpty: Bool { tokens.isEmpty }

    /// Calls `body` with the parts of `text` in order: plain text (`nil`) and added tokens.
    func forEachPart(
        _ text: UnsafeBufferPointer<UInt8>, _ body: (_ range: Range<Int>, _ token: AddedToken?) -> Void
    ) {
        guard let base = text.baseAddress, !isEmpty else {
            if !text.isEmpty { body(0..<text.count, nil) }
            return
        }
        var done = 0
        var index = 0
        while index < text.count {
            guard let found = match(text, index) else {
                index += 1
                continue
            }
            let token = tokens[found]
            var start = index
            var end = index + contents[found].count
            index = end
            if token.singleWord && (touchesWord(before: start, base) || touchesWord(after: end, base, text.count)) {
                continue
            }
            if token.stripsLeft { start = max(done, spaceStart(before: start, base)) }
            if token.stripsRight { end = spaceEnd(after: end, base, text.count) }
            if start > done { body(done..<start, nil) }
            body(start..<end, token)
            done = end
            index = end
        }
        if done < text.count { body(done..<text.count, nil) }
    }

    private func match(_ text: UnsafeBufferPointer<UInt8>, _ index: Int) -> Int? {
        byFirst[Int(text[index])].first { candidate in
            let content = contents[candidate]
            if content.count > text.count - index { return false }
            for place in 1..<max(1, content.count) where content[place] != text[index + place] { return false }
            return true
        }
    }

    private func scalarBefore(_ index: Int, _ text: UnsafePointer<UInt8>) -> (value: UInt32, start: Int) {
        var start = index - 1
        while start > 0 && index - start < 4 && text[start] & 0xC0 == 0x80 { start -= 1 }
        let (value, length) = UTF8Decoding.scalar(text, start, index)
        return start + length == index ? (value, start) : (UTF8Decoding.invalid, index - 1)
    }

    private func touchesWord(before index: Int, _ text: UnsafePointer<UInt8>) -> Bool {
        index > 0 && WordScalars.contains(scalarBefore(index, text).value)
    }

    private func touchesWord(after index: Int, _ text: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        index < count && WordScalars.contains(UTF8Decoding.scalar(text, index, count).value)
    }

    private func spaceStart(before index: Int, _ text: UnsafePointer<UInt8>) -> Int {
        var start = index
        while start > 0 {
            let before = scalarBefore(start, text)
            if before.value == UTF8Decoding.invalid || ScalarClass.of(before.value) != ScalarClass.space { break }
            start = before.start
        }
        return start
    }

    private func spaceEnd(after index: Int, _ text: UnsafePointer<UInt8>, _ count: Int) -> Int {
        ScanSteps.runEnd(text, index, count, ScanSteps.ascii.bytes, ScalarClass.space)
    }
}
