import RhoCore

/// Sums that describe what a selection kept. They add up over micro-batches and steps; means are derived.
public struct SelectionStatistics: Sendable, Equatable {
    /// Valid tokens.
    public var valid = 0
    /// Tokens with a weight other than 0.
    public var selected = 0
    /// Valid tokens dropped because a score, a weight or the loss was not a number.
    public var notANumber = 0
    /// Valid tokens whose loss is NaN or infinite: the model diverged.
    public var badLoss = 0
    /// Σ weight.
    public var weightSum = 0.0
    /// Σ weight · loss.
    public var objectiveSum = 0.0
    /// Σ loss over kept and over dropped tokens with a finite loss, and their counts, nats.
    public var keptLoss = Sum()
    public var droppedLoss = Sum()
    /// Σ score over kept and over dropped tokens with a finite score.
    public var keptScore = Sum()
    public var droppedScore = Sum()
    /// Tokens by ground-truth label, all and kept; empty labels leave all zero.
    public var labels = Confusion()

    public struct Sum: Sendable, Equatable {
        public var total = 0.0
        public var count = 0
        /// NaN if nothing was added.
        public var mean: Double { total / Double(count) }

        mutating func add(_ x: Float) {
            guard x.isFinite else { return }
            total += Double(x)
            count += 1
        }

        static func += (left: inout Sum, right: Sum) {
            left.total += right.total
            left.count += right.count
        }
    }

    /// Counts by label: index 0 useful, 1 noise, 2 wrong.
    public struct Confusion: Sendable, Equatable {
        public static let names = ["useful", "noise", "wrong"]
        public var total = [0, 0, 0]
        public var kept = [0, 0, 0]

        /// Share of kept tokens that are useful; NaN if no labelled token was kept.
        public var precision: Double { Double(kept[0]) / Double(kept.reduce(0, +)) }
        /// Share of useful tokens that were kept; NaN if there were none.
        public var recall: Double { Double(kept[0]) / Double(total[0]) }
        public var isEmpty: Bool { total.allSatisfy { $0 == 0 } }
    }

    public init() {}

    init(weights: [Float], eligible: [Bool], scores: [Float]?, window: TokenWindow) {
        let loss = try? window.values(of: .loss)
        let label = try? window.values(of: .label)
        for index in weights.indices where window.valid[index] {
            let weight = weights[index]
            let kept = weight != 0
            valid += 1
            if kept { selected += 1 }
            if !eligible[index] { notANumber += 1 }
            weightSum += Double(weight)
            if let loss {
                if kept { objectiveSum += Double(weight) * Double(loss[index]) }
                if !loss[index].isFinite { badLoss += 1 }
                if kept { keptLoss.add(loss[index]) } else { droppedLoss.add(loss[index]) }
            }
            if let scores {
                if kept { keptScore.add(scores[index]) } else { droppedScore.add(scores[index]) }
            }
            if let label, let code = Int(exactly: label[index]), labels.total.indices.contains(code) {
                labels.total[code] += 1
                if kept { labels.kept[code] += 1 }
            }
        }
    }

    public static func += (left: inout Self, right: Self) {
        left.valid += right.valid
        left.selected += right.selected
        left.notANumber += right.notANumber
        left.badLoss += right.badLoss
        left.weightSum += right.weightSum
        left.objectiveSum += right.objectiveSum
        left.keptLoss += right.keptLoss
        left.droppedLoss += right.droppedLoss
        left.keptScore += right.keptScore
        left.droppedScore += right.droppedScore
        for label in left.labels.total.indices {
            left.labels.total[label] += right.labels.total[label]
            left.labels.kept[label] += right.labels.kept[label]
        }
    }

    /// What the weighted loss sum is divided by; 0 if nothing was selected.
    public func normaliser(_ kind: Normaliser) -> Double {
        switch kind {
        case _ where selected == 0: 0
        case .selected: Double(selected)
        case .valid: Double(valid)
        case .weights: weightSum
        }
    }

    /// Realised share of kept tokens; NaN for an empty batch.
    public var keptShare: Double { Double(selected) / Double(valid) }

    /// Mean loss over all valid tokens with a finite loss, nats; NaN if there are none.
    public var meanLoss: Double {
        var all = keptLoss
        all += droppedLoss
        return all.mean
    }
}
