import RhoCore

/// Writes a ``ScoreFile`` batch by batch, in memory that does not grow with the corpus.
///
/// Batches come from a sequential loader over the whole corpus. Until ``commit()`` nothing is at the path.
public final class ScoreFileWriter {
    private let file: AtomicFile
    private let corpus: Corpus
    private let context: Int
    private let columnCount: Int
    private let offsets: [Int]
    /// Rows written, for each part.
    private var done: [[Bool]]

    /// - Parameters:
    ///   - columns: some of ``ScoreFile/knownColumns``.
    ///   - reference: what identifies the reference model: a hash of its weights.
    public init(
        path: String, corpus: Corpus, context: Int, columns: [String] = ["loss"], reference: String,
        documentMask: Bool = false
    ) throws(RhoError) {
        if columns.isEmpty { throw RhoError(.value, "scores need at least one column, got none") }
        for (index, column) in columns.enumerated() {
            if !ScoreFile.knownColumns.contains(column) {
                throw RhoError(
                    .value, "unknown score column '\(column)'\(suggestion(for: column, in: ScoreFile.knownColumns))")
            }
            if columns[..<index].contains(column) { throw RhoError(.value, "score column '\(column)' is named twice") }
        }
        self.corpus = corpus
        self.context = context
        columnCount = columns.count
        let header: JSON = [
            "tokenizer": JSON(corpus.tokenizerFingerprint), "reference": JSON(reference), "context": JSON(context),
            "document_mask": JSON(documentMask), "columns": .array(columns.map { JSON($0) }),
            "parts": .array(
                corpus.parts.map {
                    ["name": JSON($0.name), "corpus": JSON($0.store.corpusHash), "tokens": JSON($0.store.tokenCount)]
                }),
        ]
        let head = FileHeader.encode(magic: ScoreFile.magic, version: ScoreFile.version, header)
        file = try AtomicFile(path: path)
        try file.write(head)
        var offsets: [Int] = []
        var offset = head.count
        for part in corpus.parts {
            offsets.append(offset)
            for _ in columns {
                try file.overwrite(at: offset, Self.encode([.nan]))
                offset += part.store.tokenCount * 2
            }
        }
        self.offsets = offsets
        done = corpus.parts.map {
            Array(repeating: false, count: Packing(tokenCount: $0.store.tokenCount, width: context).rowCount)
        }
    }

    /// Writes the values of the rows of `batch`.
    /// - Parameter values: for each column, in the order given to `init`, the value of each target, B·T; padding is ignored.
    public func append(_ batch: TokenBatch, _ values: [[Float]]) throws(RhoError) {
        guard batch.width == context else {
            throw RhoError(.shape, "scores of rows of \(context) tokens cannot take rows of \(batch.width)")
        }
        guard values.count == columnCount, values.allSatisfy({ $0.count == batch.rowCount * batch.width }) else {
            let got = values.map { String($0.count) }.joined(separator: ", ")
            throw RhoError(
                .shape,
                "scores need \(columnCount) columns of \(batch.rowCount * batch.width) values, got columns of [\(got)]")
        }
        for b in 0..<batch.rowCount {
            guard let place = batch.rows[b] else { continue }
            let tokens = corpus.parts[place.part].store.tokenCount
            let first = place.row * context + 1
            let length = min(context, tokens - first)
            for (index, column) in values.enumerated() {
                let start = b * context
                try file.overwrite(
                    at: offsets[place.part] + (index * tokens + first) * 2, Self.encode(column[start..<start + length]))
            }
            done[place.part][place.row] = true
        }
    }

    /// Puts the file at its path and opens it.
    /// - Throws: `.value` where rows of the corpus were never appended.
    public func commit() throws(RhoError) -> ScoreFile {
        let missing = done.reduce(0) { $0 + $1.count { !$0 } }
        if missing > 0 {
            let all = done.reduce(0) { $0 + $1.count }
            throw RhoError(.value, "\(file.path): \(missing) of \(all) rows of the corpus were not scored")
        }
        try file.commit()
        return try ScoreFile(path: file.path)
    }

    private static func encode(_ values: some Collection<Float>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(values.count * 2)
        for value in values {
            let bits = Float16Bits.encode(value)
            bytes.append(UInt8(truncatingIfNeeded: bits))
            bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
        }
        return bytes
    }
}
