import RhoCore
import RhoData
import RhoTraining

extension StoreSession {
    /// Hash and size of a corpus: known already, remembered for its recipe, or read once.
    func hash(of corpus: CorpusBox) throws -> String {
        for leaf in corpus.leaves where leaf.corpus.knownHash == nil {
            let facts = try facts(of: leaf.corpus.source)
            leaf.corpus.knownHash = facts.hash
            leaf.corpus.knownCount = (facts.documents, facts.bytes)
        }
        return try corpus.hash()
    }

    struct CorpusFacts {
        var hash: String
        var documents: Int
        var bytes: Int
    }

    /// The facts of a source; `reading` sees every document if the source has to be read.
    func facts(of source: any DocumentSource, reading: ((Document) throws -> Void)? = nil) throws -> CorpusFacts {
        if let known = remembered(source) { return known }
        let counted = CountedSource(source, reading)
        let hash = try counted.contentHash()
        let facts = CorpusFacts(hash: hash, documents: counted.documents, bytes: counted.bytes)
        remember(source, facts)
        return facts
    }

    /// What an earlier reading of the same recipe found: files by path, size, time and inode, functions by their code.
    func remembered(_ source: any DocumentSource) -> CorpusFacts? {
        guard let recipe = recipe(source), let fact = memos.find(recipe), let hash = fact["sha256"]?.stringValue,
            let documents = fact["documents"]?.intValue, let bytes = fact["bytes"]?.intValue
        else { return nil }
        return CorpusFacts(hash: hash, documents: documents, bytes: bytes)
    }

    func remember(_ source: any DocumentSource, _ facts: CorpusFacts) {
        guard let recipe = recipe(source) else { return }
        memos.keep(
            recipe, ["sha256": JSON(facts.hash), "documents": JSON(facts.documents), "bytes": JSON(facts.bytes)])
    }

    /// With --no-cache nothing is taken on trust, so sources are read again.
    private func recipe(_ source: any DocumentSource) -> JSON? {
        guard reads, let engine, let key = source.cacheKey else { return nil }
        return ["corpus": JSON(key), "engine": JSON(engine)]
    }
}

/// Passes documents on, counts them, and looks now and then whether it is to stop.
final class CountedSource: DocumentSource {
    private let base: any DocumentSource
    private let reading: ((Document) throws -> Void)?
    private(set) var documents = 0
    private(set) var bytes = 0

    init(_ base: any DocumentSource, _ reading: ((Document) throws -> Void)? = nil) {
        self.base = base
        self.reading = reading
    }

    var name: String { base.name }
    var cacheKey: String? { base.cacheKey }
    var report: ReadReport { base.report }

    func forEach(_ body: (Document) throws -> Bool) throws {
        (documents, bytes) = (0, 0)
        try base.forEach { document in
            documents += 1
            bytes += document.text.count
            if documents % 256 == 0 { try Interruption.check() }
            try reading?(document)
            return try body(document)
        }
    }
}
