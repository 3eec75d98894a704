import RhoCore

/// Documents that can be read as often as needed, always the same in the same order, one at a time.
///
/// A source never holds its corpus in memory. Sources compose: see ``FilteredSource`` and its neighbours.
public protocol DocumentSource {
    /// A short name for messages and reports, such as the file's.
    var name: String { get }

    /// A text that changes whenever the documents may have changed, cheap to get; nil where nobody can tell (a closure).
    /// Stored tokens are found again by it.
    var cacheKey: String? { get }

    /// What the latest reading met.
    var report: ReadReport { get }

    /// Calls `body` with each document in order until it returns false.
    func forEach(_ body: (Document) throws -> Bool) throws
}

/// Counts of one reading of a source.
public struct ReadReport: Sendable, Equatable {
    /// Rows or files read, whatever became of them.
    public var rows = 0
    /// Documents handed out.
    public var documents = 0
    /// Rows that a filter dropped.
    public var filtered = 0
    /// Rows that could not be read and were passed over because the source was told to.
    public var skipped = 0
    /// The error of the first skipped row.
    public var firstSkipped: RhoError?

    public init() {}

    /// `12 rows read, 3 filtered out, 2 bad rows skipped, the first: web.jsonl:7: ...`.
    public var summary: String {
        var parts = ["\(rows) row\(rows == 1 ? "" : "s") read"]
        if filtered > 0 { parts.append("\(filtered) filtered out") }
        if skipped > 0 { parts.append("\(skipped) bad row\(skipped == 1 ? "" : "s") skipped") }
        let first = firstSkipped.map { ", the first: \($0.message)" } ?? ""
        return parts.joined(separator: ", ") + first
    }

    mutating func add(_ other: ReadReport) {
        rows += other.rows
        documents += other.documents
        filtered += other.filtered
        skipped += other.skipped
        firstSkipped = firstSkipped ?? other.firstSkipped
    }
}

extension DocumentSource {
    /// The SHA-256 over all documents in order: texts with their lengths, and labels where there are any.
    public func contentHash() throws -> String {
        var hash = ContentHash()
        try forEach { document in
            hash.add(document)
            return true
        }
        return hash.finish()
    }

    /// The first `limit` documents; all of them without a limit, for sources known to be small.
    public func documents(limit: Int = .max) throws -> [Document] {
        var result: [Document] = []
        if limit <= 0 { return result }
        try forEach { document in
            result.append(document)
            return result.count < limit
        }
        return result
    }

    /// The error for a source without documents, with what became of its rows.
    public func emptyError() -> RhoError {
        RhoError(.value, "corpus \(name) is empty: \(report.summary)")
    }
}

/// SHA-256 over documents, so that equal corpora have equal hashes wherever their files lie.
struct ContentHash {
    private var hasher = SHA256Hasher()

    mutating func add(_ document: Document) {
        hasher.update(UInt64(document.text.count) << 1 | (document.labels == nil ? 0 : 1))
        hasher.update(document.text)
        if let labels = document.labels { hasher.update(labels) }
    }

    mutating func finish() -> String { hasher.finalizeHex() }
}
