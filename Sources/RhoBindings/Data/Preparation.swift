import LuaRuntime
import RhoCore
import RhoData
import RhoText
import RhoTraining

/// A tokenised corpus as scripts hold it.
final class TokensBox {
    let corpus: RhoData.Corpus
    let tokenizer: any Tokenizer
    /// Bytes of text behind each token id.
    private(set) lazy var byteLengths = HeldOut.byteLengths(of: tokenizer)

    init(_ corpus: RhoData.Corpus, _ tokenizer: any Tokenizer) {
        self.corpus = corpus
        self.tokenizer = tokenizer
    }
    var value: LuaValue { .object(self, class: "Tokens") }
}

/// Turns corpora into stored tokens, each source once per tokenizer.
struct Preparation {
    let session: Session

    /// The tokens of a corpus; built in the cache directory where they are not there yet.
    func tokens(of corpus: CorpusBox, _ tokenizer: any Tokenizer) throws -> TokensBox {
        if let known = corpus.prepared[tokenizer.fingerprint] { return known }
        if session.dry != nil { throw DryLedger.needs("the script reads '\(corpus.name)' as tokens") }
        let parts = try corpus.leaves.map { leaf in
            RhoData.Corpus.Part(try store(leaf.corpus, tokenizer), weight: leaf.weight, name: leaf.corpus.name)
        }
        let made = TokensBox(try RhoData.Corpus(parts, name: corpus.name), tokenizer)
        corpus.prepared[tokenizer.fingerprint] = made
        session.run?.directory.manifest.setTokenizer(
            "\(tokenizer.kind)-\(tokenizer.vocabularySize)", fingerprint: tokenizer.fingerprint)
        return made
    }

    private func store(_ corpus: CorpusBox, _ tokenizer: any Tokenizer) throws -> TokenStore {
        let store = try stored(corpus, tokenizer)
        corpus.knownHash = store.corpusHash
        corpus.knownCount = (store.documentCount, store.byteCount)
        session.run?.directory.manifest.setData(
            corpus.name, hash: store.corpusHash, documents: store.documentCount, tokens: store.tokenCount)
        if store.skippedRows > 0 {
            Logging.line("\(corpus.name): \(store.skippedRows) bad row\(store.skippedRows == 1 ? "" : "s") skipped")
        }
        return store
    }

    private static let fileName = "tokens"

    private func key(_ hash: String, _ corpus: CorpusBox, _ tokenizer: any Tokenizer) -> ObjectKey {
        session.store.key(
            "rho.data.prepare", ["corpus": JSON(hash), "tokenizer": JSON(tokenizer.fingerprint)],
            notes: ["corpus": JSON(corpus.name)])
    }

    /// The stored tokens. A corpus whose hash nobody knows is tokenised in one pass, hashed on the way.
    private func stored(_ corpus: CorpusBox, _ tokenizer: any Tokenizer) throws -> TokenStore {
        let source = corpus.source
        if let hash = corpus.knownHash ?? session.store.remembered(source)?.hash {
            let key = key(hash, corpus, tokenizer)
            if let known = try session.store.find(key, label: corpus.name),
                let store = try? TokenStore(path: known.file(Self.fileName), tokenizer: tokenizer)
            {
                return store
            }
            return try build(corpus, source, tokenizer, expecting: hash)
        }
        return try build(corpus, source, tokenizer, expecting: nil)
    }

    private func build(
        _ corpus: CorpusBox, _ source: any DocumentSource, _ tokenizer: any Tokenizer, expecting hash: String?
    ) throws -> TokenStore {
        let draft = try session.store.draft()
        let built = try TokenStore.build(
            source, tokenizer: tokenizer, path: "\(draft.path)/\(Self.fileName)", progress: interruptible)
        if let hash, hash != built.corpusHash {
            throw RhoError(
                .mismatch, "the corpus '\(corpus.name)' gives other documents than when it was read before",
                hint: "a function must give the same document for the same index each time")
        }
        session.store.remember(
            source, .init(hash: built.corpusHash, documents: built.documentCount, bytes: built.byteCount))
        let key = key(built.corpusHash, corpus, tokenizer)
        if hash == nil, let known = try session.store.find(key, label: corpus.name),
            let store = try? TokenStore(path: known.file(Self.fileName), tokenizer: tokenizer)
        {
            return store
        }
        let object = try draft.commit(key, label: corpus.name)
        return try TokenStore(path: object.file(Self.fileName), tokenizer: tokenizer)
    }

    private func interruptible(_ progress: TokenStore.Progress) throws { try Interruption.check() }
}
