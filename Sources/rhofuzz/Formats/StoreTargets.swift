import RhoCore
import RhoData
import RhoText

/// A stored corpus of a few documents.
enum TinyCorpus {
    static let tokenizer = ByteTokenizer()

    static func store(_ path: String, labels: Bool) throws -> TokenStore {
        let documents = (0..<6).map { index in
            let text = Array("document \(index) of the corpus".utf8)
            return Document(text: text, labels: labels ? text.map { $0 % 3 } : nil)
        }
        return try TokenStore.build(ListSource(documents), tokenizer: tokenizer, path: path, threads: 1)
    }
}

/// The header of the files of this program: 8 bytes of magic, a version, a length, JSON, padding to 4096 bytes.
enum StoredFile {
    /// Damages the header's JSON, or the bytes.
    static func damage(_ bytes: inout [UInt8], _ random: inout FuzzRandom) {
        let length = Int(bytes[12]) | Int(bytes[13]) << 8
        guard random.chance(2), let header = try? JSON.parse(Array(bytes[16..<16 + length])) else {
            return Mutation.damage(&bytes, &random)
        }
        let text = Array(Mutation.damage(header, &random).serialized().utf8.prefix(4000))
        bytes.replaceSubrange(
            16..<16 + max(length, text.count), with: text + [UInt8](repeating: 0, count: max(0, length - text.count)))
        bytes[12] = UInt8(text.count & 255)
        bytes[13] = UInt8(text.count >> 8)
        if random.chance(4) { Mutation.damage(&bytes, &random) }
    }
}

/// A token store: opened, read to the end, and batched.
final class TokensTarget: FuzzTarget {
    private let path: String
    private let seeds: [[UInt8]]

    init(folder: String) throws {
        path = "\(folder)/x.tokens"
        var seeds: [[UInt8]] = []
        for labels in [false, true] {
            let store = try TinyCorpus.store("\(folder)/seed", labels: labels)
            seeds.append(try withExtendedLifetime(store) { try Files.read("\(folder)/seed") })
        }
        self.seeds = seeds
    }

    func input(_ random: inout FuzzRandom) -> [UInt8] {
        var bytes = random.pick(seeds)
        StoredFile.damage(&bytes, &random)
        return bytes
    }

    func run(_ bytes: [UInt8]) throws {
        try Files.writeScratch(path, bytes)
        let store = try TokenStore(path: path)
        _ = store.tokens(0..<store.tokenCount)
        for document in 0..<store.documentCount { _ = store.documentRange(document) }
        if store.tokenCount > 0 { _ = store.label(store.tokenCount - 1) }
        let loader = try DataLoader(Corpus(store), batch: 2, tokens: 8, order: .sequential)
        for step in 0..<min(loader.stepsPerPass, 10) { _ = loader.batch(step: step) }
    }
}

/// A score file: opened, and read for the batches of the corpus it is of.
final class ScoresTarget: FuzzTarget {
    private let path: String
    private let corpus: Corpus
    private let seed: [UInt8]
    private static let context = 8

    init(folder: String) throws {
        path = "\(folder)/x.scores"
        corpus = try Corpus(TinyCorpus.store("\(folder)/corpus", labels: false))
        let writer = try ScoreFileWriter(
            path: "\(folder)/seed", corpus: corpus, context: Self.context, columns: ["loss", "entropy"], reference: "r")
        let loader = try DataLoader(corpus, batch: 4, tokens: Self.context, order: .sequential)
        for step in 0..<loader.stepsPerPass {
            let batch = loader.batch(step: step)
            let values = [Float](repeating: 1.5, count: batch.rowCount * Self.context)
            try writer.append(batch, [values, values])
        }
        _ = try writer.commit()
        seed = try Files.read("\(folder)/seed")
    }

    func input(_ random: inout FuzzRandom) -> [UInt8] {
        var bytes = seed
        StoredFile.damage(&bytes, &random)
        return bytes
    }

    func run(_ bytes: [UInt8]) throws {
        try Files.writeScratch(path, bytes)
        let file = try ScoreFile(path: path)
        _ = file.tokenCount
        let view = try file.view(of: corpus, context: Self.context)
        let loader = try DataLoader(corpus, batch: 4, tokens: Self.context, order: .sequential)
        for step in 0..<loader.stepsPerPass {
            for column in file.columns { _ = try view.values(column, for: loader.batch(step: step)) }
        }
    }
}
