import RhoCore

/// How continuations are drawn.
public struct GenerationOptions: Sendable {
    /// Most tokens to add to a prompt.
    public var maxNewTokens = 64
    /// Divides the logits before the softmax; 0 takes the most probable token (greedy).
    public var temperature = 0.0
    /// Only the k most probable tokens are drawn from; nil for all.
    public var topK: Int?
    /// Only the most probable tokens whose probabilities reach p together are drawn from (arXiv 1904.09751); 1 for all.
    public var topP = 1.0
    /// Divides positive and multiplies negative logits of tokens already in the row (arXiv 1909.05858); 1 for none.
    public var repetitionPenalty = 1.0
    /// Tokens that end a continuation. They are not part of it.
    public var stopIDs: [Int32] = []
    /// Names the random stream. The draw for prompt r at position p depends on (seed, r, p) only.
    public var seed: UInt64 = 1

    public init(
        maxNewTokens: Int = 64, temperature: Double = 0, topK: Int? = nil, topP: Double = 1,
        repetitionPenalty: Double = 1, stopIDs: [Int32] = [], seed: UInt64 = 1
    ) {
        self.maxNewTokens = maxNewTokens
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
        self.repetitionPenalty = repetitionPenalty
        self.stopIDs = stopIDs
        self.seed = seed
    }

    /// Errors: `.value`, one sentence naming the first option out of range.
    public func validate() throws(RhoError) {
        if maxNewTokens < 0 { throw RhoError(.value, "max_new_tokens must be at least 0, got \(maxNewTokens)") }
        if !(temperature >= 0 && temperature.isFinite) {
            throw RhoError(.value, "temperature must be at least 0, got \(temperature)")
        }
        if let topK, topK < 1 { throw RhoError(.value, "top_k must be at least 1, got \(topK)") }
        if !(topP > 0 && topP <= 1) { throw RhoError(.value, "top_p must be in (0, 1], got \(topP)") }
        if !(repetitionPenalty > 0 && repetitionPenalty.isFinite) {
            throw RhoError(.value, "repetition_penalty must be positive, got \(repetitionPenalty)")
        }
    }
}

/// One continuation.
public struct Generation: Sendable, Equatable {
    public enum End: String, Sendable {
        /// A stop token was drawn, or the caller asked to stop.
        case stop
        /// `maxNewTokens` were added.
        case length
        /// The model's context is full.
        case context
    }
    /// The new tokens, without the prompt and without the stop token.
    public var ids: [Int32]
    public var end: End
}
