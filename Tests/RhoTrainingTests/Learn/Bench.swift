import RhoCheckpoint
import RhoCore
import RhoData
import RhoModels
import RhoSelection
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

    func score(_ model: any LanguageModel, entropy: Bool = false) throws -> ScoreView {
        let scorer = try ReferenceScorer(model: model, corpus: noisy, context: context, batch: 16, entropy: entropy)
        let name = entropy ? "both.scores" : "loss.scores"
        return try scorer.score(into: directory.file(name)).file.view(of: noisy, context: context)
    }
}

/// The loop a script would write, with everything a resume has to bring back.
final class TinyTraining {
    let model: any LanguageModel
    let loader: DataLoader
    let optimiser: AdamW
    let step: SelectiveStep
    let schedule: Schedule
    let steps: Int
    var guardian: DivergenceGuard
    private(set) var done = 0
    private(set) var tokens = 0
    private(set) var records: [(loss: Double, statistics: SelectionStatistics)] = []

    init(
        _ bench: Bench, data: Corpus? = nil, model: (any LanguageModel)? = nil, selector: any TokenSelector,
        reference: SelectionInputs.Reference = .none, steps: Int, microBatches: Int = 1, dropout: Double = 0
    ) throws {
        self.model = try model ?? bench.model(dropout: dropout)
        self.steps = steps
        loader = try DataLoader(data ?? bench.noisy, batch: 8, tokens: bench.context, order: .shuffled(seed: 5))
        optimiser = try AdamW(self.model.parameters, weightDecay: 0.1)
        schedule = try Schedule(.cosine, peak: 0.01, warmup: min(5, steps), steps: steps, final: 0.1)
        let inputs = try SelectionInputs(for: selector, reference: reference, hasLabels: loader.corpus.hasLabels)
        step = SelectiveStep(
            model: self.model, selector: selector, inputs: inputs, microBatches: microBatches, seed: 5)
        guardian = try DivergenceGuard()
    }

    func run(to end: Int, log: MetricsLog? = nil) throws {
        while done < end {
            let moment = SelectionMoment(
                step: done, progress: Double(done) / Double(steps), tokens: tokens, seed: 5)
            let outcome = try step.accumulate(loader.batch(step: done), at: moment)
            var norm = 0.0
            if !outcome.isEmpty {
                norm = try optimiser.step(lr: Float(schedule(done)), clip: 1, scale: Float(outcome.gradientScale))
            }
            optimiser.zeroGrad()
            done += 1
            tokens += outcome.statistics.valid
            try guardian.check(step: done, loss: outcome.statistics.meanLoss, badTokens: outcome.statistics.badLoss)
            records.append((outcome.statistics.meanLoss, outcome.statistics))
            var values: JSONObject = ["train/loss": .number(outcome.statistics.meanLoss), "train/norm": .number(norm)]
            for (tag, value) in outcome.statistics.tags { values[tag] = .number(value) }
            try log?.append(step: done, tokens: tokens, values)
        }
    }

    func save(_ root: String) throws {
        let values: JSON = ["tokens": JSON(tokens), "guard": guardian.state]
        try TrainState(step: done, values: values).save(root: root, model: model, optimiser: optimiser, tokenizer: nil)
    }

    func restore(_ root: String) throws -> Bool {
        guard let found = try TrainState.restoreLatest(root: root, model: model, optimiser: optimiser) else {
            return false
        }
        done = found.state.step
        tokens = found.state.values["tokens"]?.intValue ?? 0
        if let state = found.state.values["guard"] { guardian.restore(state) }
        return true
    }
}

func policy(_ name: String, keep: Double? = nil, scope: SelectionScope? = nil) throws -> SelectionPolicy {
    try SelectionCatalog.named(name).make(PolicyOptions(keep: keep.map { try KeepSchedule($0) }, scope: scope))
}
