import RhoCore

/// Reads the `model` of a tokenizer file.
struct ModelReader {
    let part: JSONPart
    let entries: [VocabularyEntry]
    /// The contents of the special tokens.
    let specials: Set<String>

    init(_ part: JSONPart, entries: [VocabularyEntry], specials: Set<String>) {
        self.part = part
        self.entries = entries
        self.specials = specials
    }

    /// Reads the model; over bytes when the pre-tokenisers end in `ByteLevel`.
    func model(isByteLevel: Bool) throws(RhoError) -> TokenizerModel {
        // Old files name no type; a list of merges tells.
        let type = try part.optional("type")?.string() ?? (part.value["merges"] == nil ? "Unigram" : "BPE")
        switch type {
        case "BPE": return .bpe(try bytePairModel(isByteLevel: isByteLevel))
        case "Unigram": return .unigram(try unigramModel())
        default: throw part.unsupported("model", type, supported: ["BPE", "Unigram"])
        }
    }

    private func bytePairModel(isByteLevel: Bool) throws(RhoError) -> BPEModel {
        for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
            if let affix = try part.optional(key), try !affix.string().isEmpty {
                throw affix.failure(.unsupported, "'\(try affix.string())' is not supported; supported: none")
            }
        }
        if let dropout = try part.optional("dropout"), dropout.value.doubleValue != 0 {
            throw dropout.failure(.unsupported, "merges left out at random are not supported, got \(dropout.shown)")
        }
        let names = nameTable()
        var vocabulary = Vocabulary(capacity: entries.count)
        for entry in entries where !specials.contains(entry.token) {
            let bytes = isByteLevel ? ByteLevelAlphabet.bytes(of: entry.token) : nil
            vocabulary.add(bytes ?? Array(entry.token.utf8), id: entry.id)
        }
        let merges = try pairTable(names)
        var symbols: BPEModel.Symbols
        if isByteLevel {
            symbols = .bytes((0..<256).map { vocabulary.id(of: [UInt8($0)]) ?? -1 })
        } else {
            var rules = BPEModel.CharacterSymbols()
            rules.fusesUnknown = try part.bool("fuse_unk", default: false)
            if let unknown = try part.optional("unk_token") { rules.unknown = try id(ofUnknown: unknown, names) }
            if try part.bool("byte_fallback", default: false) { rules.fallback = fallbackIDs(names) }
            symbols = .characters(rules)
        }
        var model = BPEModel(vocabulary: vocabulary, merges: merges, symbols: symbols)
        model.ignoresMerges = try part.bool("ignore_merges", default: false)
        if !isByteLevel { model.cutsAtWordStarts = try !hasMergeIntoWordStart() }
        return model
    }

    private func nameTable() -> Vocabulary {
        var names = Vocabulary(capacity: entries.count)
        for entry in entries { names.add(Array(entry.token.utf8), id: entry.id) }
        return names
    }

    private func id(ofUnknown unknown: JSONPart, _ names: Vocabulary) throws(RhoError) -> Int32 {
        guard let id = names.id(of: Array(try unknown.string().utf8)) else {
            throw unknown.failure("the token '\(try unknown.string())' is not in the vocabulary")
        }
        return id
    }

    private func fallbackIDs(_ names: Vocabulary) -> [Int32] {
        (0..<256).map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return names.id(of: Array("<0x\(digits.count == 1 ? "0" : "")\(digits)>".utf8)) ?? -1
        }
    }

    private func pairTable(_ names: Vocabulary) throws(RhoError) -> PairTable {
        let merges = try part.required("merges")
        guard let items = merges.value.arrayValue else {
            throw merges.failure("expected a list, got \(merges.value.typeName)")
        }
        var table = PairTable(capacity: items.count)
        for (rank, item) in items.enumerated() {
            guard let (left, right) = Self.pair(item) else {
                let shown = JSONPart(item).shown
                throw merges.failure("merge \(rank) must be \"a b\" or [\"a\", \"b\"], got \(shown)")
            }
            let ids = [left, right, left + right].map { names.id(of: Array($0.utf8)) }
            guard let a = ids[0], let b = ids[1], let merged = ids[2] else {
                let missing = ids[0] == nil ? left : ids[1] == nil ? right : left + right
                throw merges.failure("merge \(rank) needs the token '\(missing)', which is not in the vocabulary")
            }
            table.set(a, b, rank: rank, merged: merged)
        }
        return table
    }

    /// The two sides of a merge, in either form of the file.
    static func pair(_ item: JSON) -> (String, String)? {
        if let text = item.stringValue {
            // Neither side holds a space in this form; Character views would join a space and a combining mark.
            let sides = text.utf8.split(separator: 0x20, omittingEmptySubsequences: false)
            guard sides.count == 2, !sides[0].isEmpty, !sides[1].isEmpty else { return nil }
            return (String(decoding: sides[0], as: UTF8.self), String(decoding: sides[1], as: UTF8.self))
        }
        guard let sides = item.arrayValue, sides.count == 2, let left = sides[0].stringValue,
            let right = sides[1].stringValue, !left.isEmpty, !right.isEmpty
        else { return nil }
        return (left, right)
    }

    /// Whether some merge joins text before a `▁` with that `▁`; if none does, words can be cut there.
    private func hasMergeIntoWordStart() throws(RhoError) -> Bool {
        let mark = Array("▁".utf8)
        for item in part.value["merges"]?.arrayValue ?? [] {
            guard let (left, right) = Self.pair(item) else { continue }
            if right.utf8.starts(with: mark) && !left.utf8.suffix(mark.count).elementsEqual(mark) { return true }
        }
        return false
    }

    private func unigramModel() throws(RhoError) -> UnigramModel {
        let vocab = try part.required("vocab")
        guard let items = vocab.value.arrayValue else {
            throw vocab.failure("expected a list of tokens and scores, got \(vocab.value.typeName)")
        }
        var scores: [Double] = []
        for (id, item) in items.enumerated() {
            guard let score = item[1]?.doubleValue, score.isFinite else {
                throw vocab.failure("entry \(id) must be a token and its score, got \(JSONPart(item).shown)")
            }
            scores.append(score)
        }
        var unknown: Int32?
        if let id = try part.optional("unk_id") {
            let value = try id.int()
            guard scores.indices.contains(value) else {
                throw id.failure("must be from 0 to \(scores.count - 1), got \(value)")
            }
            unknown = Int32(value)
        }
        let fallback = try part.bool("byte_fallback", default: false) ? fallbackIDs(nameTable()) : []
        return UnigramModel(
            entries: entries.filter { !specials.contains($0.token) }, scores: scores, unknown: unknown,
            fallback: fallback)
    }
}
