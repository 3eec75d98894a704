import Glibc

/// A share of right answers with its binomial standard error.
public struct Accuracy: Sendable, Equatable {
    public var correct: Int
    public var count: Int

    public init(correct: Int, count: Int) {
        self.correct = correct
        self.count = count
    }

    public init(_ answers: [Bool]) { self.init(correct: answers.count { $0 }, count: answers.count) }

    /// NaN without items.
    public var value: Double { Double(correct) / Double(count) }

    /// √(p (1 - p) / n).
    public var standardError: Double { (value * (1 - value) / Double(count)).squareRoot() }
}

/// Index of the largest value; the first of equal ones, nil if there is none.
func indexOfLargest(_ values: [Double]) -> Int? {
    var best: Int?
    for (index, value) in values.enumerated() where !value.isNaN {
        if let known = best, values[known] >= value { continue }
        best = index
    }
    return best
}
