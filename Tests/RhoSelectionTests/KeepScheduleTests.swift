import RhoCore
import RhoSelection
import Testing

@Suite struct KeepScheduleTests {
    @Test func warmUpWithFullLossThenAShare() throws {
        let schedule = try KeepSchedule([.init(at: 0, keep: 1), .init(at: 0.1, keep: 0.6)])
        #expect(schedule.keep(at: SelectionMoment(progress: 0)) == 1)
        #expect(schedule.keep(at: SelectionMoment(progress: 0.0999)) == 1)
        #expect(schedule.keep(at: SelectionMoment(progress: 0.1)) == 0.6)
        #expect(schedule.keep(at: SelectionMoment(progress: 1)) == 0.6)
        #expect(schedule.description == "{0: 1, 0.1: 0.6} by progress")
    }

    @Test func stepsTokensAndStraightLines() throws {
        let steps = try KeepSchedule(
            [.init(at: 0, keep: 1), .init(at: 100, keep: 0.5)], unit: .steps, interpolation: .linear)
        #expect(steps.keep(at: SelectionMoment(step: 50)) == 0.75)
        #expect(steps.keep(at: SelectionMoment(step: 500)) == 0.5)
        let tokens = try KeepSchedule([.init(at: 0, keep: 0), .init(at: 4096, keep: 1)], unit: .tokens)
        #expect(tokens.keep(at: SelectionMoment(tokens: 4095)) == 0)
        #expect(tokens.keep(at: SelectionMoment(tokens: 4096)) == 1)
        for schedule in [steps, tokens] {
            #expect(try KeepSchedule(json: JSON.parse(schedule.json.serialized())) == schedule)
        }
        #expect(steps.description == "{0: 1, 100: 0.5} by steps, linear")
    }

    @Test func badSchedulesAreRefused() {
        #expect(throws: RhoError(.value, "a keep schedule needs at least one point")) { try KeepSchedule([]) }
        #expect(throws: RhoError(.value, "a keep schedule must start at 0, got 0.5")) {
            try KeepSchedule([.init(at: 0.5, keep: 1)])
        }
        #expect(throws: RhoError(.value, "keep schedule points must rise, got 0.2 after 0.2")) {
            try KeepSchedule([.init(at: 0, keep: 1), .init(at: 0.2, keep: 1), .init(at: 0.2, keep: 0.5)])
        }
        #expect(throws: RhoError.self) { try KeepSchedule([.init(at: 0, keep: 1), .init(at: 500, keep: 0.5)]) }
    }
}
