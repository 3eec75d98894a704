import RhoCore
import RhoData
import RhoText
import RhoTraining

/// Byte-pair encoding learnt from corpora, or found in the store.
struct TokenizerTraining {
    let store: StoreSession
    let sources: [any DocumentSource]
    let names: [String]
    let vocabularySize: Int
    let pattern: SplitPattern
    let specials: [String]
    let minimumCount: Int

    private static let fileName = "tokenizer.json"

    func tokenizer() throws -> any Tokenizer {
        // Sources without a remembered hash have to be read for it; if that is all of them, the trainer listens.
        let listens = sources.allSatisfy { store.remembered($0) == nil }
        let trainer = try makeTrainer()
        let hashes = try sources.map { source in
            try store.facts(of: source) { document in
                if listens { trainer.add(document.text) }
            }.hash
        }
        let key = key(hashes)
        if let known = try store.find(key, label: label) {
            return try TokenizerCatalog.load(path: known.file(Self.fileName))
        }
        if !listens { try feed(trainer) }
        let draft = try store.draft()
        let made = try trainer.finish()
        try Files.writeAtomically("\(draft.path)/\(Self.fileName)", made.tokenizerJSON())
        try draft.commit(key, label: label)
        return made
    }

    private var label: String { names.joined(separator: " + ") }

    private func key(_ hashes: [String]) -> ObjectKey {
        store.key(
            "rho.tokenizer.train_bpe",
            [
                "data": .array(hashes.map { JSON($0) }), "vocab_size": JSON(vocabularySize),
                "pattern": JSON(pattern.rawValue), "specials": .array(specials.map { JSON($0) }),
                "min_frequency": JSON(minimumCount),
            ], notes: ["data": .array(names.map { JSON($0) })])
    }

    /// For a check: the tokenizer if it is in the store and the texts are known, else one of the same size.
    func standIn(in ledger: DryLedger, at place: String) throws -> any Tokenizer {
        let hashes = sources.compactMap { store.remembered($0)?.hash }
        var known: StoredObject?
        if hashes.count == sources.count { known = try store.find(key(hashes), label: label) }
        ledger.add(
            DryLedger.Entry(
                kind: .tokenizer, place: place, name: label,
                text: "\(vocabularySize) tokens learnt from \(label)\(known == nil ? "" : ", found in the cache")",
                details: ["vocab_size": JSON(vocabularySize), "cached": JSON(known != nil)]))
        if let known { return try TokenizerCatalog.load(path: known.file(Self.fileName)) }
        return StandInTokenizer(
            vocabularySize: vocabularySize, specials: specials,
            identity: "\(label) \(pattern.rawValue) \(minimumCount)")
    }

    private func makeTrainer() throws -> BPETrainer {
        try BPETrainer(
            vocabularySize: vocabularySize, pattern: pattern, specials: specials, minimumCount: minimumCount,
            threads: Session.threads)
    }

    private func feed(_ trainer: BPETrainer) throws {
        for source in sources {
            try source.forEach { document in
                trainer.add(document.text)
                return true
            }
            try Interruption.check()
        }
    }
}
