import RhoCore
import RhoTestSupport
import RhoTraining
import Testing

@Suite struct SeeStatusTests {
    @Test func statusIsATable() throws {
        let fixture = try RunFixture()
        try fixture.run("demo/one", dirty: true, arms: [("clm", [6, 3, 2.5])])
        try fixture.run("demo/two", ended: nil, arms: [("slm", [6, 3])])
        try fixture.run("demo/three", ended: "diverged", arms: [])
        _ = try fixture.directory.write("demo/notes/readme.txt", "no run")
        let root = fixture.path("demo")
        let runs = try RunRecord.paths(below: root).map { try RunRecord(path: $0) }
        #expect(
            StatusView.table(runs, below: root).text(ink: Ink(false)) == """
                run    status       experiment     started (UTC)  arm  step    loss  tokens  time
                one*   done         demo        2026-03-01 14:05  clm   2/2  3.5000   2.00k  1:01
                three  diverged     demo        2026-03-01 14:05  -       -       -       0  1:01
                two    interrupted  demo        2026-03-01 14:05  slm     1  4.0000   1.00k  1:01
                * ran from sources with uncommitted changes.

                """)
        let json = StatusView.json(runs)
        #expect(json[1]?["status"] == "diverged")
        #expect(json[0]?["arms"]?[0]?["steps"] == 2)
        #expect(json[2]?["arms"]?[0]?["steps"] == .null)
    }

    @Test func aLiveLockMeansRunning() throws {
        let fixture = try RunFixture()
        try fixture.run("live", ended: nil, arms: [("clm", [6, 3])])
        let owner = RunLock.Owner.current()
        _ = try fixture.directory.write(
            "live/lock.json",
            """
            {"host": "\(owner.host)", "boot_id": "\(owner.bootID)", "pid": \(owner.process),
             "process_start": \(owner.processStart), "heartbeat": 0}
            """)
        _ = try fixture.directory.write("live/clm/config.json", "{\"steps\": 40}")
        let run = try RunRecord(path: fixture.path("live"))
        #expect(run.status == .running)
        #expect(
            StatusView.watch([run], below: fixture.path(""), ink: Ink(false), columns: 80) == """
                live  running  2026-03-01 14:05
                  ▸ clm   1/40  █▁                    loss 4.000  clean/loss 3.000

                """)
    }

    @Test func colourOnlyWhereItIsWanted() throws {
        let fixture = try RunFixture()
        try fixture.run("one", arms: [("clm", [6, 3])])
        let table = StatusView.table([try RunRecord(path: fixture.path("one"))], below: fixture.path(""))
        #expect(table.text(ink: Ink(true)).contains("\u{1B}[32mdone\u{1B}[0m"))
        #expect(!table.text(ink: Ink(false)).contains("\u{1B}"))
    }

    @Test func sparklines() {
        #expect(Sparkline.text([0, 1, 2, 3, 4, 5, 6, 7], width: 8) == "▁▂▃▄▅▆▇█")
        #expect(Sparkline.text([1, 1, 1], width: 8) == "▁▁▁")
        #expect(Sparkline.text([0, 0, .nan, 8, 8], width: 2) == "▁█")
        #expect(Sparkline.text([], width: 8) == "")
    }

    @Test func whatIsNoRunIsSaid() throws {
        let fixture = try RunFixture()
        #expect(throws: RhoError(.io, "\(fixture.path("no")) is no run directory: it has no run.json")) {
            try RunRecord(path: fixture.path("no"))
        }
    }
}
