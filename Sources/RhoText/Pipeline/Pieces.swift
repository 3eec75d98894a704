/// Text cut into pieces, on its way through pre-tokenisers.
struct Pieces {
    var text: AlignedText
    /// The end of each piece in `text`, in order; pieces are never empty.
    var ends: [Int] = []
    /// Whether the text begins the input, so that its first piece is the input's first.
    let beginsInput: Bool

    /// All of `text` as one piece.
    init(_ text: AlignedText, beginsInput: Bool) {
        self.text = text
        self.beginsInput = beginsInput
        if text.count > 0 { ends = [text.count] }
    }

    /// No pieces yet, for a step that builds its result.
    init(like other: Pieces) {
        text = AlignedText(like: other.text)
        beginsInput = other.beginsInput
    }

    /// Calls `body` with the bounds of each piece and its address.
    func forEach(_ body: (_ range: Range<Int>, _ base: UnsafePointer<UInt8>) -> Void) {
        text.bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            var start = 0
            for end in ends {
                body(start..<end, base)
                start = end
            }
        }
    }

    /// Ends a piece here, unless it would be empty.
    mutating func cut() {
        if text.count > (ends.last ?? 0) { ends.append(text.count) }
    }

    /// Appends a piece of `source` unchanged.
    mutating func append(_ source: AlignedText, _ range: Range<Int>) {
        text.append(source, range)
        cut()
    }
}

/// One step that cuts pieces into smaller ones.
protocol PreTokenizerStep: Sendable {
    func apply(_ pieces: Pieces) -> Pieces
}

/// What becomes of the matches of a `Split` and of a few steps like it.
enum SplitBehavior: String, Sendable, CaseIterable {
    case removed = "Removed"
    case isolated = "Isolated"
    case mergedWithPrevious = "MergedWithPrevious"
    case mergedWithNext = "MergedWithNext"
    case contiguous = "Contiguous"
}

extension Pieces {
    /// Cuts every piece at the spans that `spans` reports for it (`matched`: the pattern's own).
    func split(
        _ behavior: SplitBehavior,
        _ spans: (_ base: UnsafePointer<UInt8>, _ count: Int, _ found: (Int, Int, Bool) -> Void) -> Void
    ) -> Pieces {
        var result = Pieces(like: self)
        forEach { range, base in
            var previousMatched: Bool?
            spans(base + range.lowerBound, range.count) { start, end, matched in
                let span = (range.lowerBound + start)..<(range.lowerBound + end)
                switch behavior {
                case .removed:
                    if !matched { result.append(text, span) }
                case .isolated:
                    result.append(text, span)
                case .contiguous:
                    if previousMatched != matched { result.cut() }
                    result.text.append(text, span)
                case .mergedWithPrevious:
                    if !matched || previousMatched != false { result.cut() }
                    result.text.append(text, span)
                    if matched { result.cut() }
                case .mergedWithNext:
                    if matched || previousMatched != true { result.cut() }
                    result.text.append(text, span)
                    if !matched { result.cut() }
                }
                previousMatched = matched
            }
            result.cut()
        }
        return result
    }
}
