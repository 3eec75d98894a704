import RhoCore
import RhoTraining
import Testing

@Suite struct ProgressLineTests {
    /// A clock that is moved by hand and a sink that remembers.
    private final class Stage {
        var now = 0.0
        var text = ""
    }

    private func line(_ stage: Stage, _ mode: ProgressMode, steps: Int = 100, first: Int = 0) -> ProgressLine {
        ProgressLine(
            label: "slm", steps: steps, first: first, mode: mode, isTerminal: false, width: 200,
            clock: { stage.now }, write: { stage.text += $0 })
    }

    @Test func plainPrintsEveryTwentiethOrHalfAMinute() {
        let stage = Stage()
        let progress = line(stage, .auto)
        for step in 1...100 {
            stage.now += 1
            progress.update(ProgressUpdate(step: step, loss: 2.5, kept: 0.6, tokens: step * 1000))
        }
        let lines = stage.text.split(separator: "\n")
        #expect(lines.count == 20)
        #expect(lines[0] == "slm: step 5/100, loss 2.5000, kept 60.0%, 1.00k tok/s, ETA 1:35")
        #expect(lines[19] == "slm: step 100/100, loss 2.5000, kept 60.0%, 1.00k tok/s, took 1:40")
        stage.text = ""
        let slow = line(stage, .plain, steps: 1000)
        for step in 1...4 {
            stage.now += 20
            slow.update(ProgressUpdate(step: step))
        }
        #expect(stage.text == "slm: step 2/1000, ETA 5:32:40\nslm: step 4/1000, ETA 5:32:00\n")
    }

    @Test func aBarRewritesOneLineTenTimesASecond() {
        let stage = Stage()
        let progress = line(stage, .bar, steps: 4)
        for step in 1...4 {
            stage.now += 0.06
            progress.update(ProgressUpdate(step: step, loss: 1))
        }
        progress.note("saved")
        #expect(stage.text.contains("\r\u{1b}[2Kslm  ━━━━╌╌╌╌╌╌╌╌╌╌╌╌ 25%  step 1/4  loss 1.0000  ETA 0:00"))
        #expect(!stage.text.contains("step 2/4") && stage.text.contains("step 3/4") && stage.text.contains("step 4/4"))
        #expect(stage.text.hasSuffix("saved\n"))
    }

    @Test func aResumedRunCountsItsOwnSpeed() {
        let stage = Stage()
        let progress = line(stage, .plain, steps: 100, first: 50)
        progress.startTokens(50_000)
        for step in 51...55 {
            stage.now += 1
            progress.update(ProgressUpdate(step: step, tokens: step * 1000))
        }
        #expect(stage.text == "slm: step 55/100, 1.00k tok/s, ETA 0:45\n")
    }

    @Test func jsonAndNone() throws {
        let stage = Stage()
        let progress = line(stage, .json, steps: 20)
        stage.now = 2
        progress.update(ProgressUpdate(step: 1, loss: 0.5, tokens: 100))
        progress.note("done")
        let lines = try stage.text.split(separator: "\n").map { try JSON.parse(String($0)) }
        #expect(lines[0]["loss"] == 0.5 && lines[0]["tokens_per_second"] == 50 && lines[1]["note"] == "done")
        stage.text = ""
        line(stage, .none).update(ProgressUpdate(step: 50))
        #expect(stage.text.isEmpty)
        #expect(throws: RhoError.self) { try ProgressMode(named: "fancy") }
    }

    @Test func numbersForPeople() {
        #expect(Text.scaled(999) == "999" && Text.scaled(1234) == "1.23k" && Text.scaled(2_000_000) == "2.00M")
        #expect(Text.scaled(99_950) == "100k" && Text.scaled(12.25) == "12.2" && Text.scaled(999_999) == "1.00M")
        #expect(Text.duration(7.4) == "0:07" && Text.duration(3723) == "1:02:03" && Text.duration(.nan) == "-")
        #expect(Text.fixed(.nan, 2) == "-" && Text.fixed(1.005, 1) == "1.0" && Text.percent(0.1234) == "12.3%")
        #expect(Text.short(2.0) == "2" && Text.short(0.1) == "0.1")
    }
}
