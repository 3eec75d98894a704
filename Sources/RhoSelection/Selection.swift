import RhoCore

/// The outcome of one selection: a weight per token of the window, and what it did.
public struct Selection: Sendable {
    /// One weight per token, micro-batches end to end, row-major; exactly 0 where dropped.
    public let weights: [Float]
    /// First index of each micro-batch in `weights`, and the total at the end.
    public let offsets: [Int]
    public let statistics: SelectionStatistics
    public let normaliserKind: Normaliser

    /// Number of valid tokens.
    public var valid: Int { statistics.valid }
    /// Number of tokens with a weight other than 0.
    public var selected: Int { statistics.selected }
    /// What the weighted loss sum of this window is divided by; 0 if nothing was selected.
    public var normaliser: Double { statistics.normaliser(normaliserKind) }

    /// Weights of one micro-batch, not divided by anything.
    public func weights(of microBatch: Int) -> ArraySlice<Float> {
        weights[offsets[microBatch]..<offsets[microBatch + 1]]
    }

    /// Gradient of the step's objective with respect to the losses of one micro-batch: weight / normaliser.
    ///
    /// All zero if nothing was selected. The objective is Σ weight · loss / normaliser over the whole window.
    public func lossGradient(of microBatch: Int) -> [Float] {
        guard normaliser > 0 else { return [Float](repeating: 0, count: weights(of: microBatch).count) }
        let scale = 1 / Float(normaliser)
        return weights(of: microBatch).map { $0 * scale }
    }

    /// Builds the outcome from weights somebody computed (a policy written in Lua).
    ///
    /// A weight on padding, and a weight that is NaN or infinite, counts as 0; the latter are counted in `notANumber`.
    /// - Throws: `.shape` if the weights do not cover the window.
    public init(
        weights: [Float], scores: [Float]? = nil, window: [TokenColumns], normaliser: Normaliser
    ) throws(RhoError) {
        let whole = TokenWindow(window, at: SelectionMoment())
        guard weights.count == whole.count, scores == nil || scores?.count == whole.count else {
            throw RhoError(.shape, "a policy must return one weight per token, \(whole.count), got \(weights.count)")
        }
        let eligible = weights.indices.map { whole.valid[$0] && weights[$0].isFinite }
        self.init(weights, eligible: eligible, scores: scores, window: whole, normaliser: normaliser)
    }

    init(
        _ weights: [Float], eligible: [Bool], scores: [Float]?, window: TokenWindow, normaliser: Normaliser
    ) {
        var kept = weights
        for index in kept.indices where !eligible[index] { kept[index] = 0 }
        self.weights = kept
        offsets = window.offsets
        normaliserKind = normaliser
        statistics = SelectionStatistics(weights: kept, eligible: eligible, scores: scores, window: window)
    }
}
