import RhoCore

/// One or several tokenised stores under one tokenizer, each with its weight in a mixture.
public final class Corpus: Sendable {
    public struct Part: Sendable {
        public let name: String
        public let store: TokenStore
        /// Share of the rows of a shuffled order, relative to the other parts' weights.
        public let weight: Double

        public init(_ store: TokenStore, weight: Double = 1, name: String? = nil) {
            self.store = store
            self.weight = weight
            self.name = name ?? store.name
        }
    }

    public let name: String
    public let parts: [Part]

    /// - Throws: `.value` for no parts or a weight that is not positive, `.mismatch` for stores of different tokenizers.
    public init(_ parts: [Part], name: String? = nil) throws(RhoError) {
        guard let first = parts.first else { throw RhoError(.value, "a corpus needs at least one part, got none") }
        for part in parts {
            guard part.weight > 0, part.weight.isFinite else {
                let weight = JSON(part.weight).serialized()
                throw RhoError(
                    .value, "the weight of '\(part.name)' in a mixture must be greater than 0, got \(weight)")
            }
            guard part.store.tokenCount >= 2 else {
                throw RhoError(.value, "'\(part.name)' has \(part.store.tokenCount) tokens, a corpus needs at least 2")
            }
            if part.store.tokenizerFingerprint != first.store.tokenizerFingerprint {
                throw RhoError(
                    .mismatch,
                    "'\(part.name)' is tokenised with \(shortHash(part.store.tokenizerFingerprint)), but "
                        + "'\(first.name)' with \(shortHash(first.store.tokenizerFingerprint)); a mixture needs one tokenizer"
                )
            }
        }
        self.parts = parts
        self.name = name ?? parts.map(\.name).joined(separator: " + ")
    }

    public convenience init(_ store: TokenStore) throws(RhoError) { try self.init([Part(store)]) }

    public var tokenizerFingerprint: String { parts[0].store.tokenizerFingerprint }
    public var vocabularySize: Int { parts[0].store.vocabularySize }
    public var tokenCount: Int { parts.reduce(0) { $0 + $1.store.tokenCount } }
    public var documentCount: Int { parts.reduce(0) { $0 + $1.store.documentCount } }
    /// Bytes of text.
    public var byteCount: Int { parts.reduce(0) { $0 + $1.store.byteCount } }
    /// Whether any part has ground truth; tokens of the others count as useful.
    public var hasLabels: Bool { parts.contains { $0.store.hasTruth } }
    /// Whether any part has prompts: text that is read but not predicted.
    public var hasPrompts: Bool { parts.contains { $0.store.hasPrompts } }

    /// One part: the hash of its documents. A mixture: a hash over those of its parts with their shares.
    public var hash: String {
        if parts.count == 1 { return parts[0].store.corpusHash }
        let total = parts.reduce(0) { $0 + $1.weight }
        return SHA256Hasher.hex(of: parts.map { "\($0.store.corpusHash) \($0.weight / total)" }.joined(separator: "\n"))
    }
}
