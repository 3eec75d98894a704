import RhoCore

/// What a rule chooses among: tokens, or whole rows.
struct RuleItems {
    /// Score of each item; NaN only where `eligible` is false.
    var scores: [Float]
    /// False for padding. Shares are counted over valid items.
    var valid: [Bool]
    /// Valid and without a NaN score.
    var eligible: [Bool]
    /// Index ranges inside which items compete.
    var groups: [Range<Int>]
}

/// Scores of one window, each computed once, and the tokens no rule may select.
struct RuleContext {
    let window: TokenWindow
    let scope: SelectionScope
    /// Valid tokens for which every score is a number.
    let eligible: [Bool]
    private let known: [(score: ScoreExpression, values: [Float])]

    /// Evaluates `scores`; `alsoNumbers` are columns that must be numbers too (the loss a token would train on).
    init(
        _ window: TokenWindow, scope: SelectionScope, scores: [ScoreExpression], alsoNumbers: [[Float]] = []
    ) throws(RhoError) {
        self.window = window
        self.scope = scope
        var known: [(score: ScoreExpression, values: [Float])] = []
        var eligible = window.valid
        for score in scores where !known.contains(where: { $0.score == score }) {
            known.append((score, try score.evaluate(in: window, scope: scope)))
        }
        for values in known.map(\.values) + alsoNumbers {
            for index in eligible.indices where values[index].isNaN { eligible[index] = false }
        }
        self.known = known
        self.eligible = eligible
    }

    func values(of score: ScoreExpression) -> [Float] {
        known.first { $0.score == score }?.values ?? [Float](repeating: .nan, count: window.count)
    }

    func tokenItems(_ score: ScoreExpression) -> RuleItems {
        RuleItems(scores: values(of: score), valid: window.valid, eligible: eligible, groups: window.groups(scope))
    }

    /// One item per row, scored by the mean over the row's eligible tokens.
    func rowItems(_ score: ScoreExpression) -> RuleItems {
        let values = values(of: score)
        let rows = window.rowRanges
        var items = RuleItems(scores: [], valid: [], eligible: [], groups: [])
        for row in rows {
            var sum = 0.0
            var count = 0
            for index in row where eligible[index] {
                sum += Double(values[index])
                count += 1
            }
            items.scores.append(count > 0 ? Float(sum / Double(count)) : .nan)
            items.eligible.append(count > 0)
            items.valid.append(row.contains { window.valid[$0] })
        }
        // The groups, counted in rows: both lists are ascending and every row lies inside one group.
        var next = 0
        for group in window.groups(scope) {
            let start = next
            while next < rows.count, rows[next].upperBound <= group.upperBound { next += 1 }
            items.groups.append(start..<next)
        }
        return items
    }
}

extension SelectionRule {
    /// Returns which tokens of the window the rule keeps.
    func mask(_ score: ScoreExpression, in context: RuleContext) -> [Bool] {
        apply(score, in: context, items: context.tokenItems)
    }

    private func apply(
        _ score: ScoreExpression, in context: RuleContext, items: (ScoreExpression) -> RuleItems
    ) -> [Bool] {
        switch self {
        case .and(let left, let right):
            let right = right.apply(score, in: context, items: items)
            return zip(left.apply(score, in: context, items: items), right).map { $0 && $1 }
        case .or(let left, let right):
            let right = right.apply(score, in: context, items: items)
            return zip(left.apply(score, in: context, items: items), right).map { $0 || $1 }
        case .not(let rule):
            let inner = rule.apply(score, in: context, items: items)
            return zip(items(score).eligible, inner).map { $0 && !$1 }
        case .on(let other, let rule):
            return rule.apply(other, in: context, items: items)
        case .rows(let rule):
            let kept = rule.apply(score, in: context, items: context.rowItems)
            var mask = [Bool](repeating: false, count: context.window.count)
            for (row, range) in context.window.rowRanges.enumerated() where kept[row] {
                for index in range { mask[index] = context.eligible[index] }
            }
            return mask
        case .stages:
            return resolved(at: context.window.moment).apply(score, in: context, items: items)
        default:
            return leafMask(items(score), in: context.window)
        }
    }

    private func leafMask(_ items: RuleItems, in window: TokenWindow) -> [Bool] {
        if self == .all { return items.eligible }
        var mask = [Bool](repeating: false, count: items.scores.count)
        if self == .nothing { return mask }
        var draws: [Float] = []
        if case .sample = self { draws = window.uniform(stream: "selection/sample") }
        for group in items.groups {
            let members = group.filter { items.eligible[$0] }
            guard !members.isEmpty else { continue }
            let valid = group.reduce(0) { $0 + (items.valid[$1] ? 1 : 0) }
            choose(members, valid: valid, items.scores, draws, at: window.moment, into: &mask)
        }
        return mask
    }

    /// Applies a leaf rule to the members of one group.
    private func choose(
        _ members: [Int], valid: Int, _ scores: [Float], _ draws: [Float], at moment: SelectionMoment,
        into mask: inout [Bool]
    ) {
        func keys() -> [UInt32] { members.map { OrderStatistic.key(scores[$0]) } }
        switch self {
        case .top(let schedule):
            let k = KeepSchedule.count(keep: schedule.keep(at: moment), of: valid)
            OrderStatistic.markLargest(k, members, keys(), into: &mask)
        case .bottom(let schedule):
            let k = KeepSchedule.count(keep: schedule.keep(at: moment), of: valid)
            OrderStatistic.markLargest(k, members, keys().map(~), into: &mask)
        case .middle(let low, let high):
            // Lowest `high` minus lowest `low`: both break ties towards the lower index, so the sets are nested.
            let bounds = Self.rankBounds(low: low, high: high, of: members.count)
            let ascending = keys().map(~)
            OrderStatistic.markLargest(bounds.upperBound, members, ascending, into: &mask)
            var dropped = [Bool](repeating: false, count: mask.count)
            OrderStatistic.markLargest(bounds.lowerBound, members, ascending, into: &dropped)
            for member in members where dropped[member] { mask[member] = false }
        case .above(let threshold):
            let value = threshold.value(in: keys)
            for member in members where scores[member] >= value { mask[member] = true }
        case .below(let threshold):
            let value = threshold.value(in: keys)
            for member in members where scores[member] < value { mask[member] = true }
        case .sample(let schedule):
            let positive = members.filter { scores[$0] > 0 }
            let k = KeepSchedule.count(keep: schedule.keep(at: moment), of: valid)
            // Efraimidis and Spirakis (2006): the k largest log(u) / w are a weighted sample without replacement.
            let races = positive.map { member in
                // 1 - u is in (0, 1], where the logarithm is finite.
                OrderStatistic.key(Float(Scalar.log(1 - Double(draws[member])) / Double(scores[member])))
            }
            OrderStatistic.markLargest(k, positive, races, into: &mask)
        default:
            break
        }
    }

    /// Ascending ranks kept by `middle`.
    static func rankBounds(low: Double, high: Double, of count: Int) -> Range<Int> {
        let start = min(count, Int((low * Double(count) + 0.5).rounded(.down)))
        return start..<max(start, min(count, Int((high * Double(count) + 0.5).rounded(.down))))
    }
}

extension SelectionRule.Threshold {
    /// Rank of quantile q among n > 0 scores, ascending.
    static func rank(_ share: Double, of count: Int) -> Int {
        min(count - 1, max(0, Int((share * Double(count)).rounded(.up)) - 1))
    }

    func value(in keys: () -> [UInt32]) -> Float {
        switch self {
        case .value(let value): return Float(value)
        case .quantile(let share):
            let keys = keys()
            return OrderStatistic.value(of: OrderStatistic.key(rank: Self.rank(share, of: keys.count), in: keys).key)
        }
    }
}
