import RhoCore
import RhoData
import RhoModels
import RhoSelection
import RhoTensor
import RhoTraining
import Testing

@Suite struct SelectiveStepTests {
    /// Gradients of one step, divided as the optimiser would.
    private func gradients(
        _ bench: Bench, _ selector: any TokenSelector, microBatches: Int, reference: SelectionInputs.Reference = .none
    ) throws -> (values: [Float], outcome: SelectiveStep.Outcome) {
        let model = try bench.model()
        let loader = try DataLoader(bench.noisy, batch: 8, tokens: bench.context, order: .shuffled(seed: 5))
        let inputs = try SelectionInputs(for: selector, reference: reference, hasLabels: true)
        let step = SelectiveStep(model: model, selector: selector, inputs: inputs, microBatches: microBatches)
        let outcome = try step.accumulate(loader.batch(step: 0), at: SelectionMoment())
        let scale = Float(outcome.gradientScale)
        return (model.parameters.flatMap { ($0.tensor.grad?.toArray() ?? []).map { $0 * scale } }, outcome)
    }

    private func distance(_ a: [Float], _ b: [Float]) -> Float {
        zip(a, b).map { abs($0 - $1) }.max() ?? .infinity
    }

    @Test func oneNormaliserOverTheWholeWindowWhateverTheCut() throws {
        let bench = try Bench()
        let scores = try bench.score(bench.model(seed: 2))
        for selector in [
            try policy("all"), try policy("excess_loss", keep: 0.6), try policy("random", keep: 0.3),
            try policy("high_loss", keep: 0.6, scope: .sequence),
            try SelectionPolicy(score: .loss, rule: .above(.value(5.55)), normaliser: .weights, weights: .loss),
        ] {
            let whole = try gradients(bench, selector, microBatches: 1, reference: .scores(scores))
            for pieces in [2, 3, 8] {
                let cut = try gradients(bench, selector, microBatches: pieces, reference: .scores(scores))
                #expect(cut.outcome.statistics.selected == whole.outcome.statistics.selected, "\(selector)")
                #expect(abs(cut.outcome.normaliser - whole.outcome.normaliser) < 1e-3)
                #expect(distance(cut.values, whole.values) < 1e-6, "\(selector) in \(pieces)")
            }
        }
    }

    @Test func aSecondForwardPassIsOnlyPaidForWhenScoresCompeteAcrossPieces() throws {
        let bench = try Bench()
        func extra(_ selector: any TokenSelector) throws -> Int {
            try gradients(bench, selector, microBatches: 4).outcome.selectionTokens
        }
        #expect(try extra(policy("high_loss", keep: 0.5)) == 8 * 32)
        #expect(try extra(policy("all")) == 0)
        #expect(try extra(policy("high_loss", keep: 0.5, scope: .microBatch)) == 0)
        #expect(try extra(SelectionPolicy(score: .loss, rule: .above(.value(5)))) == 0)
    }

    @Test func theGradientIsThatOfTheWrittenFormula() throws {
        let bench = try Bench()
        let selector = try policy("high_loss", keep: 0.6)
        let step = try gradients(bench, selector, microBatches: 1)
        // The same objective written out over tensors: sum(loss * w) / sum(w).
        let model = try bench.model()
        let loader = try DataLoader(bench.noisy, batch: 8, tokens: bench.context, order: .shuffled(seed: 5))
        let batch = loader.batch(step: 0)
        let loss = try model.loss(batch.grid(), targets: batch.targets)
        var columns = try TokenColumns(rows: 8, tokens: 32)
        try columns.set(.loss, loss.toArray())
        let selection = try selector.select([columns], at: SelectionMoment())
        let weights = try Tensor.from(selection.weights, [8, 32])
        try loss.mul(weights).sum().div(Tensor.from([Float(selection.normaliser)], [1])).sum().backward()
        #expect(model.parameters.flatMap { $0.tensor.grad?.toArray() ?? [] } == step.values)
    }

    @Test func aLiveReferenceAgreesWithItsScores() throws {
        let bench = try Bench()
        let reference = try bench.model(seed: 2)
        let scores = try bench.score(reference, entropy: true)
        let loader = try DataLoader(bench.noisy, batch: 4, tokens: bench.context, order: .shuffled(seed: 5))
        let batch = loader.batch(step: 1)
        let losses = try bench.model().loss(batch.grid(), targets: batch.targets, extras: [.entropy, .margin])
        let selector = try SelectionPolicy(
            score: .excess + .referenceEntropy + .margin + .entropy + .column(.id) + .column(.source) + .column(.label),
            rule: .above(.value(0)))
        func columns(_ source: SelectionInputs.Reference) throws -> TokenColumns {
            try SelectionInputs(for: selector, reference: source, hasLabels: true).columns(of: batch, losses: losses)
        }
        let (stored, live) = (try columns(.scores(scores)), try columns(.model(reference)))
        #expect(stored.names == live.names && stored.names.count == 8)
        for column in [TokenColumn.referenceLoss, .referenceEntropy] {
            // Half precision keeps 11 bits.
            for (a, b) in zip(stored[column] ?? [], live[column] ?? []) { #expect(abs(a - b) <= abs(b) / 1024) }
        }
        #expect(stored[.id]?.first == batch.targets.first.map(Float.init))
        #expect(stored[.source]?.allSatisfy { $0 == 0 } == true)
    }

    @Test func whatCannotBeSuppliedIsRefusedBeforeTheFirstStep() throws {
        let bench = try Bench()
        let excess = try policy("excess_loss")
        #expect(
            throws: RhoError(
                .value, "the policy reads reference_loss, but no reference is given",
                hint: "score the corpus and pass the scores")
        ) { try SelectionInputs(for: excess) }
        let scores = try bench.score(bench.model(seed: 2))
        #expect(throws: RhoError.self) {
            try SelectionInputs(for: policy("reference_entropy"), reference: .scores(scores))
        }
        let label = try SelectionPolicy(score: -.column(.label), rule: .top(KeepSchedule(0.5)))
        #expect(throws: RhoError(.value, "the policy reads labels, but the corpus has none")) {
            try SelectionInputs(for: label)
        }
        let odd = try SelectionPolicy(
            score: .column(TokenColumn("attention")), rule: .all, weights: .column(TokenColumn("attention")))
        #expect(throws: RhoError.self) { try SelectionInputs(for: odd) }
        let model = try bench.model()
        let loader = try DataLoader(bench.noisy, batch: 2, tokens: bench.context, order: .sequential)
        let step = SelectiveStep(
            model: model, selector: try policy("all"), inputs: try SelectionInputs(for: policy("all")), microBatches: 3)
        #expect(throws: RhoError(.value, "a batch of 2 rows cannot be cut into 3 micro-batches")) {
            try step.accumulate(loader.batch(step: 0), at: SelectionMoment())
        }
    }
}
