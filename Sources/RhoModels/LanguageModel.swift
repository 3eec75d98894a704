import RhoCore
import RhoTensor

/// Which masks dropout uses: the same key gives the same masks. Without a key nothing is dropped.
public struct DropoutKey: Sendable, Equatable {
    /// Seed of the masks of one forward pass.
    public var seed: UInt64

    /// Masks of `step` and micro-batch `part` of a run with `seed`.
    public init(seed: UInt64, step: Int, part: Int = 0) {
        self.seed = Philox.mix(Philox.mix(seed &+ UInt64(truncatingIfNeeded: step)) &+ UInt64(truncatingIfNeeded: part))
    }
}

/// Loss of every position [B, T] with the extras that were asked for.
public struct TokenLosses {
    /// Cross entropy in nats; carries the gradient.
    public let loss: Tensor
    /// Entropy of the prediction in nats.
    public let entropy: Tensor?
    /// Logit of the target minus the best other logit.
    public let margin: Tensor?

    /// Gathers what belongs to one pass.
    public init(loss: Tensor, entropy: Tensor?, margin: Tensor?) {
        self.loss = loss
        self.entropy = entropy
        self.margin = margin
    }
}

/// A causal language model: token ids in, one distribution over the next token per position out.
///
/// Letters: B rows, T tokens per row, N = B·T, D model width, V vocabulary.
public protocol LanguageModel: AnyObject {
    var config: ModelConfig { get }
    /// Trainable tensors in a fixed order. A tied head appears once, as the embedding; of a model with LoRA adapters only
    /// the adapters are trained.
    var parameters: [Parameter] { get }
    /// The same numbers under their checkpoint names and shapes, in a fixed order.
    var weights: [WeightView] { get }
    /// Output projection [V, D]; the embedding table itself when tied.
    var headWeight: Tensor { get }

    /// Runs the layers on `ids` (N of them) and returns the normalised hidden states [N, D].
    func run(_ ids: [Int32], attention: any AttentionPath, dropout: DropoutKey?) throws(RhoError) -> Tensor

    /// Whether the backward pass computes each layer again instead of keeping its activations: a third more arithmetic,
    /// and memory for one layer instead of all. The gradients are the same bit for bit.
    var recompute: Bool { get set }

    /// Rotary angles for positions below `tokens`; nil for a model with learned positions.
    func rotation(tokens: Int) throws(RhoError) -> RoPETable?

    /// A model of the same config with all weights zero; matrices in 16 bits hold nothing in particular.
    func blank() throws(RhoError) -> Self
}

extension LanguageModel {
    /// Trainable numbers; a tied head counts once.
    public var parameterCount: Int { parameters.reduce(0) { $0 + $1.tensor.count } }

    /// Hidden states [N, D] after the last norm, for every position of the grid.
    /// Errors: `.value` for an id outside the vocabulary, `.shape` for a row longer than the context.
    public func hidden(_ grid: TokenGrid, dropout: DropoutKey? = nil) throws(RhoError) -> Tensor {
        try check(grid)
        let path = TrainingAttention(config: config, grid: grid, rope: try rotation(tokens: grid.tokens))
        return try run(grid.ids, attention: path, dropout: dropout)
    }

    /// Logits [N, V]. For looking at; training uses `loss`, which never holds them whole.
    public func logits(_ grid: TokenGrid) throws(RhoError) -> Tensor {
        try Fused.linear(hidden(grid), headWeight)
    }

    /// Loss per token [B, T] in nats: −log p(target | ids up to and including the position); 0 where the target is −1.
    /// `evenly` as in `Fused.tokenLoss`. Errors: as `hidden`, and `.shape` when there is not one target per position.
    public func loss(
        _ grid: TokenGrid, targets: [Int32], evenly: Bool = false, dropout: DropoutKey? = nil
    ) throws(RhoError) -> Tensor {
        try checkTargets(grid, targets)
        return try Fused.tokenLoss(
            hidden(grid, dropout: dropout), head: headWeight, targets: targets, evenly: evenly
        ).reshape([grid.batch, grid.tokens])
    }

    /// `loss` with the entropy and margin of each prediction, all [B, T]. Extras carry no gradient.
    public func loss(
        _ grid: TokenGrid, targets: [Int32], extras: TokenLossExtra, dropout: DropoutKey? = nil
    ) throws(RhoError) -> TokenLosses {
        try checkTargets(grid, targets)
        let rows = try Fused.tokenLoss(
            hidden(grid, dropout: dropout), head: headWeight, targets: targets, extras: extras)
        let shape = [grid.batch, grid.tokens]
        return TokenLosses(
            loss: try rows.loss.reshape(shape), entropy: try rows.entropy?.reshape(shape),
            margin: try rows.margin?.reshape(shape))
    }

    private func checkTargets(_ grid: TokenGrid, _ targets: [Int32]) throws(RhoError) {
        guard targets.count == grid.ids.count else {
            throw RhoError(.shape, "loss: \(grid.ids.count) positions need as many targets, got \(targets.count)")
        }
    }

    /// FLOPs of forward and backward per token in rows of `context` tokens.
    public func trainingFLOPsPerToken(context: Int) -> Double { config.trainingFLOPsPerToken(context: context) }

    /// FLOPs of the forward pass alone.
    public func forwardFLOPsPerToken(context: Int) -> Double { config.forwardFLOPsPerToken(context: context) }

    /// A few lines for people.
    public func describe() -> String { config.describe() }

    /// A model of the same config with the same weights, sharing no memory.
    public func clone() throws(RhoError) -> Self {
        let copy = try blank()
        try copy.copyWeights(from: self)
        return copy
    }

    /// A model with the same weights whose matrices are kept as `format`; in 16 bits they are rounded and do not train.
    public func kept(as format: StorageFormat) throws(RhoError) -> any LanguageModel {
        if format == config.storage { return self }
        var config = config
        config.storage = format
        let copy = try ModelCatalog.blank(config)
        for (mine, theirs) in zip(copy.weights, weights) { try mine.load(theirs.values()) }
        return copy
    }

    /// A model of the same config with fresh weights from `seed`.
    public func reinitialised(seed: UInt64) throws(RhoError) -> Self {
        let fresh = try blank()
        try fresh.initialise(seed: seed)
        return fresh
    }

    /// Every matrix and vector once, trained or frozen.
    private var stored: [Parameter] {
        var seen = Set<ObjectIdentifier>()
        return weights.map(\.parameter).filter { seen.insert(ObjectIdentifier($0)).inserted }
    }

    /// Copies all weights of `other`. Errors: `.mismatch` naming the first weight that differs in name or shape.
    public func copyWeights(from other: any LanguageModel) throws(RhoError) {
        for (mine, theirs) in try pairs(with: other) {
            try mine.tensor.makeWritable()
            mine.tensor.buffer.backend.copy(mine.tensor.buffer, theirs.tensor.buffer)
        }
    }

    /// w ← (1 − share) · w + share · w' for every weight w' of `other`. Errors: as `copyWeights`, and `.mismatch` for a
    /// model whose matrices are kept in 16 bits.
    public func blendWeights(with other: any LanguageModel, share: Float) throws(RhoError) {
        guard config.storage == .f32, other.config.storage == .f32 else {
            throw RhoError(.mismatch, "cannot blend weights that are kept in 16 bits")
        }
        for (mine, theirs) in try pairs(with: other) {
            let blended = try Autograd.withoutGrad { () throws(RhoError) in
                try mine.tensor.detach().binary(.mul, 1 - share).add(theirs.tensor.detach().binary(.mul, share))
            }
            mine.tensor.buffer.backend.copy(mine.tensor.buffer, blended.buffer)
        }
    }

    private func pairs(
        with other: any LanguageModel
    ) throws(RhoError) -> Zip2Sequence<[Parameter], [Parameter]> {
        let (own, others) = (stored, other.stored)
        guard own.count == others.count else {
            throw RhoError(.mismatch, "cannot copy weights: \(others.count) parameters there, \(own.count) here")
        }
        for (mine, theirs) in zip(own, others) {
            guard mine.name == theirs.name, mine.tensor.shape == theirs.tensor.shape else {
                throw RhoError(
                    .mismatch,
                    "cannot copy weights: '\(theirs.name)' \(theirs.tensor.shape) there, '\(mine.name)' "
                        + "\(mine.tensor.shape) here")
            }
        }
        return zip(own, others)
    }

    /// One layer, kept or recomputed.
    func block(_ x: Tensor, _ body: @escaping (Tensor) throws(RhoError) -> Tensor) throws(RhoError) -> Tensor {
        recompute ? try Autograd.checkpoint(x, body) : try body(x)
    }

    func check(_ grid: TokenGrid) throws(RhoError) {
        guard grid.tokens <= config.context else {
            throw RhoError(
                .shape, "a row of \(grid.tokens) tokens does not fit the model's context of \(config.context)")
        }
        try checkIDs(grid.ids)
    }

    func checkIDs(_ ids: [Int32]) throws(RhoError) {
        let bound = UInt32(truncatingIfNeeded: config.vocab)
        for id in ids where UInt32(bitPattern: id) >= bound {
            throw RhoError(.value, "token id \(id) is outside the model's vocabulary of \(config.vocab)")
        }
    }
}
