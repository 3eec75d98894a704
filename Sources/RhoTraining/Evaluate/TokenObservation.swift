import RhoCore
import RhoData
import RhoModels
import RhoSelection
import RhoTensor

/// Every token of a held-out corpus with its loss under a model: what analyses over checkpoints are made of.
///
/// The same corpus, context and limit give the same tokens in the same order, whatever the model.
public struct TokenObservation: Sendable {
    /// Number of tokens N; padding is left out.
    public var count: Int { loss.count }
    /// Nats.
    public var loss: [Float] = []
    /// Nats; empty unless asked for.
    public var entropy: [Float] = []
    public var id: [Int32] = []
    /// Index inside the row, from 0.
    public var position: [Int32] = []
    /// Index of the corpus part.
    public var source: [Int32] = []
    /// Ground truth; empty if the corpus has none.
    public var label: [UInt8] = []
    /// Forward FLOPs spent.
    public var flops = 0.0

    /// - Parameter limit: about this many tokens at most; the batches taken are spread over the corpus.
    public static func observe(
        _ model: any LanguageModel, on corpus: Corpus, context: Int, batch: Int = 16, limit: Int? = nil,
        documentMask: Bool = false, entropy: Bool = false,
        progress: () throws(RhoError) -> Void = { () throws(RhoError) in }
    ) throws(RhoError) -> TokenObservation {
        guard corpus.vocabularySize <= model.config.vocab else {
            throw RhoError(
                .mismatch,
                "the corpus has \(corpus.vocabularySize) ids, the model \(model.config.vocab): they do not share a tokenizer"
            )
        }
        let loader = try DataLoader(
            corpus, batch: batch, tokens: context, order: .sequential, documentMask: documentMask)
        let all = loader.stepsPerPass
        let wanted = limit.map { max(1, min(all, $0 / (batch * context))) } ?? all
        var result = TokenObservation()
        for index in 0..<wanted {
            let batch = loader.batch(step: index * all / wanted)
            let losses = try Autograd.withoutGrad { () throws(RhoError) in
                try model.loss(batch.grid(), targets: batch.targets, extras: entropy ? [.entropy] : [])
            }
            result.append(batch, losses.loss.toArray(), losses.entropy?.toArray() ?? [])
            try progress()
        }
        result.flops = Double(result.count) * model.forwardFLOPsPerToken(context: context)
        return result
    }

    private mutating func append(_ batch: TokenBatch, _ loss: [Float], _ entropy: [Float]) {
        for index in loss.indices where batch.targets[index] >= 0 {
            self.loss.append(loss[index])
            if !entropy.isEmpty { self.entropy.append(entropy[index]) }
            id.append(batch.targets[index])
            position.append(Int32(index % batch.width))
            source.append(Int32(batch.part(ofRow: index / batch.width)))
            if let labels = batch.labels { label.append(labels[index]) }
        }
    }
}

/// Count and mean of a quantity by an integer key: selection rate by token id, loss by position.
public struct GroupedMeans: Sendable, Equatable {
    public struct Group: Sendable, Equatable {
        public var key: Int
        public var count: Int
        public var mean: Double
    }

    /// In ascending order of key.
    public var groups: [Group] = []

    /// Pairs whose value is not finite, or whose key is no integer, are left out.
    public init(_ values: [Float], by keys: [Float]) {
        var sums: [Int: (count: Int, sum: Double)] = [:]
        for (value, key) in zip(values, keys) where value.isFinite {
            guard let key = Int(exactly: key) else { continue }
            let old = sums[key] ?? (0, 0)
            sums[key] = (old.count + 1, old.sum + Double(value))
        }
        groups = sums.map { Group(key: $0.key, count: $0.value.count, mean: $0.value.sum / Double($0.value.count)) }
            .sorted { $0.key < $1.key }
    }
}
