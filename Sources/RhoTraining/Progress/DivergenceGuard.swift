import RhoCore

/// Stops a run whose loss is no longer a number, or far above what it was.
///
/// A step counts as bad if its loss exceeds `factor` times the running median of the last `window` good losses.
/// `patience` bad steps in a row, or one loss that is not finite, end the run: small batches have outliers, divergence
/// does not come back.
public struct DivergenceGuard: Sendable, Equatable {
    public let factor: Double
    public let window: Int
    public let patience: Int
    /// Good losses needed before the median means anything.
    public let warmup: Int
    private var recent: [Double] = []
    private var badSteps = 0

    public init(factor: Double = 5, window: Int = 50, patience: Int = 3, warmup: Int = 10) throws(RhoError) {
        guard factor > 1 else { throw RhoError(.value, "factor must be above 1, got \(factor)") }
        guard window > 0, patience > 0, warmup > 0, warmup <= window else {
            throw RhoError(
                .value,
                "window, patience, warmup must be positive and warmup <= window, got \(window), \(patience), \(warmup)"
            )
        }
        self.factor = factor
        self.window = window
        self.patience = patience
        self.warmup = warmup
    }

    /// Takes the loss of one step, nats per token; `badTokens` is how many single losses were not finite.
    /// - Throws: `.diverged`.
    public mutating func check(step: Int, loss: Double, badTokens: Int = 0) throws(RhoError) {
        if badTokens > 0 {
            throw RhoError(
                .diverged, "step \(step): the loss of \(badTokens) tokens is not a finite number",
                hint: "lower the learning rate, or clip the gradient norm")
        }
        // A step that selected nothing has no loss; it says nothing about divergence.
        if loss.isNaN { return }
        guard loss.isFinite else {
            throw RhoError(.diverged, "step \(step): the loss is not a finite number", hint: "lower the learning rate")
        }
        if recent.count >= warmup, loss > factor * median {
            badSteps += 1
            guard badSteps < patience else {
                throw RhoError(
                    .diverged,
                    "step \(step): the loss \(Text.fixed(loss, 4)) has been above \(Text.short(factor)) times "
                        + "the median \(Text.fixed(median, 4)) of earlier steps for \(patience) steps",
                    hint: "lower the learning rate")
            }
            return
        }
        badSteps = 0
        recent.append(loss)
        if recent.count > window { recent.removeFirst() }
    }

    /// Median of the recent good losses.
    public var median: Double {
        let sorted = recent.sorted()
        guard !sorted.isEmpty else { return .nan }
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    /// What a resumed run needs to go on exactly like an uninterrupted one.
    public var state: JSON {
        ["recent": .array(recent.map { .number($0) }), "bad_steps": JSON(badSteps)]
    }

    public mutating func restore(_ state: JSON) {
        recent = (state["recent"]?.arrayValue ?? []).compactMap(\.doubleValue)
        badSteps = state["bad_steps"]?.intValue ?? 0
    }
}
