import RhoCore
import RhoData
import RhoModels
import RhoTensor
import RhoTestSupport
import RhoText
import RhoTraining

/// A tiny clean corpus, its noisy twin with labels, and the parts of a training on them.
struct Bench {
    let directory: TemporaryDirectory
    let tokenizer = ByteTokenizer()
    let clean: Corpus
    let noisy: Corpus
    let context = 32

    init() throws {
        let directory = try TemporaryDirectory()
        self.directory = directory
        func corpus(_ name: String, _ make: @escaping (Int) -> Document) throws -> Corpus {
            try Bench.corpus(GeneratedSource(name: name, count: 300, make: make), in: directory)
        }
        clean = try corpus("clean") { Document(Self.sentence($0)) }
        noisy = try corpus("noisy") { index in
            var stream = RandomStream(seed: 3, name: "noise", step: UInt64(index))
            let junk = (0..<14).map { _ in String(UnicodeScalar(UInt8(33 + stream.below(90)))) }.joined()
            return Document(spans: [(Self.sentence(index), .useful), (junk + "\n", .noise)])
        }
    }

    static func corpus(_ source: any DocumentSource, in directory: TemporaryDirectory) throws -> Corpus {
        let path = directory.file("\(source.name).tokens")
        return try Corpus(TokenStore.build(source, tokenizer: ByteTokenizer(), path: path, threads: 1))
    }

    /// "7 plus 5 is 12" in words a small model learns within a hundred steps.
    static func sentence(_ index: Int) -> String {
        let (a, b) = (index % 7, index / 7 % 6)
        return "a farm has \(a) hens and \(b) pigs: \(a + b) animals.\n"
    }

    func model(seed: UInt64 = 1, dropout: Double = 0) throws -> any LanguageModel {
        var config = try ModelConfig(
            family: .llama, vocab: tokenizer.vocabularySize, dim: 32, layers: 2, heads: 2, context: context)
        config.dropout = dropout
        return try ModelCatalog.make(config, seed: seed)
    }
    /// A model trained on every token for so many steps.
    func trained(on corpus: Corpus, steps: Int) throws -> any LanguageModel {
        let model = try model()
        let loader = try DataLoader(corpus, batch: 8, tokens: context, order: .shuffled(seed: 5))
        let optimiser = try AdamW(model.parameters, weightDecay: 0.1)
        let schedule = try Schedule(.cosine, peak: 0.01, warmup: 5, steps: steps, final: 0.1)
        for step in 0..<steps {
            let batch = loader.batch(step: step)
            let losses = try model.loss(batch.grid(), targets: batch.targets)
            try losses.sum().binary(.mul, 1 / Float(batch.validCount)).backward()
            _ = try optimiser.step(lr: Float(schedule(step)), clip: 1)
            optimiser.zeroGrad()
        }
        return model
    }
}
