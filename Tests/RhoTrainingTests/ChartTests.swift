import RhoCore
import RhoTestSupport
import RhoTraining
import Testing

@Suite struct ChartTests {
    private func chart() -> Chart {
        Chart(
            title: "Held-out loss, Bob's run", xLabel: "tokens", yLabel: "nats per token",
            series: [
                .init(name: "clm", x: [0, 500_000, 1_000_000], y: [3, .nan, 1.5], spread: [0.1, 0.1, 0.1]),
                .init(name: "slm_0.6", x: [0, 1_000_000], y: [3, 1.25], dashed: true),
            ])
    }

    @Test func dataAndScriptAreLeftBesideThePictures() throws {
        let directory = try TemporaryDirectory()
        let files = try chart().write(base: directory.file("it's here/loss"))
        #expect(
            try Files.readText(files.data)
                == "# clm\n0\t3\t2.9\t3.1\n500000\tNaN\tNaN\tNaN\n1000000\t1.5\t1.4\t1.6\n\n\n"
                + "# slm_0.6\n0\t3\n1000000\t1.25\n"
        )
        let script = try Files.readText(files.script)
        #expect(script.contains("set title 'Held-out loss, Bob''s run' noenhanced"))
        #expect(script.contains("set xtics ('0' 0, '200k' 200000, '400k' 400000"))
        if files.problem == nil {
            #expect(try Files.readText(files.pictures[0]).contains("<svg"))
            #expect(try Files.read(files.pictures[1]).starts(with: [0x89, 0x50, 0x4e, 0x47]))
        } else {
            #expect(files.problem?.hasPrefix("gnuplot is not installed") == true)
        }
    }

    @Test func nothingToDrawIsSaidAndIsNoFailure() throws {
        let directory = try TemporaryDirectory()
        let empty = Chart(title: "empty", xLabel: "x", yLabel: "y", series: [.init(name: "a", x: [], y: [])])
        #expect(try empty.write(base: directory.file("empty")).problem == "the chart 'empty' has no points yet")
        let uneven = Chart(title: "t", xLabel: "x", yLabel: "y", series: [.init(name: "a", x: [1], y: [])])
        #expect(throws: RhoError(.shape, "series 'a' has 1 x values and 0 y values")) {
            try uneven.write(base: directory.file("uneven"))
        }
    }

    @Test func oneValueAndLogarithmsDraw() throws {
        let directory = try TemporaryDirectory()
        var log = chart()
        log.series = [.init(name: "flops", x: [1e9, 1e12], y: [2, 1]), .init(name: "point", x: [1e10], y: [1.5])]
        log.logX = true
        log.logY = true
        let files = try log.write(base: directory.file("log"))
        #expect(files.problem == nil || files.problem?.contains("not installed") == true)
        log.series = [.init(name: "one", x: [5], y: [5])]
        log.logX = false
        #expect(try log.write(base: directory.file("one")).problem?.contains("could not draw") != true)
    }
}
