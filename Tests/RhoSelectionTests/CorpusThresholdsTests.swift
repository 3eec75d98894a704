import RhoCore
import RhoSelection
import Testing

@Suite struct CorpusThresholdsTests {
    /// A corpus of reference losses in chunks of 100 tokens, some padded, some NaN.
    private func chunks() throws -> [TokenColumns] {
        try (0..<20).map { chunk in
            let loss = randomScores(100, seed: UInt64(chunk)).enumerated().map { $1 + Float($0) * 0.001 }
            return try grid(
                4, [.referenceLoss: loss, .referenceEntropy: loss.map { -$0 }],
                valid: randomMask(100, seed: UInt64(chunk)))
        }
    }

    private func frozen(_ rule: SelectionRule, _ score: ScoreExpression = .referenceLoss) throws -> SelectionPolicy {
        let chunks = try chunks()
        return try SelectionPolicy(score: score, rule: rule, scope: .corpus).frozen { body throws(RhoError) in
            for chunk in chunks { try body(chunk) }
        }
    }

    /// What the rule keeps when the whole corpus is one batch, by value of the score.
    @Test func aFrozenRuleKeepsWhatTheWholeCorpusWouldKeep() throws {
        let chunks = try chunks()
        let rules: [SelectionRule] = [
            .top(try share(0.6)), .bottom(try share(0.3)), .middle(low: 0.2, high: 0.8), .above(.quantile(0.25)),
            .below(.quantile(0.25)), .top(try share(0.6)) & !.top(try share(0.1)), .top(try share(1)),
            .top(try share(0)),
            .bottom(try share(0.7)) & .on(.referenceEntropy, .bottom(try share(0.7))), .rows(.top(try share(0.5))),
        ]
        for rule in rules {
            let policy = try frozen(rule)
            #expect(policy.rule.isFixedForTest, "\(rule)")
            let inParts = try chunks.flatMap { try policy.select([$0], at: SelectionMoment()).weights }
            let whole = try SelectionPolicy(score: .referenceLoss, rule: rule).select(chunks, at: SelectionMoment())
            // Ties at a threshold are kept, so the two may differ by the few tokens tied with it.
            let differing = zip(inParts, whole.weights).filter { $0 != $1 }.count
            #expect(differing <= (rule.description.hasPrefix("rows") ? 25 : 3), "\(rule)")
        }
    }

    @Test func schedulesFreezeIntoStages() throws {
        let schedule = try KeepSchedule([.init(at: 0, keep: 1), .init(at: 0.5, keep: 0.5)])
        let policy = try frozen(.top(schedule))
        let chunk = try chunks()[0]
        let early = try policy.select([chunk], at: SelectionMoment(progress: 0))
        let late = try policy.select([chunk], at: SelectionMoment(progress: 0.5))
        #expect(early.statistics.notANumber + early.selected == early.valid)
        #expect(late.selected < early.selected)
    }

    @Test func whatCannotBeFixedIsRefused() throws {
        let policy = try SelectionPolicy(score: .referenceLoss, rule: .top(share(0.5)), scope: .corpus)
        let chunk = try chunks()[0]
        #expect(throws: RhoError.self) { try policy.select([chunk], at: SelectionMoment()) }
        #expect(throws: RhoError(.value, "the policy needs the column loss, which this run does not supply")) {
            try frozen(.top(share(0.5)), .excess)
        }
        #expect(throws: RhoError.self) { try frozen(.top(share(0.5)), .group(.rank, .referenceLoss)) }
        #expect(throws: RhoError.self) { try frozen(.sample(share(0.5))) }
        let fixed = try SelectionPolicy(score: .loss, rule: .above(.value(1)), scope: .corpus)
        #expect(kept(try fixed.select([row([.loss: [0, 2]])], at: SelectionMoment())) == [1])
    }

    @Test func anEmptyCorpusKeepsNothing() throws {
        let policy = try SelectionPolicy(score: .referenceLoss, rule: .top(share(0.5)), scope: .corpus)
        #expect(try policy.frozen { _ throws(RhoError) in }.rule == .nothing)
    }
}

extension SelectionRule {
    /// True if no rank is left in the printed rule.
    fileprivate var isFixedForTest: Bool {
        !["top", "bottom", "middle", "quantile", "sample"].contains { description.contains($0) }
    }
}
