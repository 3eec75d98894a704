import RhoCore
import RhoTraining
import Testing

@Suite struct ScheduleTests {
    @Test func warmUpRisesToThePeakInEqualSteps() throws {
        let schedule = try Schedule(.constant, peak: 0.5, warmup: 4)
        #expect((0..<6).map { schedule($0) } == [0.125, 0.25, 0.375, 0.5, 0.5, 0.5])
    }

    @Test func linearAndCosineEndAtTheirShareOfThePeak() throws {
        let linear = try Schedule(.linear, peak: 1, steps: 10, final: 0.1)
        #expect(linear(0) == 1 && abs(linear(5) - 0.55) < 1e-12 && abs(linear(10) - 0.1) < 1e-12)
        #expect(linear(10) == linear(1000))
        let cosine = try Schedule(.cosine, peak: 1, warmup: 10, steps: 110, final: 0.2)
        #expect(cosine(10) == 1 && abs(cosine(60) - 0.6) < 1e-12 && abs(cosine(110) - 0.2) < 1e-12)
        for step in 10..<110 { #expect(cosine(step + 1) < cosine(step)) }
    }

    @Test func wsdHoldsAndThenFalls() throws {
        let schedule = try Schedule(.wsd, peak: 1, warmup: 2, steps: 10, final: 0, decay: 4)
        #expect((0..<11).map { schedule($0) } == [0.5, 1, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25, 0])
        #expect(try Schedule(.wsd, peak: 1, steps: 10, decay: 0)(9) == 1)
    }

    @Test func badParametersAreRefused() {
        #expect(throws: RhoError(.value, "peak must be a number above 0, got 0.0")) { try Schedule(.constant, peak: 0) }
        #expect(throws: RhoError(.value, "a cosine schedule needs steps > 0, got 0")) { try Schedule(.cosine, peak: 1) }
        #expect(throws: RhoError(.value, "warmup must not exceed the run's 5 steps, got 6")) {
            try Schedule(.linear, peak: 1, warmup: 6, steps: 5)
        }
        #expect(throws: RhoError.self) { try Schedule(.wsd, peak: 1, warmup: 5, steps: 10, decay: 6) }
        #expect(throws: RhoError.self) { try Schedule(.linear, peak: 1, steps: 10, final: 2) }
    }

    @Test func printsItself() throws {
        let schedule = try Schedule(.cosine, peak: 0.001, warmup: 10, steps: 100, final: 0.1)
        #expect(schedule.description == "cosine peak 0.001, warm-up 10 steps, down to 0.1 of the peak at step 100")
        #expect(
            schedule.json.serialized()
                == #"{"shape":"cosine","peak":0.001,"warmup":10,"steps":100,"final":0.1}"#)
    }
}
