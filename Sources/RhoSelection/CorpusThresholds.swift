import RhoCore

extension SelectionPolicy {
    /// Feeds every chunk of a corpus to `body`, the same chunks in the same order each time it is called.
    public typealias CorpusPass = (_ body: (TokenColumns) throws(RhoError) -> Void) throws(RhoError) -> Void

    /// Returns the policy with every rank-based rule replaced by the fixed threshold that the whole corpus implies.
    ///
    /// Reads the corpus twice and keeps a histogram per rule, never the scores. A share becomes a threshold, so scores
    /// equal to it are all kept: with coarse scores the realised share can exceed the asked one by the tied tokens.
    /// - Throws: `.value` if a score needs columns that exist only during training, or a function of its competitors.
    public func frozen(over corpus: CorpusPass) throws(RhoError) -> SelectionPolicy {
        if rule.isFixed { return self }
        let scores = (rule.readsMainScore ? [score] : []) + rule.scores
        for score in scores {
            guard let function = score.firstGroupFunction else { continue }
            throw RhoError(
                .value, "scope corpus cannot use \(function.rawValue): its value changes from batch to batch")
        }
        if rule.contains({ if case .sample = $0 { true } else { false } }) {
            throw RhoError(.value, "scope corpus cannot use the rule sample", hint: "use scope batch")
        }
        let search = CorpusSearch(leaves: rule.corpusLeaves(score: score, perRow: false))
        for pass in [CorpusSearch.Pass.high, .low] {
            var chunk = 0
            try corpus { columns throws(RhoError) in
                // The step only varies the draws of the column `random` from chunk to chunk.
                let window = TokenWindow([columns], at: SelectionMoment(step: chunk))
                let context = try RuleContext(window, scope: .batch, scores: scores)
                search.add(context, pass)
                chunk += 1
            }
            if pass == .high { search.planLowPass() }
        }
        var policy = self
        var next = 0
        policy.rule = rule.replacingCorpusLeaves(&next) { search.leaves[$0].fixedRule() }
        return policy
    }
}

/// Exact order statistics of a stream in two passes: a histogram of the upper 16 key bits, then one of the lower 16
/// bits for each bucket that holds a wanted rank.
final class CorpusSearch {
    enum Pass { case high, low }
    private(set) var leaves: [CorpusLeaf]

    init(leaves: [CorpusLeaf]) { self.leaves = leaves }

    func add(_ context: RuleContext, _ pass: Pass) {
        for index in leaves.indices {
            let leaf = leaves[index]
            leaves[index].add(leaf.perRow ? context.rowItems(leaf.score) : context.tokenItems(leaf.score), pass)
        }
    }

    func planLowPass() {
        for index in leaves.indices { leaves[index].planLowPass() }
    }
}

/// One rank-based rule of a policy together with the histogram that will settle it.
struct CorpusLeaf {
    let rule: SelectionRule
    let score: ScoreExpression
    let perRow: Bool
    private var high = [Int](repeating: 0, count: 1 << 16)
    private var low: [(bucket: UInt32, counts: [Int])] = []
    private var valid = 0
    private var eligible = 0

    init(rule: SelectionRule, score: ScoreExpression, perRow: Bool) {
        self.rule = rule
        self.score = score
        self.perRow = perRow
    }

    mutating func add(_ items: RuleItems, _ pass: CorpusSearch.Pass) {
        for index in items.scores.indices {
            if pass == .high, items.valid[index] { valid += 1 }
            guard items.eligible[index] else { continue }
            let key = OrderStatistic.key(items.scores[index])
            switch pass {
            case .high:
                eligible += 1
                high[Int(key >> 16)] += 1
            case .low:
                for slot in low.indices where low[slot].bucket == key >> 16 { low[slot].counts[Int(key & 0xffff)] += 1 }
            }
        }
    }

    mutating func planLowPass() {
        let buckets = Set(ranks.map { bucket(of: $0).bucket }).sorted()
        low = buckets.map { ($0, [Int](repeating: 0, count: 1 << 16)) }
    }

    /// Ascending ranks the rule needs to know the scores of.
    private var ranks: [Int] {
        guard eligible > 0 else { return [] }
        switch rule {
        case .top(let schedule): return schedule.points.compactMap { topRank($0.keep) }
        case .bottom(let schedule): return schedule.points.compactMap { bottomRank($0.keep) }
        case .middle(let low, let high):
            let bounds = SelectionRule.rankBounds(low: low, high: high, of: eligible)
            return bounds.isEmpty ? [] : [bounds.lowerBound, bounds.upperBound - 1]
        case .above(.quantile(let share)), .below(.quantile(let share)):
            return [SelectionRule.Threshold.rank(share, of: eligible)]
        default: return []
        }
    }

    /// Rank of the lowest score among the k highest; nil if all or none are kept.
    private func topRank(_ keep: Double) -> Int? {
        let k = KeepSchedule.count(keep: keep, of: valid)
        return k > 0 && k < eligible ? eligible - k : nil
    }

    private func bottomRank(_ keep: Double) -> Int? {
        let k = KeepSchedule.count(keep: keep, of: valid)
        return k > 0 && k < eligible ? k - 1 : nil
    }

    private func bucket(of rank: Int) -> (bucket: UInt32, smaller: Int) {
        var bucket = 0
        var smaller = 0
        while bucket < high.count - 1, smaller + high[bucket] <= rank {
            smaller += high[bucket]
            bucket += 1
        }
        return (UInt32(bucket), smaller)
    }

    private func value(at rank: Int) -> Float {
        var (bucket, smaller) = bucket(of: rank)
        let counts = low.first { $0.bucket == bucket }?.counts ?? []
        var offset = 0
        while offset < counts.count - 1, smaller + counts[offset] <= rank {
            smaller += counts[offset]
            offset += 1
        }
        bucket = bucket << 16 | UInt32(offset)
        return OrderStatistic.value(of: bucket)
    }

    /// The rule with its ranks turned into scores.
    func fixedRule() -> SelectionRule {
        func atLeast(_ rank: Int) -> SelectionRule { .above(.value(Double(value(at: rank)))) }
        func atMost(_ rank: Int) -> SelectionRule { .below(.value(Double(value(at: rank).nextUp))) }
        func scheduled(_ schedule: KeepSchedule, _ fixed: (Double) -> SelectionRule) -> SelectionRule {
            let stages = schedule.points.map { SelectionRule.Stage(start: $0.at, rule: fixed($0.keep)) }
            return stages.count == 1 ? stages[0].rule : .stages(schedule.unit, stages)
        }
        func outer(_ keep: Double) -> SelectionRule { keep > 0 && eligible > 0 ? .all : .nothing }
        switch rule {
        case .top(let schedule):
            return scheduled(schedule) { keep in topRank(keep).map(atLeast) ?? outer(keep) }
        case .bottom(let schedule):
            return scheduled(schedule) { keep in bottomRank(keep).map(atMost) ?? outer(keep) }
        case .middle:
            let ranks = ranks
            return ranks.count == 2 ? atLeast(ranks[0]) & atMost(ranks[1]) : .nothing
        case .above(.quantile): return ranks.first.map(atLeast) ?? .nothing
        case .below(.quantile): return ranks.first.map { .below(.value(Double(value(at: $0)))) } ?? .nothing
        default: return rule
        }
    }
}

extension SelectionRule {
    /// Rank-based rules of the tree in depth-first order, each with the score it reads.
    func corpusLeaves(score: ScoreExpression, perRow: Bool) -> [CorpusLeaf] {
        switch self {
        case .on(let other, let rule): rule.corpusLeaves(score: other, perRow: perRow)
        case .rows(let rule): rule.corpusLeaves(score: score, perRow: true)
        case _ where children.isEmpty:
            isFixed ? [] : [CorpusLeaf(rule: self, score: score, perRow: perRow)]
        default: children.flatMap { $0.corpusLeaves(score: score, perRow: perRow) }
        }
    }

    /// Rebuilds the tree with the leaves that `corpusLeaves` listed, in the same order, replaced.
    func replacingCorpusLeaves(_ next: inout Int, _ leaf: (Int) -> SelectionRule) -> SelectionRule {
        switch self {
        case .and(let left, let right):
            let left = left.replacingCorpusLeaves(&next, leaf)
            return .and(left, right.replacingCorpusLeaves(&next, leaf))
        case .or(let left, let right):
            let left = left.replacingCorpusLeaves(&next, leaf)
            return .or(left, right.replacingCorpusLeaves(&next, leaf))
        case .not(let rule): return .not(rule.replacingCorpusLeaves(&next, leaf))
        case .on(let score, let rule): return .on(score, rule.replacingCorpusLeaves(&next, leaf))
        case .rows(let rule): return .rows(rule.replacingCorpusLeaves(&next, leaf))
        case .stages(let unit, let stages):
            return .stages(
                unit, stages.map { Stage(start: $0.start, rule: $0.rule.replacingCorpusLeaves(&next, leaf)) })
        default:
            guard !isFixed else { return self }
            next += 1
            return leaf(next - 1)
        }
    }
}
