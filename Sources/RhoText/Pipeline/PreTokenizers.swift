/// Cuts at the matches of a pattern (`Split`).
struct SplitStep: PreTokenizerStep {
    /// The matches: of a regular expression, of a known pattern by hand, or of a string.
    enum Matches: Sendable {
        case regex(RegexSplitter)
        case known(SplitPattern)
        case string([UInt8])
    }
    var matches: Matches
    var behavior: SplitBehavior
    /// Whether what lies between the matches counts as the match.
    var inverted: Bool

    func apply(_ pieces: Pieces) -> Pieces {
        pieces.split(behavior) { base, count, found in
            switch matches {
            case .regex(let splitter):
                splitter.forEachSpan(base, count) { found($0, $1, $2 != inverted) }
            case .known(let pattern):
                pattern.forEachPiece(base, count) { start, end in
                    let isInvalid = UTF8Decoding.scalar(base, start, count).value == UTF8Decoding.invalid
                    found(start, end, isInvalid == inverted)
                }
            case .string(let target):
                Self.forEachSpan(of: target, base, count) { found($0, $1, $2 != inverted) }
            }
        }
    }

    /// Reports the occurrences of `target` (not empty) and what lies between them.
    static func forEachSpan(
        of target: [UInt8], _ base: UnsafePointer<UInt8>, _ count: Int, _ found: (Int, Int, Bool) -> Void
    ) {
        var done = 0
        var index = 0
        while index + target.count <= count {
            if base[index] == target[0] && target.indices.allSatisfy({ base[index + $0] == target[$0] }) {
                if index > done { found(done, index, false) }
                found(index, index + target.count, true)
                index += target.count
                done = index
            } else {
                index += 1
            }
        }
        if done < count { found(done, count, false) }
    }
}

/// Cuts out the scalars for which a test holds (`Digits`, `Punctuation`, `WhitespaceSplit`).
struct ScalarSplitStep: PreTokenizerStep {
    enum Test: Sendable {
        case number, space, punctuation
    }
    var test: Test
    var behavior: SplitBehavior

    func apply(_ pieces: Pieces) -> Pieces {
        pieces.split(behavior) { base, count, found in
            var done = 0
            var index = 0
            while index < count {
                let (scalar, length) = UTF8Decoding.scalar(base, index, count)
                if scalar != UTF8Decoding.invalid && holds(scalar) {
                    if index > done { found(done, index, false) }
                    found(index, index + length, true)
                    done = index + length
                }
                index += length
            }
            if done < count { found(done, count, false) }
        }
    }

    private func holds(_ scalar: UInt32) -> Bool {
        switch test {
        case .number: return ScalarClass.of(scalar) == ScalarClass.number
        case .space: return ScalarClass.of(scalar) == ScalarClass.space
        case .punctuation:
            // Every sign of ASCII counts, also the mathematical ones such as + and =.
            let isSign =
                (33...47).contains(scalar) || (58...64).contains(scalar)
                || (91...96).contains(scalar) || (123...126).contains(scalar)
            if isSign { return true }
            // The package's table is that of Unicode 8.0, and has two signs that later versions moved.
            if scalar == 0x166D || scalar == 0x111C9 { return true }
            return ScalarClass.category(of: scalar).isPunctuation && ScalarClass.isAssigned(scalar, inVersion: 8)
        }
    }
}

/// Cuts into runs of word scalars and of other signs and drops white space (`Whitespace`): `\w+|[^\w\s]+`.
struct WordSplitStep: PreTokenizerStep {
    private enum Kind {
        case word, sign, space
    }

    func apply(_ pieces: Pieces) -> Pieces {
        var result = Pieces(like: pieces)
        pieces.forEach { range, base in
            var start = range.lowerBound
            var index = start
            var current = Kind.space
            func flush() {
                if current != .space && index > start { result.append(pieces.text, start..<index) }
                start = index
            }
            while index < range.upperBound {
                let (scalar, length) = UTF8Decoding.scalar(base, index, range.upperBound)
                let kind = Self.kind(scalar)
                if kind != current { flush() }
                current = kind
                index += length
            }
            flush()
        }
        return result
    }

    private static func kind(_ scalar: UInt32) -> Kind {
        if scalar == UTF8Decoding.invalid { return .sign }
        if WordScalars.contains(scalar) { return .word }
        return ScalarClass.of(scalar) == ScalarClass.space ? .space : .sign
    }
}

/// Turns spaces into `▁`, puts one before the text, and cuts before each (`Metaspace`).
struct MetaspaceStep: PreTokenizerStep {
    enum Prepend: String, Sendable, CaseIterable {
        case always, first, never
    }
    var replacement: [UInt8]
    var prepend: Prepend
    var splits: Bool

    func apply(_ pieces: Pieces) -> Pieces {
        var result = Pieces(like: pieces)
        let source = pieces.text
        pieces.forEach { range, base in
            let begins = source.bytes[range].starts(with: replacement) || base[range.lowerBound] == 0x20
            let isFirst = pieces.beginsInput && range.lowerBound == 0
            let adds = prepend == .always || (prepend == .first && isFirst)
            if adds && !begins { result.text.append(replacement, end: source.sourceEnd(range.lowerBound)) }
            for index in range {
                let isSpace = base[index] == 0x20
                let isMark = isSpace || source.bytes[index..<range.upperBound].starts(with: replacement)
                if isMark && splits { result.cut() }
                if isSpace {
                    result.text.append(replacement, end: source.sourceEnd(index + 1))
                } else {
                    result.text.append(base[index], end: source.sourceEnd(index + 1))
                }
            }
            result.cut()
        }
        return result
    }
}

/// Puts a space before a piece that has none, and cuts by the GPT-2 pattern (`ByteLevel`).
///
/// The turn from bytes to printable characters that the file format describes happens nowhere: the vocabulary is read
/// as bytes instead.
struct ByteLevelStep: PreTokenizerStep {
    var addsSpace: Bool
    var splits: Bool

    func apply(_ pieces: Pieces) -> Pieces {
        var result = pieces
        if addsSpace {
            result = Pieces(like: pieces)
            pieces.forEach { range, base in
                if base[range.lowerBound] != 0x20 {
                    result.text.append(0x20, end: pieces.text.sourceEnd(range.lowerBound))
                }
                result.append(pieces.text, range)
            }
        }
        if !splits { return result }
        return result.split(.isolated) { base, count, found in
            GPT2Splitter().forEachPiece(base, count) { found($0, $1, true) }
        }
    }
}

extension SplitPattern {
    /// Calls `body` with the bounds of every piece of the text.
    package func forEachPiece(
        _ text: UnsafePointer<UInt8>, _ count: Int, _ body: (_ start: Int, _ end: Int) -> Void
    ) {
        switch self {
        case .gpt2: GPT2Splitter().forEachPiece(text, count, body)
        case .gpt4: GPT4Splitter(digits: 3).forEachPiece(text, count, body)
        case .qwen2: GPT4Splitter(digits: 1).forEachPiece(text, count, body)
        }
    }
}
