/// Name of one per-token quantity that a score may use.
///
/// The standard columns are listed in `standard`. A run may supply further ones under any other name (attention from
/// the prompt, loss under a second reference); a policy that asks for a column nobody supplies is refused.
public struct TokenColumn: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let name: String

    public init(_ name: String) { self.name = name }

    public var description: String { name }

    public static func < (left: TokenColumn, right: TokenColumn) -> Bool { left.name < right.name }

    /// Loss of the model in training, -log P(x_i | x_<i), nats, from this very step.
    public static let loss = TokenColumn("loss")
    /// Loss of the frozen reference model, nats.
    public static let referenceLoss = TokenColumn("reference_loss")
    /// loss - reference_loss, signed, nats (arXiv:2404.07965, eq. 3).
    public static let excess = TokenColumn("excess")
    /// Entropy of the training model's prediction, -Σ_v p_v log p_v, nats.
    public static let entropy = TokenColumn("entropy")
    /// Entropy of the reference model's prediction, nats (arXiv:2404.07965, eq. 8).
    public static let referenceEntropy = TokenColumn("reference_entropy")
    /// Probability the training model gives to the true token, exp(-loss).
    public static let probability = TokenColumn("probability")
    /// Logit of the true token minus the largest other logit.
    public static let margin = TokenColumn("margin")
    /// Running mean of the run's own earlier losses at the same corpus position, nats.
    public static let history = TokenColumn("history")
    /// Index inside the row, counted from 0.
    public static let position = TokenColumn("position")
    /// Token id of the target.
    public static let id = TokenColumn("id")
    /// Index of the corpus source the row was drawn from, counted from 0.
    public static let source = TokenColumn("source")
    /// Ground truth of generated corpora: 0 useful, 1 noise, 2 wrong. For measurement and oracle controls.
    public static let label = TokenColumn("label")
    /// Uniform in [0, 1), a pure function of (seed, step, index in the batch).
    public static let random = TokenColumn("random")

    /// Every standard column, with its meaning, in the order documentation prints them.
    public static let standard: [(column: TokenColumn, meaning: String)] = [
        (loss, "loss of the model in training, nats"),
        (referenceLoss, "loss of the reference model, nats"),
        (excess, "loss - reference_loss, signed, nats"),
        (entropy, "entropy of the training model's prediction, nats"),
        (referenceEntropy, "entropy of the reference model's prediction, nats"),
        (probability, "probability of the true token under the training model, exp(-loss)"),
        (margin, "logit of the true token minus the largest other logit"),
        (history, "running mean of the run's own losses at the same corpus position, nats"),
        (position, "index inside the row, from 0"),
        (id, "token id of the target"),
        (source, "index of the corpus source, from 0"),
        (label, "0 useful, 1 noise, 2 wrong (generated corpora only)"),
        (random, "uniform in [0, 1), from the run's seed"),
    ]

    /// Columns that must be supplied for this one to be known; empty for columns computed from indices and the seed.
    public var inputs: [TokenColumn] {
        switch self {
        case .excess: [.loss, .referenceLoss]
        case .probability: [.loss]
        case .position, .random: []
        default: [self]
        }
    }
}
