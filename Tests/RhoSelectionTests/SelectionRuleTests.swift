import RhoCore
import RhoSelection
import Testing

@Suite struct SelectionRuleTests {
    @Test func topKeepsTheHighestAndBreaksTiesByIndex() throws {
        #expect(try kept(.top(share(0.5)), [1, 4, 2, 3]) == [1, 3])
        #expect(try kept(.top(share(0.5)), [7, 7, 7, 7]) == [0, 1])
        #expect(try kept(.top(share(0.6)), [1, 3, 3, 3, 9]) == [1, 2, 4])
        #expect(try kept(.top(share(1)), [1, -4, 2]) == [0, 1, 2])
    }

    @Test func bottomKeepsTheLowestAndBreaksTiesByIndex() throws {
        #expect(try kept(.bottom(share(0.5)), [1, 4, 2, 3]) == [0, 2])
        #expect(try kept(.bottom(share(0.5)), [7, 7, 7, 7]) == [0, 1])
    }

    @Test func zerosOfEitherSignTie() throws {
        #expect(try kept(.top(share(0.5)), [-0.0, 0.0]) == [0])
        #expect(try kept(.bottom(share(0.5)), [0.0, -0.0]) == [0])
    }

    @Test func infinitiesOrderAndNaNNeverWins() throws {
        #expect(try kept(.top(share(0.5)), [.infinity, .nan, -.infinity, 5]) == [0, 3])
        #expect(try kept(.bottom(share(0.25)), [.infinity, .nan, -.infinity, 5]) == [2])
        // Half of four is two, but only one score is a number.
        #expect(try kept(.top(share(0.5)), [.nan, .nan, 1, .nan]) == [2])
        #expect(try kept(.all, [1, .nan]) == [0])
        #expect(try kept(!.nothing, [1, .nan]) == [0])
    }

    @Test func sharesRoundHalfUpAndKeepAtLeastOne() throws {
        #expect(KeepSchedule.count(keep: 0.5, of: 5) == 3)
        #expect(KeepSchedule.count(keep: 0.1, of: 5) == 1)
        #expect(KeepSchedule.count(keep: 0.01, of: 5) == 1)
        #expect(KeepSchedule.count(keep: 0, of: 5) == 0)
        #expect(KeepSchedule.count(keep: 0.6, of: 2047) == 1228)
        #expect(KeepSchedule.count(keep: 0.6, of: 0) == 0)
        #expect(try kept(.top(share(0)), [1, 2, 3]) == [])
    }

    @Test func middleKeepsARankBand() throws {
        #expect(try kept(.middle(low: 0.2, high: 0.8), [5, 1, 4, 2, 3]) == [2, 3, 4])
        #expect(try kept(.middle(low: 0, high: 1), [5, 1, 4]) == [0, 1, 2])
        #expect(try kept(.middle(low: 0.5, high: 0.5), [5, 1, 4, 2]) == [])
        // Equal scores rank by index: the band takes the later ones.
        #expect(try kept(.middle(low: 0.5, high: 1), [1, 1, 1, 1]) == [2, 3])
    }

    @Test func thresholdsIncludeTheirValueAboveAndExcludeItBelow() throws {
        #expect(try kept(.above(.value(2)), [1, 2, 3]) == [1, 2])
        #expect(try kept(.below(.value(2)), [1, 2, 3]) == [0])
    }

    @Test func quantilesAreEmpirical() throws {
        // ceil(0.4 * 5) - 1 = rank 1, score 20.
        #expect(try kept(.above(.quantile(0.4)), [50, 10, 40, 20, 30]) == [0, 2, 3, 4])
        #expect(try kept(.below(.quantile(0.4)), [50, 10, 40, 20, 30]) == [1])
        #expect(try kept(.above(.quantile(1)), [1, 2, 3]) == [2])
        #expect(try kept(.above(.quantile(0)), [1, 2, 3]) == [0, 1, 2])
    }

    @Test func paddingIsNeitherSelectedNorCounted() throws {
        let valid = [true, false, true, false, true]
        #expect(try kept(.top(share(0.6)), [1, 9, 2, 9, 3], valid: valid) == [2, 4])
        #expect(try kept(.all, [1, 9, 2, 9, 3], valid: valid) == [0, 2, 4])
        #expect(try kept(!.top(share(0.6)), [1, 9, 2, 9, 3], valid: valid) == [0])
        #expect(try kept(.above(.value(0)), [1, 9, 2], valid: [false, false, false]) == [])
    }

    @Test func sampleDrawsOnlyPositiveScoresAndPrefersLargeOnes() throws {
        #expect(try kept(.sample(share(0.5)), [0, 3, -1, 0]) == [1])
        #expect(try kept(.sample(share(1)), [1, 2, 0, 4]) == [0, 1, 3])
        let policy = try SelectionPolicy(score: .loss, rule: .sample(share(0.25)))
        let table = try row([.loss: [1, 1, 1, 5]])
        var counts = [0, 0, 0, 0]
        for step in 0..<4000 {
            let selection = try policy.select([table], at: SelectionMoment(step: step, seed: 7))
            for index in kept(selection) { counts[index] += 1 }
        }
        #expect(counts.reduce(0, +) == 4000)
        // One draw in proportion to the score: 5 / 8 of 4000 is 2500, standard deviation 31.
        #expect(abs(counts[3] - 2500) < 150)
        #expect(abs(counts[0] - 500) < 100)
    }

    @Test func combinationsAreSetOperations() throws {
        let scores: [Float] = [1, 2, 3, 4, 5, 6]
        #expect(try kept(.above(.value(2)) & .below(.value(5)), scores) == [1, 2, 3])
        #expect(try kept(.below(.value(2)) | .above(.value(6)), scores) == [0, 5])
        #expect(try kept(!.above(.value(3)), scores) == [0, 1])
    }

    @Test func anotherScoreCanJoinIn() throws {
        let table = try row([.referenceLoss: [1, 2, 3, 4], .referenceEntropy: [4, 1, 2, 3]])
        let both = try SelectionPolicy(
            score: .referenceLoss, rule: .bottom(share(0.5)) & .on(.referenceEntropy, .bottom(share(0.5))))
        #expect(kept(try both.select([table], at: SelectionMoment())) == [1])
        let either = try SelectionPolicy(
            score: .referenceLoss, rule: .bottom(share(0.5)) | .on(.referenceEntropy, .bottom(share(0.5))))
        #expect(kept(try either.select([table], at: SelectionMoment())) == [0, 1, 2])
    }

    @Test func rowsAreChosenWhole() throws {
        // Row means 2, 5, 3 (padding left out): the best third is row 1.
        let table = try grid(
            3, [.loss: [1, 3, 9, 5, 5, 5, 3, 3, 3]], valid: [true, true, false, true, true, true, true, true, true])
        let policy = try SelectionPolicy(score: .loss, rule: .rows(.top(share(0.34))))
        #expect(kept(try policy.select([table], at: SelectionMoment())) == [3, 4, 5])
    }

    @Test func stagesFollowTheRun() throws {
        let rule = SelectionRule.stages(
            .steps, [.init(start: 0, rule: .all), .init(start: 10, rule: .top(try share(0.5)))])
        let policy = try SelectionPolicy(score: .loss, rule: rule)
        let table = try row([.loss: [1, 2]])
        #expect(kept(try policy.select([table], at: SelectionMoment(step: 9))) == [0, 1])
        #expect(kept(try policy.select([table], at: SelectionMoment(step: 10))) == [1])
    }

    @Test(arguments: [UInt64(1), 2, 3, 4, 5])
    func propertiesHoldOnRandomScores(seed: UInt64) throws {
        let scores = randomScores(257, seed: seed)
        let valid = randomMask(257, seed: seed)
        let eligible = scores.indices.filter { valid[$0] && !scores[$0].isNaN }
        let validCount = valid.filter { $0 }.count
        for keep in [0.0, 0.003, 0.25, 0.6, 0.9, 1] {
            let top = Set(try kept(.top(share(keep)), scores, valid: valid))
            let bottom = Set(try kept(.bottom(share(keep)), scores, valid: valid))
            let expected = min(eligible.count, KeepSchedule.count(keep: keep, of: validCount))
            #expect(top.count == expected && bottom.count == expected)
            let worstKept = top.map { scores[$0] }.min() ?? .infinity
            let bestDropped = eligible.filter { !top.contains($0) }.map { scores[$0] }.max() ?? -.infinity
            #expect(worstKept >= bestDropped)
            let rest = Set(try kept(!.top(share(keep)), scores, valid: valid))
            #expect(rest.isDisjoint(with: top) && rest.union(top) == Set(eligible))
            let both = Set(try kept(.top(share(keep)) & .bottom(share(0.5)), scores, valid: valid))
            #expect(both.isSubset(of: top))
            // A sort gives the same answer: (score descending, index ascending).
            let sorted = eligible.sorted { scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 < $1 }
            #expect(top == Set(sorted.prefix(expected)))
        }
        let high = Set(try kept(.above(.quantile(0.3)), scores, valid: valid))
        let low = Set(try kept(.below(.quantile(0.3)), scores, valid: valid))
        #expect(high.isDisjoint(with: low) && high.union(low) == Set(eligible))
        let band = Set(try kept(.middle(low: 0.2, high: 0.7), scores, valid: valid))
        #expect(band.count == Int(0.7 * Double(eligible.count) + 0.5) - Int(0.2 * Double(eligible.count) + 0.5))
    }

    @Test func badNumbersAreRefusedInOneSentence() throws {
        #expect(throws: RhoError(.value, "keep must be in [0, 1], got 60 (did you mean 0.6?)")) { try KeepSchedule(60) }
        #expect(throws: RhoError(.value, "keep must be in [0, 1], got -0.1")) { try KeepSchedule(-0.1) }
        #expect(throws: RhoError(.value, "keep must be in [0, 1], got nan")) { try KeepSchedule(.nan) }
        #expect(throws: RhoError(.value, "middle needs 0 <= low <= high <= 1, got 0.8 and 0.2")) {
            try SelectionRule.middle(low: 0.8, high: 0.2).validated()
        }
        #expect(throws: RhoError(.value, "quantile must be in [0, 1], got 99")) {
            try SelectionRule.below(.quantile(99)).validated()
        }
    }

    @Test func rulesPrintAndReadBack() throws {
        let rules: [(SelectionRule, String)] = [
            (.top(try share(0.6)), "top(0.6)"),
            (.above(.value(1)) & .below(.quantile(0.99)), "above(1) & below(quantile(0.99))"),
            (!(.middle(low: 0.2, high: 0.8) | .nothing), "not (middle(0.2, 0.8) | nothing)"),
            (.on(.entropy, .bottom(try share(0.7))), "bottom(0.7) of entropy"),
            (.rows(.sample(try share(0.5))), "rows(sample(0.5))"),
            (
                .stages(.tokens, [.init(start: 0, rule: .all), .init(start: 5, rule: .top(try share(0.5)))]),
                "{0: all, 5: top(0.5)} by tokens"
            ),
        ]
        for (rule, text) in rules {
            #expect(rule.description == text)
            #expect(try SelectionRule(json: JSON.parse(rule.json.serialized())) == rule)
        }
        #expect(throws: RhoError.self) { try SelectionRule(json: ["topp": 0.5]) }
    }
}
