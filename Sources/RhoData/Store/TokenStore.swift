import RhoCore
import RhoText

/// A tokenised corpus in a file, mapped: the stream of token ids of all documents one after the other, where each
/// document starts, and optionally a label per token.
///
/// A document's tokens are the tokenizer's begin-of-text id (where it has one), the ids of its text and the
/// end-of-text id (where it has one). Layout, little-endian: header of
/// 4096 bytes, ids (2 or 4 bytes each), labels (1 byte each), padding to 8, document starts and the token count (8 bytes each).
public final class TokenStore: Sendable {
    static let magic = "RHOTOKEN"
    static let version: UInt32 = 1

    public let path: String
    /// What the documents came from, for messages.
    public let name: String
    public let tokenizerFingerprint: String
    /// SHA-256 over the documents; see ``DocumentSource/contentHash()``.
    public let corpusHash: String
    public let tokenCount: Int
    public let documentCount: Int
    /// Bytes of text, the denominator of bits per byte over the whole store.
    public let byteCount: Int
    public let vocabularySize: Int
    /// Whether there is a ``TextLabel`` for each token.
    public let hasLabels: Bool
    /// Whether labels are ground truth, and not only marks of what is a prompt.
    public let hasTruth: Bool
    /// Whether any token is part of a prompt.
    public let hasPrompts: Bool
    /// What the reading of the source met when the store was built.
    public let skippedRows: Int
    private let file: MappedFile
    private let wide: Bool
    private let idsAt: Int
    private let labelsAt: Int
    private let startsAt: Int

    /// Opens a store and checks its header and length.
    /// - Throws: `.format` for a file that is no whole store of this version.
    public convenience init(path: String) throws(RhoError) {
        let file = try MappedFile(path: path)
        try self.init(
            file, try FileHeader.decode(file, magic: Self.magic, version: Self.version, what: "a token store"))
    }

    /// Opens a store that must be of this tokenizer.
    /// - Throws: `.mismatch` naming both tokenizers.
    public convenience init(path: String, tokenizer: any Tokenizer) throws(RhoError) {
        try self.init(path: path)
        if tokenizerFingerprint != tokenizer.fingerprint {
            throw RhoError(
                .mismatch,
                "\(path): tokenised with \(shortHash(tokenizerFingerprint)), "
                    + "but the tokenizer in use is \(shortHash(tokenizer.fingerprint)); tokenise the corpus again")
        }
    }

    private init(_ file: MappedFile, _ header: (json: JSON, end: Int)) throws(RhoError) {
        let (header, headerEnd) = header
        self.file = file
        path = file.path
        name = try FileHeader.text("name", in: header, file)
        tokenizerFingerprint = try FileHeader.text("tokenizer", in: header, file)
        corpusHash = try FileHeader.text("corpus", in: header, file)
        tokenCount = try FileHeader.count("tokens", in: header, file)
        documentCount = try FileHeader.count("documents", in: header, file)
        byteCount = try FileHeader.count("bytes", in: header, file)
        vocabularySize = try FileHeader.count("vocabulary", in: header, file)
        skippedRows = try FileHeader.count("skipped_rows", in: header, file)
        hasLabels = header["labels"]?.boolValue ?? false
        hasTruth = hasLabels && header["truth"]?.boolValue ?? true
        hasPrompts = hasLabels && header["prompts"]?.boolValue ?? false
        let width = try FileHeader.count("id_bytes", in: header, file)
        guard width == 2 || width == 4 else {
            throw RhoError(.format, "\(file.path): broken header: ids of \(width) bytes, expected 2 or 4")
        }
        wide = width == 4
        idsAt = headerEnd
        labelsAt = idsAt + tokenCount * width
        startsAt = (labelsAt + (hasLabels ? tokenCount : 0) + 7) & ~7
        try FileHeader.checkLength(file, expected: startsAt + (documentCount + 1) * 8)
        var previous = 0
        for document in 0...documentCount {
            let start = start(of: document)
            guard start >= previous, start <= tokenCount, document > 0 || start == 0 else {
                throw RhoError(.format, "\(file.path): broken: document \(document) starts at token \(start)")
            }
            previous = start
        }
        guard previous == tokenCount else {
            throw RhoError(.format, "\(file.path): broken: the last document ends at \(previous), not at \(tokenCount)")
        }
        file.releasePages()
    }

    /// Copies `count` ids from `first` on to `out`; the range must lie in the store.
    public func copyTokens(from first: Int, count: Int, to out: UnsafeMutablePointer<Int32>) {
        // A damaged id must not reach an embedding table as an index; the minimum costs nothing beside the load.
        let last = UInt32(truncatingIfNeeded: max(1, vocabularySize) - 1)
        let bytes = file.bytes
        file.noteAccess()
        if wide {
            for i in 0..<count {
                let id = UInt32(littleEndian: bytes.load(fromByteOffset: idsAt + (first + i) * 4, as: UInt32.self))
                out[i] = Int32(truncatingIfNeeded: min(id, last))
            }
        } else {
            for i in 0..<count {
                let id = UInt16(littleEndian: bytes.load(fromByteOffset: idsAt + (first + i) * 2, as: UInt16.self))
                out[i] = Int32(truncatingIfNeeded: min(UInt32(id), last))
            }
        }
    }

    /// The ids of a range of the stream, cut to what is there.
    public func tokens(_ range: Range<Int>) -> [Int32] {
        let range = range.clamped(to: 0..<tokenCount)
        return [Int32](unsafeUninitializedCapacity: range.count) { buffer, used in
            if let base = buffer.baseAddress { copyTokens(from: range.lowerBound, count: range.count, to: base) }
            used = range.count
        }
    }

    /// The label of a token: the worst of its bytes' labels; ``TextLabel/useful`` where the store has none.
    public func label(_ index: Int) -> UInt8 { hasLabels ? file.bytes[labelsAt + index] : 0 }

    /// Whether a token is part of a prompt: read, but not predicted.
    public func isPrompt(_ index: Int) -> Bool { hasPrompts && label(index) == TextLabel.prompt.rawValue }

    /// The tokens of a document.
    public func documentRange(_ document: Int) -> Range<Int> { start(of: document)..<start(of: document + 1) }

    /// The document that holds a token (the last that starts at or before it).
    public func document(of token: Int) -> Int {
        var low = 0
        var high = documentCount
        while high - low > 1 {
            let middle = (low + high) / 2
            if start(of: middle) <= token { low = middle } else { high = middle }
        }
        return low
    }

    /// Where the document that holds `token` starts.
    public func documentStart(for token: Int) -> Int { start(of: document(of: token)) }

    private func start(of document: Int) -> Int {
        let stored = file.bytes.load(fromByteOffset: startsAt + document * 8, as: UInt64.self)
        return Int(truncatingIfNeeded: UInt64(littleEndian: stored))
    }
}
