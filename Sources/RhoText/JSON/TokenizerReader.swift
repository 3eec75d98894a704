import RhoCore

/// Reads the parsed text of a `tokenizer.json`.
///
/// `truncation` and `padding` concern batches of a Python program and are passed over; they stay in the file.
struct TokenizerReader {
    let top: JSONPart

    init(_ json: JSON) { top = JSONPart(json) }

    /// Reads all parts.
    func parts() throws(RhoError) -> TokenizerParts {
        guard case .object = top.value else { throw top.failure("expected an object, got \(top.value.typeName)") }
        let model = try top.required("model")
        let entries = try vocabularyEntries()
        let added = try addedTokens(idLimit: Self.idLimit(count: entries.count))
        let preTokenizer = try PreTokenizerReader(top.optional("pre_tokenizer"))
        let specials = Set(added.filter(\.special).map(\.content))
        var parts = TokenizerParts(
            model: try ModelReader(model, entries: entries, specials: specials)
                .model(isByteLevel: preTokenizer.isByteLevel))
        parts.entries = entries
        parts.addedTokens = added
        if let normalizer = try top.optional("normalizer") {
            parts.normalizers = try NormalizerReader.steps(normalizer)
        }
        parts.preTokenizers = preTokenizer.steps
        parts.fastSplit = preTokenizer.fastSplit
        if let processor = try top.optional("post_processor") {
            (parts.prefix, parts.suffix) = try PostProcessorReader.around(processor)
        }
        if let decoder = try top.optional("decoder") {
            parts.decoder = TokenDecoder(steps: try DecoderReader.steps(decoder))
        } else if preTokenizer.isByteLevel {
            // Without this the printable characters that stand for bytes would come out.
            parts.decoder = TokenDecoder(steps: [.byteLevel])
        }
        return parts
    }

    /// The tokens of the model and their ids, in the order of the file.
    private func vocabularyEntries() throws(RhoError) -> [VocabularyEntry] {
        let vocab = try top.required("model").required("vocab")
        switch vocab.value {
        case .object(let object):
            let limit = Self.idLimit(count: object.count)
            var entries: [VocabularyEntry] = []
            entries.reserveCapacity(object.count)
            for (token, value) in object.pairs {
                guard let id = value.intValue, id >= 0, id < limit else {
                    let shown = JSONPart(value).shown
                    throw vocab.failure(
                        "the id of '\(token)' must be a whole number from 0 to \(limit - 1), got \(shown)")
                }
                entries.append(VocabularyEntry(token: token, id: Int32(id)))
            }
            return entries
        case .array(let items):
            var entries: [VocabularyEntry] = []
            for (id, item) in items.enumerated() {
                guard let token = item[0]?.stringValue else {
                    throw vocab.failure("entry \(id) must be a token and its score, got \(JSONPart(item).shown)")
                }
                entries.append(VocabularyEntry(token: token, id: Int32(id)))
            }
            return entries
        default:
            throw vocab.failure("expected an object or a list, got \(vocab.value.typeName)")
        }
    }

    /// Ids beyond this are no vocabulary but a mistake, and tables over them would fill the memory.
    static func idLimit(count: Int) -> Int { min(4 * count + 65_536, Int(Int32.max)) }

    private func addedTokens(idLimit limit: Int) throws(RhoError) -> [AddedToken] {
        guard let list = try top.optional("added_tokens") else { return [] }
        var tokens: [AddedToken] = []
        for part in try list.array() {
            let id = try part.int("id")
            guard id >= 0, id < limit else {
                throw part.failure("id must be from 0 to \(limit - 1), got \(id)")
            }
            let content = try part.string("content")
            if content.isEmpty { throw part.failure("content must not be empty") }
            let special = try part.bool("special", default: false)
            tokens.append(
                AddedToken(
                    id: Int32(id), content: content,
                    singleWord: try part.bool("single_word", default: false),
                    stripsLeft: try part.bool("lstrip", default: false),
                    stripsRight: try part.bool("rstrip", default: false),
                    normalized: try part.bool("normalized", default: !special),
                    special: special))
        }
        return tokens
    }
}
