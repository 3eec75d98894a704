import RhoCore
import RhoData

/// A corpus as scripts hold it: one source of documents, or several with weights.
final class CorpusBox {
    enum Content {
        case source(any DocumentSource)
        case mixture([(corpus: CorpusBox, weight: Double)])
    }

    let content: Content
    let name: String
    /// Filled by the first full pass.
    var knownHash: String?
    var knownCount: (documents: Int, bytes: Int)?
    /// Stored tokens by tokenizer fingerprint.
    var prepared: [String: TokensBox] = [:]

    init(_ source: any DocumentSource, name: String? = nil) {
        content = .source(source)
        self.name = name ?? source.name
    }

    init(mixture parts: [(corpus: CorpusBox, weight: Double)], name: String?) {
        content = .mixture(parts)
        self.name = name ?? parts.map(\.corpus.name).joined(separator: " + ")
    }

    /// The sources that hold text, in order, with their weights multiplied through nested mixtures.
    var leaves: [(corpus: CorpusBox, weight: Double)] {
        switch content {
        case .source: return [(self, 1)]
        case .mixture(let parts):
            let total = parts.reduce(0) { $0 + $1.weight }
            return parts.flatMap { part in
                part.corpus.leaves.map { ($0.corpus, $0.weight * part.weight / max(total, .leastNonzeroMagnitude)) }
            }
        }
    }

    /// All documents, one source after the other.
    var source: any DocumentSource {
        switch content {
        case .source(let source): source
        case .mixture: ConcatenatedSource(leaves.map(\.corpus.source))
        }
    }

    /// SHA-256 over the documents; of a mixture, over the hashes and weights of its parts.
    func hash() throws -> String {
        if let knownHash { return knownHash }
        let hash: String
        switch content {
        case .source(let source): hash = try CountedSource(source).contentHash()
        case .mixture:
            let parts = try leaves.map { JSON.array([JSON(try $0.corpus.hash()), JSON($0.weight)]) }
            hash = SHA256Hasher.hex(of: JSON.array(parts).canonical)
        }
        knownHash = hash
        return hash
    }

    /// Documents and bytes, counted once.
    func count() throws -> (documents: Int, bytes: Int) {
        if let knownCount { return knownCount }
        let counted = CountedSource(source)
        try counted.forEach { _ in true }
        knownCount = (counted.documents, counted.bytes)
        return (counted.documents, counted.bytes)
    }

    /// The same corpus with `change` applied to every source; mixtures keep their weights.
    func mapSources(name: String, _ change: (any DocumentSource) throws -> any DocumentSource) rethrows -> CorpusBox {
        switch content {
        case .source(let source): CorpusBox(try change(source), name: name)
        case .mixture(let parts):
            CorpusBox(
                mixture: try parts.map { ($0.corpus, $0.weight) }.map {
                    (try $0.0.mapSources(name: $0.0.name, change), $0.1)
                }, name: name)
        }
    }
}
