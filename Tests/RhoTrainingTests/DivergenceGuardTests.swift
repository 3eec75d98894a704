import RhoCore
import RhoTraining
import Testing

@Suite struct DivergenceGuardTests {
    @Test func notANumberStopsAtOnce() throws {
        var watch = try DivergenceGuard()
        #expect(throws: RhoError.self) { try watch.check(step: 1, loss: 2, badTokens: 1) }
        #expect(throws: RhoError.self) { try watch.check(step: 1, loss: .infinity) }
        // No tokens selected: no loss, no verdict.
        try watch.check(step: 2, loss: .nan)
    }

    @Test func patienceForgivesOutliersButNotAHigherLevel() throws {
        var watch = try DivergenceGuard(factor: 3, window: 8, patience: 3, warmup: 4)
        for step in 0..<4 { try watch.check(step: step, loss: 2) }
        try watch.check(step: 4, loss: 50)
        try watch.check(step: 5, loss: 50)
        try watch.check(step: 6, loss: 2)
        try watch.check(step: 7, loss: 50)
        try watch.check(step: 8, loss: 50)
        #expect(
            throws: RhoError(
                .diverged,
                "step 9: the loss 50.0000 has been above 3 times the median 2.0000 of earlier steps for 3 steps",
                hint: "lower the learning rate")
        ) { try watch.check(step: 9, loss: 50) }
    }

    @Test func earlyStepsAreNotJudged() throws {
        var watch = try DivergenceGuard(factor: 2, window: 8, patience: 1, warmup: 4)
        for loss in [1.0, 10, 1, 10] { try watch.check(step: 0, loss: loss) }
    }

    @Test func stateSurvivesAResume() throws {
        var watch = try DivergenceGuard(factor: 3, window: 4, patience: 2, warmup: 2)
        for loss in [2.0, 2.5, 0.1, 3, 40] { try watch.check(step: 0, loss: loss) }
        var restored = try DivergenceGuard(factor: 3, window: 4, patience: 2, warmup: 2)
        restored.restore(try JSON.parse(watch.state.serialized()))
        #expect(restored == watch)
        #expect(throws: RhoError.self) { try restored.check(step: 1, loss: 40) }
    }
}
