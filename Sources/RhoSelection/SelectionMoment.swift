/// When a selection happens: everything a schedule or a random draw may depend on besides the scores.
public struct SelectionMoment: Sendable, Equatable {
    /// Optimiser step, counted from 0.
    public var step: Int
    /// Share of the run already done, 0 at the start, 1 at the end.
    public var progress: Double
    /// Tokens seen before this step.
    public var tokens: Int
    /// The run's seed.
    public var seed: UInt64
    /// Tokens (padding included) of this step's earlier micro-batches, when micro-batches are selected one by one.
    public var tokenOffset: Int

    public init(step: Int = 0, progress: Double = 0, tokens: Int = 0, seed: UInt64 = 0, tokenOffset: Int = 0) {
        self.step = step
        self.progress = progress
        self.tokens = tokens
        self.seed = seed
        self.tokenOffset = tokenOffset
    }
}
