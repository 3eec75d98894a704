import RhoCore
import RhoTestSupport
import RhoTraining
import Testing

@Suite struct SeeComparisonTests {
    private func threeSeeds() throws -> RunFixture {
        let fixture = try RunFixture()
        for (seed, clm, slm) in [(1, 3.0, 2.5), (2, 3.2, 2.8), (3, 3.1, 2.5)] {
            try fixture.run(
                "s\(seed)", seed: seed, dirty: seed == 2,
                arms: [("clm", [6, clm]), ("slm", [6, slm]), ("reference", [6, 1])])
        }
        return fixture
    }

    @Test func seedsAreAveragedAndDifferencesPaired() throws {
        let fixture = try threeSeeds()
        let comparison = try Comparison(ArmGroups([fixture.path("")]))
        #expect(
            comparison.rendered(.table) == """
                arm   seeds       clean/loss  Δ clean/loss vs clm
                clm*      3  3.1000 ± 0.1000                    -
                slm*      3  2.6000 ± 0.1732     -0.5000 ± 0.2484
                clean/loss in nats per token.
                Mean ± sample standard deviation over seeds; bold: best, and its 95 % interval excludes the next.
                Δ: mean of the differences between runs of the same seed, ± half of its 95 % t interval; bold where that excludes zero.
                * ran from sources with uncommitted changes.

                """)
        #expect(comparison.baselineName == "clm")
        #expect(comparison.best(Metric("eval/clean/loss")) == 1)
    }

    @Test func onlyWhatDiffersGetsAColumn() throws {
        let fixture = try RunFixture()
        try fixture.run("a", arms: [("clm", [6, 3]), ("slm", [6, 4, 2])])
        let table = try Comparison(ArmGroups([fixture.path("")])).rendered(.table)
        #expect(table.hasPrefix("arm  clean/loss  Δ clean/loss vs clm  tokens  selected"), "\(table)")
        #expect(!table.contains("FLOPs"))
        let asked = try Comparison(ArmGroups([fixture.path("")]), tags: ["flops"]).rendered(.table)
        #expect(asked.contains("FLOPs"))
    }

    @Test func everyFormatIsWhole() throws {
        let fixture = try RunFixture()
        try fixture.run("a", config: "\"keep\": 0.4, \"lr\": 1", arms: [("slm", [6, 2.5])])
        try fixture.run("b", config: "\"keep\": 0.6, \"lr\": 1.0", arms: [("slm", [6, 2.25]), ("x_1", [6, 4])])
        let comparison = try Comparison(ArmGroups([fixture.path("")]), tags: ["eval/clean/loss"])
        #expect(
            comparison.rendered(.csv) == """
                arm,keep,seeds,finished,dirty,eval/clean/loss,eval/clean/loss/std
                slm,0.4,1,1,false,2.5,
                slm,0.6,1,1,false,2.25,
                x_1,0.6,1,1,false,4,

                """)
        #expect(
            comparison.rendered(.md) == """
                | arm | keep | clean/loss |
                | --- | ---: | ---: |
                | slm | 0.4 | 2.5000 |
                | slm | 0.6 | 2.2500 |
                | x\\_1 | 0.6 | 4.0000 |

                clean/loss in nats per token.

                """)
        #expect(
            comparison.rendered(.latex) == """
                % clean/loss in nats per token.
                \\begin{tabular}{lrr}
                \\toprule
                arm & keep & clean/loss \\\\
                \\midrule
                slm & 0.4 & 2.5000 \\\\
                slm & 0.6 & 2.2500 \\\\
                x\\_1 & 0.6 & 4.0000 \\\\
                \\bottomrule
                \\end{tabular}

                """)
        let json = try JSON.parse(comparison.rendered(.json))
        #expect(json["arms"]?[1]?["metrics"]?["eval/clean/loss"]?["mean"] == .number(2.25))
        #expect(json["arms"]?[1]?["parameters"]?["keep"] == "0.6")
    }

    @Test func oneSeedIsNeverBestBeyondDoubt() throws {
        let fixture = try RunFixture()
        try fixture.run("a", arms: [("clm", [6, 3]), ("slm", [6, 2])])
        let comparison = try Comparison(ArmGroups([fixture.path("a")]))
        #expect(comparison.best(Metric("eval/clean/loss")) == nil)
        #expect(comparison.rendered(.table).contains("-1.0000"))
        #expect(comparison.rendered(.table).contains("One seed shows a direction, not a size"))
    }

    @Test func unfinishedTrainingsAreCountedNotAveraged() throws {
        let fixture = try RunFixture()
        try fixture.run("a", seed: 1, arms: [("clm", [6, 3])])
        try fixture.run("b", seed: 2, ended: "diverged", arms: [("clm", [6, 900])])
        let text = try Comparison(ArmGroups([fixture.path("")]), tags: ["eval/clean/loss"]).rendered(.table)
        #expect(
            text == """
                arm   seeds  clean/loss
                clm  1 of 2      3.0000
                clean/loss in nats per token.
                1 training is not counted: diverged.

                """)
    }

    @Test func repeatedRunsCountOnceAndTheLaterWins() throws {
        let fixture = try RunFixture()
        try fixture.run("a", started: "2026-03-02T00:00:00Z", arms: [("clm", [6, 2])])
        try fixture.run("b", started: "2026-03-01T00:00:00Z", arms: [("clm", [6, 3])])
        let arms = try ArmGroups([fixture.path("")])
        #expect(arms.groups.count == 1 && arms.groups[0].members.count == 1)
        #expect(arms.groups[0].members[0].arm.latest("eval/clean/loss") == 2)
        #expect(arms.notes == ["1 earlier training with the same parameters and seed is left out."])
    }

    @Test func namesRestrictAndMistakesAreExplained() throws {
        let fixture = try threeSeeds()
        let root = fixture.path("s1")
        #expect(try ArmGroups([root, "slm"]).groups.map(\.name) == ["slm"])
        #expect(try ArmGroups([root + "/clm", root + "/reference"]).groups.map(\.name) == ["clm", "reference"])
        #expect(
            throws: RhoError(
                .usage, "'smm' is neither a run directory nor one of the arms clm, reference, slm (did you mean 'slm'?)"
            )
        ) {
            try ArmGroups([root, "smm"])
        }
        #expect(throws: RhoError(.usage, "the baseline 'cml' is not among the arms clm, slm (did you mean 'clm'?)")) {
            try Comparison(ArmGroups([root]), baseline: "cml")
        }
        #expect(throws: RhoError(.usage, "no arm has logged 'eval/clean/los' (did you mean 'eval/clean/loss'?)")) {
            try Comparison(ArmGroups([root]), tags: ["eval/clean/los"])
        }
    }

    /// Values from tables of Student's distribution.
    @Test(arguments: [(1.0, 12.7062), (2, 4.30265), (5, 2.57058), (30, 2.04227), (1000, 1.96234)])
    func tQuantiles(degrees: Double, expected: Double) {
        #expect(abs(SeedStatistics.tQuantile(0.975, degrees: degrees) - expected) < 1e-4)
    }

    /// Welch's interval as scipy.stats.ttest_ind(..., equal_var=False) gives it.
    @Test func unpairedInterval() {
        let difference = SeedStatistics.unpaired([1, 2, 3, 4], [2, 4, 9])
        #expect(difference.mean == -2.5)
        #expect(abs(difference.halfWidth - 8.057544) < 1e-5)
        #expect(!difference.excludesZero)
    }
}
