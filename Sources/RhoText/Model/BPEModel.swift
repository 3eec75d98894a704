/// Byte-pair encoding: the symbols of a word are merged in the order of the merges' ranks.
///
/// Sennrich et al. 2016 (arXiv:1508.07909); over bytes as in GPT-2, or over characters with byte fallback as in
/// Llama 2.
struct BPEModel: WordModel {
    /// Where the symbols of a word come from.
    enum Symbols: Sendable {
        /// Every byte is a symbol; its id by byte, -1 where the vocabulary lacks it.
        case bytes([Int32])
        /// Every character is a symbol, looked up in the vocabulary.
        case characters(CharacterSymbols)
    }

    /// What becomes of characters that the vocabulary lacks.
    struct CharacterSymbols: Sendable {
        /// The ids of `<0x00>`...`<0xFF>` by byte, -1 where one is missing; empty without byte fallback.
        var fallback: [Int32] = []
        /// The id of the unknown token; without it, unknown characters give nothing.
        var unknown: Int32?
        /// Whether a run of unknown characters is one token.
        var fusesUnknown = false
    }

    /// Tokens by the bytes that a word consists of (raw bytes for `Symbols.bytes`, else UTF-8).
    var vocabulary: Vocabulary
    var merges: PairTable
    var symbols: Symbols
    /// Whether a word that is a token stays whole whatever the merges say (Llama 3).
    var ignoresMerges = false
    /// Whether no merge reaches over the border before a `▁`, so that a text can be encoded word by word.
    var cutsAtWordStarts = false

    /// Whether every byte has a token, so that the tokens of a text are its bytes without a gap.
    var coversAllBytes: Bool {
        guard case .bytes(let ids) = symbols else { return false }
        return ids.allSatisfy { $0 >= 0 }
    }

    /// Calls `body` with the bounds of the words of a piece: the parts that merges cannot join.
    @inline(__always)
    func forEachWord(_ piece: UnsafePointer<UInt8>, _ count: Int, _ body: (_ start: Int, _ end: Int) -> Void) {
        if !cutsAtWordStarts { return body(0, count) }
        var start = 0
        var index = 1
        var isMark = Self.isMark(piece, 0, count)
        if isMark { index = 3 }
        while index < count {
            if piece[index] == 0xE2 && Self.isMark(piece, index, count) {
                if !isMark {
                    body(start, index)
                    start = index
                }
                isMark = true
                index += 3
            } else {
                isMark = false
                index += 1
            }
        }
        body(start, count)
    }

    /// Whether `▁` (E2 96 81) is at `index`.
    @inline(__always)
    private static func isMark(_ text: UnsafePointer<UInt8>, _ index: Int, _ count: Int) -> Bool {
        index + 3 <= count && text[index] == 0xE2 && text[index + 1] == 0x96 && text[index + 2] == 0x81
    }

    /// Puts the tokens of `word` and their byte lengths into `scratch` and returns how many there are.
    func tokenize(
        _ word: UnsafePointer<UInt8>, _ count: Int, _ scratch: EncoderScratch, _ merges: PairTable.Reader
    ) -> Int {
        let scratch = scratch.merge
        scratch.reserve(count)
        if ignoresMerges, let whole = vocabulary.id(of: UnsafeBufferPointer(start: word, count: count)) {
            scratch.ids[0] = whole
            scratch.lengths[0] = Int32(count)
            return 1
        }
        let symbolCount: Int
        switch symbols {
        case .bytes(let idOfByte): symbolCount = addBytes(word, count, idOfByte, scratch)
        case .characters(let rules): symbolCount = addCharacters(word, count, rules, scratch)
        }
        return scratch.mergeAll(symbolCount, merges)
    }

    private func addBytes(
        _ word: UnsafePointer<UInt8>, _ count: Int, _ idOfByte: [Int32], _ scratch: MergeScratch
    ) -> Int {
        let (ids, lengths) = (scratch.ids, scratch.lengths)
        return idOfByte.withUnsafeBufferPointer { idOfByte in
            var added = 0
            var skipped: Int32 = 0
            for index in 0..<count {
                let id = idOfByte[Int(word[index])]
                if id < 0 {
                    skipped += 1
                } else {
                    ids[added] = id
                    lengths[added] = 1 + skipped
                    added += 1
                    skipped = 0
                }
            }
            // What has no token of its own counts to a neighbour, so that offsets still cover the word.
            if skipped > 0 && added > 0 { lengths[added - 1] += skipped }
            return added
        }
    }

    private func addCharacters(
        _ word: UnsafePointer<UInt8>, _ count: Int, _ rules: CharacterSymbols, _ scratch: MergeScratch
    ) -> Int {
        let (ids, lengths) = (scratch.ids, scratch.lengths)
        var added = 0
        var skipped: Int32 = 0
        var pendingUnknown: Int32 = 0
        func add(_ id: Int32, _ length: Int32) {
            ids[added] = id
            lengths[added] = length + skipped
            added += 1
            skipped = 0
        }
        func flushUnknown() {
            guard pendingUnknown > 0, let unknown = rules.unknown else { return }
            add(unknown, pendingUnknown)
            pendingUnknown = 0
        }
        var index = 0
        while index < count {
            let (scalar, length) = UTF8Decoding.scalar(word, index, count)
            if scalar != UTF8Decoding.invalid,
                let id = vocabulary.id(of: UnsafeBufferPointer(start: word + index, count: length))
            {
                flushUnknown()
                add(id, Int32(length))
            } else if !rules.fallback.isEmpty,
                (index..<(index + length)).allSatisfy({ rules.fallback[Int(word[$0])] >= 0 })
            {
                for place in index..<(index + length) { add(rules.fallback[Int(word[place])], 1) }
            } else if rules.unknown != nil {
                if !rules.fusesUnknown { flushUnknown() }
                pendingUnknown += Int32(length)
            } else {
                skipped += Int32(length)
            }
            index += length
        }
        flushUnknown()
        if skipped > 0 && added > 0 { lengths[added - 1] += skipped }
        return added
    }
}
