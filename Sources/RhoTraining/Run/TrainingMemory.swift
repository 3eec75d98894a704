import RhoCore
import RhoModels
import RhoTensor

/// What a training takes of a machine's memory: one estimate for training itself, for `model:memory`, and for `check`.
public struct TrainingMemory: Sendable {
    public let estimate: MemoryEstimate
    /// Bytes of further models that are held meanwhile.
    public let copies: Int
    private let rows: Int
    private let context: Int

    /// - Parameters:
    ///   - rows: rows of a forward and backward pass.
    ///   - copies: further models of this size, weights only.
    /// - Throws: `.value` for more tokens than can be counted.
    public init(_ config: ModelConfig, rows: Int, context: Int, copies: Int = 0) throws(RhoError) {
        let (tokens, overflow) = rows.multipliedReportingOverflow(by: context)
        guard !overflow, tokens < 1 << 40 else {
            throw RhoError(.value, "\(rows) rows of \(context) tokens are too many to count")
        }
        estimate = config.trainingMemory(tokens: tokens)
        let (bytes, tooMany) = copies.multipliedReportingOverflow(by: estimate.weights)
        self.copies = tooMany ? 1 << 60 : min(bytes, 1 << 60)
        self.rows = rows
        self.context = context
    }

    /// A step of `batch` rows that is cut into `accumulate` pieces.
    public init(_ config: ModelConfig, batch: Int, accumulate: Int, context: Int) throws(RhoError) {
        try self.init(config, rows: (batch - 1) / max(1, accumulate) + 1, context: context)
    }

    public var total: Int { estimate.total + copies }

    /// The parts in one line.
    public var text: String {
        "about \(Self.size(total)): weights \(Self.size(estimate.weights)), gradients \(Self.size(estimate.gradients)), "
            + "AdamW \(Self.size(estimate.optimiser)), activations of \(rows) x \(context) tokens "
            + Self.size(estimate.activations) + (copies > 0 ? ", other models \(Self.size(copies))" : "")
    }

    /// Errors: `.memory`, with the numbers, where it is more than `available`.
    public func require(_ available: Int?) throws(RhoError) {
        guard let available, total > available else { return }
        throw RhoError(
            .memory, "training needs \(text); \(Self.size(available)) available",
            hint: "take a smaller batch or context, accumulate, LoRA adapters, or a smaller model")
    }

    /// 1.25 GiB, 540 MiB.
    public static func size(_ bytes: Int) -> String {
        bytes >= 1 << 30 ? "\(Text.fixed(Double(bytes) / Double(1 << 30), 2)) GiB" : "\(bytes >> 20) MiB"
    }
}
