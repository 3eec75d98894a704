import RhoCore

/// The documents of `base` for which `keep` holds.
public final class FilteredSource: DocumentSource {
    public let base: any DocumentSource
    private let key: String?
    private let keep: (Document) throws -> Bool
    private var dropped = 0
    private var handed = 0

    /// - Parameter key: a text that changes with the condition, or nil.
    public init(_ base: any DocumentSource, key: String? = nil, keep: @escaping (Document) throws -> Bool) {
        self.base = base
        self.key = key
        self.keep = keep
    }

    public var name: String { base.name }
    public var cacheKey: String? { derivedKey("filter", base, key) }
    public var report: ReadReport { derivedReport(base, documents: handed, dropped: dropped) }

    public func forEach(_ body: (Document) throws -> Bool) throws {
        (dropped, handed) = (0, 0)
        try base.forEach { document in
            guard try keep(document) else {
                dropped += 1
                return true
            }
            handed += 1
            return try body(document)
        }
    }
}

/// Each document of `base` as `transform` gives it; nil drops it. The second argument is the document's index in `base`.
public final class MappedSource: DocumentSource {
    public let base: any DocumentSource
    private let key: String?
    private let transform: (Document, Int) throws -> Document?
    private var dropped = 0
    private var handed = 0

    /// - Parameter key: a text that changes with the function, or nil.
    public init(
        _ base: any DocumentSource, key: String? = nil, transform: @escaping (Document, Int) throws -> Document?
    ) {
        self.base = base
        self.key = key
        self.transform = transform
    }

    public var name: String { base.name }
    public var cacheKey: String? { derivedKey("map", base, key) }
    public var report: ReadReport { derivedReport(base, documents: handed, dropped: dropped) }

    public func forEach(_ body: (Document) throws -> Bool) throws {
        (dropped, handed) = (0, 0)
        var index = 0
        try base.forEach { document in
            defer { index += 1 }
            guard var changed = try transform(document, index) else {
                dropped += 1
                return true
            }
            changed.source = changed.source ?? document.source
            handed += 1
            return try body(changed)
        }
    }
}

/// The first documents of `base`: at most so many, and only until their texts reach so many bytes.
public final class TakenSource: DocumentSource {
    public let base: any DocumentSource
    public let maximumDocuments: Int
    public let maximumBytes: Int
    private var handed = 0

    /// The document that passes `bytes` is still taken, whole.
    public init(_ base: any DocumentSource, documents: Int = .max, bytes: Int = .max) throws(RhoError) {
        if documents < 1 {
            throw RhoError(.value, "the number of documents to take must be at least 1, got \(documents)")
        }
        if bytes < 1 { throw RhoError(.value, "the number of bytes to take must be at least 1, got \(bytes)") }
        self.base = base
        maximumDocuments = documents
        maximumBytes = bytes
    }

    public var name: String { base.name }
    public var cacheKey: String? { derivedKey("take", base, "\(maximumDocuments) \(maximumBytes)") }
    public var report: ReadReport { derivedReport(base, documents: handed, dropped: 0) }

    public func forEach(_ body: (Document) throws -> Bool) throws {
        handed = 0
        var bytes = 0
        try base.forEach { document in
            handed += 1
            bytes += document.text.count
            return try body(document) && handed < maximumDocuments && bytes < maximumBytes
        }
    }
}

/// One side of a split by content: a document is held out iff the first 64 bits of SHA-256(salt, text), read as a
/// fraction of 2^64, are below the share.
///
/// A text is on the same side wherever it stands and whatever else the corpus holds, so duplicates never leak across,
/// and growing a corpus moves no document.
public final class SplitSource: DocumentSource {
    public enum Side: String, Sendable, CaseIterable {
        case train
        case heldOut = "held_out"
    }

    public let base: any DocumentSource
    public let share: Double
    public let side: Side
    public let salt: String
    private var dropped = 0
    private var handed = 0

    /// - Parameters:
    ///   - heldOut: share of the documents held out, in (0, 1).
    ///   - salt: another salt is another split.
    public init(_ base: any DocumentSource, heldOut share: Double, side: Side, salt: String = "") throws(RhoError) {
        guard share > 0, share < 1 else {
            throw RhoError(.value, "the held-out share must be in (0, 1), got \(JSON(share).serialized())")
        }
        self.base = base
        self.share = share
        self.side = side
        self.salt = salt
    }

    public var name: String { base.name }
    public var cacheKey: String? { derivedKey("split", base, "\(side.rawValue) \(share) \(salt)") }
    public var report: ReadReport { derivedReport(base, documents: handed, dropped: dropped) }

    public func forEach(_ body: (Document) throws -> Bool) throws {
        (dropped, handed) = (0, 0)
        try base.forEach { document in
            guard Self.isHeldOut(document.text, share: share, salt: salt) == (side == .heldOut) else {
                dropped += 1
                return true
            }
            handed += 1
            return try body(document)
        }
    }

    public static func isHeldOut(_ text: [UInt8], share: Double, salt: String = "") -> Bool {
        var hasher = SHA256Hasher()
        hasher.update(salt)
        hasher.update(text)
        let high = hasher.finalize().prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Double(high >> 11) * 0x1p-53 < share
    }
}

/// The documents of several sources, one source after the other.
public final class ConcatenatedSource: DocumentSource {
    public let parts: [any DocumentSource]

    public init(_ parts: [any DocumentSource]) { self.parts = parts }

    public var name: String { parts.map(\.name).joined(separator: " + ") }

    public var cacheKey: String? {
        var keys: [JSON] = ["concatenate"]
        for part in parts {
            guard let key = part.cacheKey else { return nil }
            keys.append(JSON(key))
        }
        return JSON.array(keys).canonical
    }

    public var report: ReadReport {
        var total = ReadReport()
        for part in parts { total.add(part.report) }
        return total
    }

    public func forEach(_ body: (Document) throws -> Bool) throws {
        var stopped = false
        for part in parts where !stopped {
            try part.forEach { document in
                stopped = try !body(document)
                return !stopped
            }
        }
    }
}

private func derivedKey(_ kind: String, _ base: any DocumentSource, _ key: String?) -> String? {
    guard let below = base.cacheKey, let key else { return nil }
    return JSON.array([JSON(kind), JSON(key), JSON(below)]).canonical
}

private func derivedReport(_ base: any DocumentSource, documents: Int, dropped: Int) -> ReadReport {
    var report = base.report
    report.documents = documents
    report.filtered += dropped
    return report
}
