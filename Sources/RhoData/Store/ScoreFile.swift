import RhoCore

/// Values of a frozen reference model for every token of a corpus, in a mapped file of half-precision numbers.
///
/// The value at stream index s of a part belongs to the token there as a target: column `loss` holds
/// -ln p(token s | the tokens before it in its row), in nats. Which tokens those are depends on the width of the rows,
/// so the file remembers it. Index 0 has nothing before it and holds NaN, as may any other value.
/// Layout: header, then for each part its columns one after the other, 2 bytes per token, little-endian.
public final class ScoreFile: Sendable {
    static let magic = "RHOSCORE"
    static let version: UInt32 = 1
    /// The columns a file may have; the first is always there.
    public static let knownColumns = ["loss", "entropy"]

    /// A part of the corpus that was scored.
    public struct Part: Sendable, Equatable {
        public let name: String
        /// ``TokenStore/corpusHash`` of the part.
        public let corpusHash: String
        public let tokenCount: Int
        let offset: Int
    }

    public let path: String
    public let tokenizerFingerprint: String
    /// What identifies the reference model, as the writer was told: a hash of its weights.
    public let reference: String
    /// Positions in a row, T, when the corpus was scored.
    public let context: Int
    /// Whether attention stayed within documents.
    public let documentMask: Bool
    public let columns: [String]
    public let parts: [Part]
    private let file: MappedFile

    /// - Throws: `.format` for a file that is no whole score file of this version.
    public init(path: String) throws(RhoError) {
        file = try MappedFile(path: path)
        self.path = path
        let (header, end) = try FileHeader.decode(file, magic: Self.magic, version: Self.version, what: "a score file")
        tokenizerFingerprint = try FileHeader.text("tokenizer", in: header, file)
        reference = try FileHeader.text("reference", in: header, file)
        context = try FileHeader.count("context", in: header, file)
        documentMask = header["document_mask"]?.boolValue ?? false
        columns = (header["columns"]?.arrayValue ?? []).compactMap(\.stringValue)
        guard !columns.isEmpty, columns.count <= Self.knownColumns.count else {
            throw RhoError(.format, "\(path): broken header: it names \(columns.count) columns")
        }
        var parts: [Part] = []
        var offset = end
        for part in header["parts"]?.arrayValue ?? [] {
            let tokens = try FileHeader.count("tokens", in: part, file)
            guard offset < 1 << 56 else { throw RhoError(.format, "\(path): broken header: too many tokens") }
            parts.append(
                Part(
                    name: try FileHeader.text("name", in: part, file),
                    corpusHash: try FileHeader.text("corpus", in: part, file), tokenCount: tokens, offset: offset))
            offset += tokens * 2 * columns.count
        }
        self.parts = parts
        try FileHeader.checkLength(file, expected: offset)
    }

    public var tokenCount: Int { parts.reduce(0) { $0 + $1.tokenCount } }

    /// Checks that the scores are of this corpus, tokenizer, row width and reference, and finds them for its batches.
    /// A mixture may hold the scored parts in any order and with any weights, and need not hold them all.
    /// - Parameter reference: the identity of the model expected to have made them; nil where any will do.
    /// - Throws: `.mismatch` with a sentence that names both values.
    public func view(
        of corpus: Corpus, context: Int, documentMask: Bool = false, reference: String? = nil
    ) throws(RhoError) -> ScoreView {
        func mismatch(_ what: String) -> RhoError { RhoError(.mismatch, "\(path): \(what); score the corpus again") }
        if corpus.tokenizerFingerprint != tokenizerFingerprint {
            throw mismatch(
                "the scores were made with tokenizer \(shortHash(tokenizerFingerprint)), "
                    + "but the corpus is tokenised with \(shortHash(corpus.tokenizerFingerprint))")
        }
        if let reference, reference != self.reference {
            throw mismatch(
                "the scores were made by reference \(shortHash(self.reference)), but the reference in use is \(shortHash(reference))"
            )
        }
        if context != self.context {
            throw mismatch(
                "the scores were made on rows of \(self.context) tokens, but the rows in use have \(context)")
        }
        if documentMask != self.documentMask {
            let kept = { (masked: Bool) in masked ? "within documents" : "across documents" }
            throw mismatch(
                "the scores were made with attention \(kept(self.documentMask)), but training attends \(kept(documentMask))"
            )
        }
        var offsets: [Int] = []
        for part in corpus.parts {
            guard let scored = parts.first(where: { $0.corpusHash == part.store.corpusHash }) else {
                let known = parts.map { "'\($0.name)' \(shortHash($0.corpusHash))" }.joined(separator: ", ")
                throw mismatch(
                    "the scores are of \(known), but the corpus holds '\(part.name)' \(shortHash(part.store.corpusHash))"
                )
            }
            guard scored.tokenCount == part.store.tokenCount else {
                throw mismatch(
                    "the scores are of \(scored.tokenCount) tokens of '\(part.name)', but it has \(part.store.tokenCount)"
                )
            }
            offsets.append(scored.offset)
        }
        return ScoreView(file: self, offsets: offsets, tokenCounts: corpus.parts.map(\.store.tokenCount))
    }

    /// Copies values of consecutive stream indices to `out`.
    func copy(offset: Int, count: Int, to out: UnsafeMutablePointer<Float>) {
        file.noteAccess()
        for i in 0..<count {
            let bits = UInt16(littleEndian: file.bytes.loadUnaligned(fromByteOffset: offset + i * 2, as: UInt16.self))
            out[i] = Float16Bits.decode(bits)
        }
    }
}

/// The scores of one corpus, found by batch.
public struct ScoreView: Sendable {
    public let file: ScoreFile
    /// For each part of the corpus the place of its first column, and how long a column is.
    let offsets: [Int]
    let tokenCounts: [Int]

    /// The values of a column for the targets of `batch`, B·T; NaN for padding.
    /// - Throws: `.value` for a column the file lacks.
    public func values(_ column: String, for batch: TokenBatch) throws(RhoError) -> [Float] {
        guard let index = file.columns.firstIndex(of: column) else {
            throw RhoError(
                .value,
                "\(file.path): no column '\(column)'\(suggestion(for: column, in: file.columns)), "
                    + "the scores have \(file.columns.map { "'\($0)'" }.joined(separator: ", "))")
        }
        let width = batch.width
        return [Float](unsafeUninitializedCapacity: batch.rowCount * width) { buffer, used in
            used = batch.rowCount * width
            guard let base = buffer.baseAddress else { return }
            for b in 0..<batch.rowCount {
                var length = 0
                if let place = batch.rows[b] {
                    let first = place.row * width + 1
                    length = min(width, tokenCounts[place.part] - first)
                    let column = offsets[place.part] + index * tokenCounts[place.part] * 2
                    file.copy(offset: column + first * 2, count: length, to: base + b * width)
                }
                for t in length..<width { base[b * width + t] = .nan }
            }
        }
    }
}
