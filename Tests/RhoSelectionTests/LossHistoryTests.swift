import RhoCore
import RhoSelection
import Testing

@Suite struct LossHistoryTests {
    @Test func meansByHand() throws {
        var history = try LossHistory(momentum: 0.75)
        #expect(history.value(part: 0, index: 3) == nil && history.count == 0)
        history.record(4, part: 0, index: 3)
        #expect(history.value(part: 0, index: 3) == 4)
        history.record(2, part: 0, index: 3)
        #expect(history.value(part: 0, index: 3) == 3.5)
        history.record(.nan, part: 0, index: 3)
        history.record(.infinity, part: 0, index: 3)
        #expect(history.value(part: 0, index: 3) == 3.5)
        history.record(1, part: 2, index: 100)
        #expect(
            history.value(part: 2, index: 100) == 1 && history.value(part: 2, index: 99) == nil
                && history.value(part: 1, index: 0) == nil)
        #expect(history.count == 2)
    }

    @Test func momentumIsChecked() {
        #expect(throws: RhoError.self) { try LossHistory(momentum: 1) }
        #expect(throws: RhoError.self) { try LossHistory(momentum: -0.1) }
    }

    @Test func survivesACheckpoint() throws {
        var history = try LossHistory(momentum: 0.5)
        history.record(3, part: 0, index: 7)
        history.record(0.25, part: 2, index: 0)
        let again = try LossHistory(momentum: Double(history.momentum), parts: history.parts)
        #expect(again.value(part: 0, index: 7) == 3 && again.value(part: 2, index: 0) == 0.25 && again.count == 2)
        #expect(again.momentum == 0.5)
    }
}
