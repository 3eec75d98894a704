import Glibc
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
        let parts = try corpus.leaves.map { leaf in
            RhoData.Corpus.Part(try store(leaf.corpus, tokenizer), weight: leaf.weight, name: leaf.corpus.name)
        }
        let made = TokensBox(try RhoData.Corpus(parts, name: corpus.name), tokenizer)
        corpus.prepared[tokenizer.fingerprint] = made
        session.run?.directory.manifest.setTokenizer("\(tokenizer.kind)-\(tokenizer.vocabularySize)", fingerprint: tokenizer.fingerprint)
        return made
    }

    private func store(_ corpus: CorpusBox, _ tokenizer: any Tokenizer) throws -> TokenStore {
        let source = corpus.source
        let directory = try session.cache("tokens")
        let store: TokenStore
        if source.cacheKey != nil {
            store = try TokenStore.cached(source, tokenizer: tokenizer, directory: directory, progress: interruptible)
        } else {
            store = try storeByContent(source, tokenizer, directory)
        }
        corpus.knownHash = store.corpusHash
        corpus.knownCount = (store.documentCount, store.byteCount)
        session.run?.directory.manifest.setData(
            corpus.name, hash: store.corpusHash, documents: store.documentCount, tokens: store.tokenCount)
        if store.skippedRows > 0 {
            Logging.line("\(corpus.name): \(store.skippedRows) bad row\(store.skippedRows == 1 ? "" : "s") skipped")
        }
        return store
    }

    /// A source that only its content identifies is tokenised in one pass and then filed under its hash.
    private func storeByContent(
        _ source: any DocumentSource, _ tokenizer: any Tokenizer, _ directory: String
    ) throws -> TokenStore {
        let temporary = "\(directory)/.new-\(getpid())-\(Int(Clock.monotonicSeconds() * 1e9)).tokens"
        defer { try? Files.remove(tree: temporary) }
        let built = try TokenStore.build(source, tokenizer: tokenizer, path: temporary, progress: interruptible)
        let digest = SHA256Hasher.hex(of: "content \(built.corpusHash) \(tokenizer.fingerprint)")
        let path = "\(directory)/\(digest.prefix(32)).tokens"
        if let same = try? TokenStore(path: path, tokenizer: tokenizer), same.corpusHash == built.corpusHash { return same }
        try Files.rename(temporary, path)
        return try TokenStore(path: path, tokenizer: tokenizer)
    }

    private func interruptible(_ progress: TokenStore.Progress) throws { try Interruption.check() }
}
