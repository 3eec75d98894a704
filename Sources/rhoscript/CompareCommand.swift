import ArgumentParser
import RhoCore
import RhoTraining

/// `rhoscript compare`: arms side by side.
struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compare arms of one run or of several; runs that differ only in their seed are averaged.",
        usage: "rhoscript compare RUN|ARM ... [--baseline NAME] [--format table|csv|json|md|latex]",
        discussion: """
            A RUN is a run directory or a directory with runs below it; RUN/clm is one arm, and a bare name such as slm \
            restricts the others to arms of that name. The reference model takes part only when named. Only parameters \
            that differ get a column. A value is bold when the 95 % interval of its difference to the next best excludes \
            zero, which takes at least two seeds.
            """)

    @Argument(help: ArgumentHelp("Runs, arms, or names of arms.", valueName: "RUN|ARM"))
    var arguments: [String] = []

    @Option(name: .long, help: ArgumentHelp("Arm that differences are taken from, seed by seed.", valueName: "name"))
    var baseline: String?

    @Option(
        name: .long, help: ArgumentHelp("Compare this tag, such as eval/clean/loss (repeatable).", valueName: "tag"))
    var tag: [String] = []

    @Option(name: .long, help: ArgumentHelp("table, csv, json, md or latex.", valueName: "format"))
    var format: ComparisonFormat = .table

    @Flag(name: .long, help: "The same as --format json.")
    var json = false

    @OptionGroup var colour: ColorFlag

    func run() throws {
        try See.reporting {
            let arms = try ArmGroups(arguments.isEmpty ? [See.runsDirectory] : arguments)
            let comparison = try Comparison(arms, baseline: baseline, tags: tag)
            let chosen = json ? .json : Comparison.Format(rawValue: format.rawValue) ?? .table
            Terminal.writeOut(comparison.rendered(chosen, ink: colour.ink))
        }
    }
}

/// How a comparison is written.
enum ComparisonFormat: String, ExpressibleByArgument, CaseIterable { case table, csv, json, md, latex }
