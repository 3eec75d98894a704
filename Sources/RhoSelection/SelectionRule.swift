import RhoCore

/// Which tokens a score keeps.
///
/// A rule never selects padding, nor a token for which any score of the policy is NaN. n below is the number of
/// valid tokens in the scope; every share keeps exactly k = floor(keep · n + 0.5) of them, at least one if keep > 0.
public indirect enum SelectionRule: Sendable, Equatable {
    /// Everything.
    case all
    /// Nothing.
    case nothing
    /// The k highest scores; ties go to the lower index.
    case top(KeepSchedule)
    /// The k lowest scores; ties go to the lower index.
    case bottom(KeepSchedule)
    /// Scores whose ascending rank lies in [floor(low · n + 0.5), floor(high · n + 0.5)).
    case middle(low: Double, high: Double)
    /// score >= threshold.
    case above(Threshold)
    /// score < threshold: the exact complement of `above`.
    case below(Threshold)
    /// k tokens drawn without replacement, each draw in proportion to the score; scores <= 0 are never drawn.
    case sample(KeepSchedule)
    case and(SelectionRule, SelectionRule)
    case or(SelectionRule, SelectionRule)
    case not(SelectionRule)
    /// A rule applied to another score than the policy's.
    case on(ScoreExpression, SelectionRule)
    /// A rule applied to whole rows, each scored by the mean over its tokens (sample-level selection).
    case rows(SelectionRule)
    /// Different rules in turn: each holds from its start to the next one's.
    case stages(KeepSchedule.Unit, [Stage])

    /// A fixed score, or a quantile of the scores in the scope.
    public enum Threshold: Sendable, Equatable {
        case value(Double)
        /// The score with ascending rank ceil(q · n) - 1, clipped to the data (inverse distribution function).
        case quantile(Double)
    }

    public struct Stage: Sendable, Equatable {
        public var start: Double
        public var rule: SelectionRule
        public init(start: Double, rule: SelectionRule) {
            self.start = start
            self.rule = rule
        }
    }

    public static func & (left: Self, right: Self) -> Self { .and(left, right) }
    public static func | (left: Self, right: Self) -> Self { .or(left, right) }
    public static prefix func ! (rule: Self) -> Self { .not(rule) }

    /// Returns self, or throws if a number in the rule is out of range.
    @discardableResult
    public func validated() throws(RhoError) -> Self {
        switch self {
        case .all, .nothing, .top, .bottom, .sample: break
        case .middle(let low, let high):
            guard low >= 0, high <= 1, low <= high else {
                throw RhoError(
                    .value,
                    "middle needs 0 <= low <= high <= 1, got \(Scalar.text(low)) and \(Scalar.text(high))")
            }
        case .above(let threshold), .below(let threshold):
            switch threshold {
            case .value(let value) where value.isNaN: throw RhoError(.value, "threshold must be a number, got NaN")
            case .quantile(let share) where !(share >= 0 && share <= 1):
                throw RhoError(.value, "quantile must be in [0, 1], got \(Scalar.text(share))")
            default: break
            }
        case .and(let left, let right), .or(let left, let right):
            try left.validated()
            try right.validated()
        case .not(let rule), .on(_, let rule): try rule.validated()
        case .rows(let rule):
            guard !rule.contains({ if case .rows = $0 { true } else { false } }) else {
                throw RhoError(.value, "rows inside rows has no meaning")
            }
            try rule.validated()
        case .stages(_, let stages):
            guard let first = stages.first, first.start == 0 else {
                throw RhoError(.value, "rule stages must start at 0")
            }
            for (stage, next) in zip(stages, stages.dropFirst()) where !(next.start > stage.start) {
                throw RhoError(.value, "rule stages must rise, got \(Scalar.text(next.start))")
            }
            for stage in stages { try stage.rule.validated() }
        }
        return self
    }

    /// Returns the rule in force at a moment: no stages left in it.
    func resolved(at moment: SelectionMoment) -> SelectionRule {
        switch self {
        case .and(let left, let right): return .and(left.resolved(at: moment), right.resolved(at: moment))
        case .or(let left, let right): return .or(left.resolved(at: moment), right.resolved(at: moment))
        case .not(let rule): return .not(rule.resolved(at: moment))
        case .on(let score, let rule): return .on(score, rule.resolved(at: moment))
        case .rows(let rule): return .rows(rule.resolved(at: moment))
        case .stages(let unit, let stages):
            let x: Double =
                switch unit {
                case .progress: moment.progress
                case .steps: Double(moment.step)
                case .tokens: Double(moment.tokens)
                }
            return (stages.last { $0.start <= x }?.rule ?? .nothing).resolved(at: moment)
        default: return self
        }
    }

    /// Rules directly inside this one.
    var children: [SelectionRule] {
        switch self {
        case .and(let left, let right), .or(let left, let right): [left, right]
        case .not(let rule), .on(_, let rule), .rows(let rule): [rule]
        case .stages(_, let stages): stages.map(\.rule)
        default: []
        }
    }

    /// True if the test holds for this rule or one inside it.
    func contains(_ test: (SelectionRule) -> Bool) -> Bool {
        test(self) || children.contains { $0.contains(test) }
    }

    /// Scores named by `on` anywhere in the rule.
    var scores: [ScoreExpression] {
        let inner = children.flatMap(\.scores)
        if case .on(let score, _) = self { return [score] + inner }
        return inner
    }

    /// True if the rule reads the policy's own score.
    var readsMainScore: Bool {
        switch self {
        case .on, .all, .nothing: false
        case .top, .bottom, .middle, .above, .below, .sample: true
        default: children.contains(where: \.readsMainScore)
        }
    }

    /// True if no part of the rule depends on what else is in the scope.
    public var isFixed: Bool {
        !contains { rule in
            switch rule {
            case .top, .bottom, .middle, .sample, .above(.quantile), .below(.quantile): true
            default: false
            }
        }
    }
}

extension SelectionRule: CustomStringConvertible {
    public var description: String { text(nested: false) }

    private func text(nested: Bool) -> String {
        switch self {
        case .all: return "all"
        case .nothing: return "nothing"
        case .top(let keep): return "top(\(keep))"
        case .bottom(let keep): return "bottom(\(keep))"
        case .middle(let low, let high): return "middle(\(Scalar.text(low)), \(Scalar.text(high)))"
        case .above(let threshold): return "above(\(threshold))"
        case .below(let threshold): return "below(\(threshold))"
        case .sample(let keep): return "sample(\(keep))"
        case .and(let left, let right):
            let text = "\(left.text(nested: true)) & \(right.text(nested: true))"
            return nested ? "(\(text))" : text
        case .or(let left, let right):
            let text = "\(left.text(nested: true)) | \(right.text(nested: true))"
            return nested ? "(\(text))" : text
        case .not(let rule): return "not \(rule.text(nested: true))"
        case .on(let score, let rule): return "\(rule.text(nested: true)) of \(score)"
        case .rows(let rule): return "rows(\(rule))"
        case .stages(let unit, let stages):
            let list = stages.map { "\(Scalar.text($0.start)): \($0.rule)" }.joined(separator: ", ")
            return "{\(list)} by \(unit.rawValue)"
        }
    }
}

extension SelectionRule.Threshold: CustomStringConvertible {
    public var description: String {
        switch self {
        case .value(let value): Scalar.text(value)
        case .quantile(let share): "quantile(\(Scalar.text(share)))"
        }
    }
}
