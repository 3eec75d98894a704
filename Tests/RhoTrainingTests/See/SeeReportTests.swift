import RhoCore
import RhoTestSupport
import RhoTraining
import Testing

@Suite struct SeeReportTests {
    @Test func aPageIsRebuiltFromTheFilesAndKeepsItsTexts() throws {
        let fixture = try RunFixture()
        let path = try fixture.run("one", config: "\"keep\": 0.6", arms: [("clm", [6, 3]), ("slm", [6, 2])])
        let view = TokenView(
            title: "a <b>", arms: [.init(name: "slm", pieces: ["a ", "<b>", "\nc"], values: [(.loss, [1, 2, 3])])])
        try HTMLReport(title: "old", sections: [.tokens(view)]).write(path + "/report.html")
        #expect(RunReport.texts(in: path + "/report.html") == ["a <b>\nc"])

        for round in 1...2 {
            let problems = try RunReport([path]).write(path + "/report.html")
            #expect(problems.allSatisfy { $0.contains("gnuplot is not installed") })
            let page = try Files.readText(path + "/report.html")
            #expect(page.contains("<h1>demo</h1>"), "round \(round)")
            #expect(page.contains("<p class=\"lead\">Run, done; seed 1</p>"))
            #expect(page.contains("<section class=\"tokens show-loss\" id=\"k0\">"))
            #expect(page.contains("name=\"k0-c\""))
            #expect(page.contains("<code>keep</code>"))
            #expect(page.contains("abcdef0123") && page.contains("<table class=\"facts\">"))
            #expect(RunReport.texts(in: path + "/report.html") == ["a <b>\nc"])
            if problems.isEmpty { #expect(page.contains("<svg")) }
        }
    }

    @Test func seedsBecomeOneLineWithABand() throws {
        let fixture = try RunFixture()
        try fixture.run("a", seed: 1, arms: [("clm", [6, 3, 2])])
        try fixture.run("b", seed: 2, arms: [("clm", [6, 4])])
        let arms = try ArmGroups([fixture.path("")])
        let chart = try CurvePlot.chart(arms, tag: CurvePlot.mainTag(arms), overSteps: true)
        #expect(chart.title == "demo: held-out loss (clean)" && chart.xLabel == "step")
        #expect(chart.yLabel == "held-out loss (clean), nats per token")
        #expect(chart.series.count == 1)
        #expect(chart.series[0].name == "clm (2 seeds)")
        #expect(chart.series[0].x == [0, 1] && chart.series[0].y == [6, 3.5])
        #expect(abs(chart.series[0].spread[1] - 0.5.squareRoot()) < 1e-12)
        #expect(throws: (any Error).self) { try CurvePlot.chart(arms, tag: "train/los", overSteps: false) }
    }

    /// In the same step seeds see a few tokens more or less, because documents end in other places.
    @Test func seedsAreAveragedByStep() throws {
        let fixture = try RunFixture()
        try fixture.run("a", seed: 1, arms: [("clm", [6, 3])])
        let other = try fixture.run("b", seed: 2, arms: [("clm", [6, 4])])
        let metrics = "\(other)/clm/metrics.jsonl"
        try Files.writeAtomically(
            metrics, try Files.readText(metrics).replacing("\"tokens\":1000", with: "\"tokens\":1010"))
        let chart = try CurvePlot.chart(
            ArmGroups([fixture.path("")]), tag: "eval/clean/loss", overSteps: false)
        #expect(chart.series.map(\.name) == ["clm (2 seeds)"])
        #expect(chart.series[0].x == [0, 1005] && chart.series[0].y == [6, 3.5])
    }

    @Test func aPDFIsDrawn() throws {
        let directory = try TemporaryDirectory()
        var chart = Chart(title: "t", xLabel: "x", yLabel: "y", series: [.init(name: "a", x: [0, 1], y: [1, 2])])
        chart.formats = [.pdf]
        let files = try chart.write(base: directory.file("p"))
        if files.problem == nil {
            #expect(files.pictures == [directory.file("p.pdf")])
            #expect(try Files.read(files.pictures[0]).starts(with: Array("%PDF".utf8)))
        } else {
            #expect(files.problem?.contains("gnuplot") == true)
        }
    }
}
