import RhoCore
import RhoSelection
import Testing

@Suite struct SelectionPolicyTests {
    /// Two rows of three tokens; scores are the losses.
    private func table(_ loss: [Float]) throws -> TokenColumns { try grid(2, [.loss: loss]) }

    private func policy(_ scope: SelectionScope, keep: Double = 1.0 / 3) throws -> SelectionPolicy {
        try SelectionPolicy(score: .loss, rule: .top(share(keep)), scope: scope)
    }

    @Test func scopesDecideWhoCompetes() throws {
        let window = [try table([1, 2, 3, 4, 5, 6]), try table([0, 0, 0, 9, 8, 7])]
        let moment = SelectionMoment()
        #expect(kept(try policy(.sequence).select(window, at: moment)) == [2, 5, 6, 9])
        #expect(kept(try policy(.microBatch).select(window, at: moment)) == [4, 5, 9, 10])
        #expect(kept(try policy(.batch).select(window, at: moment)) == [5, 9, 10, 11])
        #expect(SelectionScope.batch.needsWholeWindow && !SelectionScope.microBatch.needsWholeWindow)
    }

    @Test func cuttingABatchIntoMicroBatchesChangesNothingUnderScopeBatch() throws {
        let loss = randomScores(48, seed: 3)
        for policy in [
            try policy(.batch, keep: 0.6), try SelectionCatalog.named("random").make(),
            try SelectionPolicy(score: .unary(.exp, .loss), rule: .sample(share(0.4))),
        ] {
            let whole = try policy.select([grid(8, [.loss: loss])], at: SelectionMoment(step: 3, seed: 9))
            let parts = try stride(from: 0, to: 48, by: 12).map { try grid(2, [.loss: Array(loss[$0..<$0 + 12])]) }
            let cut = try policy.select(parts, at: SelectionMoment(step: 3, seed: 9))
            #expect(whole.weights == cut.weights)
            #expect(cut.weights(of: 1) == whole.weights[12..<24])
        }
        // One micro-batch at a time, with the offset of the tokens before it, draws the same numbers too.
        let random = try SelectionPolicy(score: .random, rule: .above(.value(0.5)), scope: .microBatch)
        let whole = try random.select([grid(8, [.loss: loss])], at: SelectionMoment(seed: 9))
        let second = try random.select(
            [grid(2, [.loss: Array(loss[12..<24])])], at: SelectionMoment(seed: 9, tokenOffset: 12))
        #expect(Array(whole.weights[12..<24]) == second.weights)
    }

    @Test func normalisersCountOverTheWholeWindow() throws {
        let window = [try row([.loss: [1, 2, 3, 4]], valid: [true, true, true, false]), try row([.loss: [5, 6]])]
        let rule = SelectionRule.above(.value(3))
        func normaliser(_ kind: Normaliser) throws -> Double {
            try SelectionPolicy(score: .loss, rule: rule, normaliser: kind, weights: .loss * 0.5)
                .select(window, at: SelectionMoment()).normaliser
        }
        #expect(try normaliser(.selected) == 3)
        #expect(try normaliser(.valid) == 5)
        #expect(try normaliser(.weights) == 7)
    }

    @Test func lossGradientIsWeightOverNormaliser() throws {
        let selection = try SelectionPolicy(score: .loss, rule: .top(share(0.5)))
            .select([row([.loss: [1, 2]]), row([.loss: [4, 3]])], at: SelectionMoment())
        #expect(selection.lossGradient(of: 0) == [0, 0])
        #expect(selection.lossGradient(of: 1) == [0.5, 0.5])
        #expect(selection.statistics.objectiveSum / selection.normaliser == 3.5)
    }

    @Test func keepZeroSelectsNothingAndIsCounted() throws {
        let selection = try policy(.batch, keep: 0).select([table([1, 2, 3, 4, 5, 6])], at: SelectionMoment())
        #expect(selection.selected == 0 && selection.valid == 6 && selection.normaliser == 0)
        #expect(selection.lossGradient(of: 0) == [0, 0, 0, 0, 0, 0])
        #expect(selection.statistics.keptShare == 0)
    }

    @Test func emptyWindowsAreFine() throws {
        for name in SelectionCatalog.names {
            let policy = try SelectionCatalog.named(name).make()
            let nothing = try policy.select([], at: SelectionMoment())
            #expect(nothing.weights.isEmpty && nothing.normaliser == 0)
            var empty = try TokenColumns(rows: 0, tokens: 8)
            for column in policy.requiredColumns + [.loss] { try empty.set(column, []) }
            #expect(try policy.select([empty], at: SelectionMoment()).valid == 0)
        }
    }

    @Test func aNotANumberLossIsNeverTrainedOn() throws {
        let table = try row([.loss: [.nan, 1, .infinity], .referenceLoss: [0, 0, 0]])
        for name in ["all", "random", "excess_loss", "reference_loss"] {
            let options = name == "all" ? PolicyOptions() : PolicyOptions(keep: try share(1))
            let selection = try SelectionCatalog.named(name).make(options).select([table], at: SelectionMoment())
            #expect(selection.weights == [0, 1, 1], "\(name)")
            #expect(selection.statistics.notANumber == 1)
            #expect(selection.statistics.badLoss == 2)
            #expect(selection.statistics.meanLoss == 1)
        }
    }

    @Test func softWeightsMultiplyTheMask() throws {
        let policy = try SelectionPolicy(
            score: .loss, rule: .above(.value(1)), normaliser: .weights, weights: .unary(.exp, -.loss))
        let selection = try policy.select([row([.loss: [0, 1, .infinity]])], at: SelectionMoment())
        #expect(selection.weights[0] == 0 && abs(selection.weights[1] - 0.36787944) < 1e-7)
        #expect(selection.weights[2] == 0)
        let bad = try SelectionPolicy(score: .loss, rule: .all, weights: 1 / .loss)
            .select([row([.loss: [0, 2]])], at: SelectionMoment())
        #expect(bad.weights == [0, 0.5] && bad.statistics.notANumber == 1)
    }

    @Test func statisticsAgainstLabels() throws {
        let table = try row([
            .loss: [5, 4, 3, 2, 1, 9], .referenceLoss: [1, 1, 1, 2, 1, 9], .label: [0, 0, 1, 0, 2, 1],
        ])
        let selection = try SelectionCatalog.named("excess_loss").make(PolicyOptions(keep: try share(0.5)))
            .select([table], at: SelectionMoment())
        #expect(kept(selection) == [0, 1, 2])
        let statistics = selection.statistics
        #expect(statistics.labels.total == [3, 2, 1] && statistics.labels.kept == [2, 1, 0])
        #expect(statistics.labels.precision == 2.0 / 3 && statistics.labels.recall == 2.0 / 3)
        #expect(statistics.keptLoss.mean == 4 && statistics.droppedLoss.mean == 4 && statistics.meanLoss == 4)
        #expect(statistics.keptScore.mean == 3 && statistics.droppedScore.mean == 0)
        var twice = statistics
        twice += statistics
        #expect(twice.valid == 12 && twice.labels.precision == 2.0 / 3 && twice.keptLoss.mean == 4)
    }

    @Test func weightsFromOutsideAreCheckedAndCounted() throws {
        let window = [try row([.loss: [1, 2, 3, 4]], valid: [true, true, true, false])]
        let selection = try Selection(weights: [1, .nan, 0.5, 1], window: window, normaliser: .weights)
        #expect(selection.weights == [1, 0, 0.5, 0] && selection.normaliser == 1.5)
        #expect(selection.statistics.notANumber == 1)
        #expect(throws: RhoError(.shape, "a policy must return one weight per token, 4, got 3")) {
            try Selection(weights: [1, 1, 1], window: window, normaliser: .weights)
        }
    }

    @Test func policiesPrintAndReadBack() throws {
        let policy = try SelectionCatalog.named("excess_loss").make(PolicyOptions(keep: try share(0.6)))
        #expect(policy.label == "excess_loss-0.6")
        #expect(policy.description == "excess_loss: keep top(0.6) of excess per batch, divided by selected")
        #expect(
            policy.json.serialized()
                == #"{"name":"excess_loss","score":"excess","rule":{"top":0.6},"#
                + #""scope":"batch","normaliser":"selected"}"#)
        #expect(throws: RhoError(.value, "a policy has no option 'scpe' (did you mean 'scope'?)")) {
            try SelectionPolicy(json: ["score": "loss", "rule": "all", "scpe": "batch"])
        }
        #expect(
            throws: RhoError(
                .value, "scope must be one of sequence, micro_batch, batch, corpus, got 'bach' (did you mean 'batch'?)")
        ) { try SelectionScope(named: "bach") }
    }

    @Test func aColumnIsRequiredOnlyIfSomethingReadsIt() throws {
        #expect(try SelectionCatalog.named("all").make().requiredColumns == [])
        #expect(try SelectionCatalog.named("random").make().requiredColumns == [])
        #expect(try SelectionCatalog.named("excess_loss").make().requiredColumns == [.loss, .referenceLoss])
        #expect(
            try SelectionCatalog.named("self_reference_union").make().requiredColumns == [
                .referenceEntropy, .referenceLoss,
            ])
        let policy = try SelectionPolicy(score: .margin, rule: .top(share(0.5)), weights: .probability)
        #expect(policy.requiredColumns == [.loss, .margin])
    }
}
