import ArgumentParser
import RhoCore
import RhoTraining

/// `rhoscript plot`: curves of runs as pictures.
struct PlotCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plot",
        abstract: "Draw the curves of runs; the data and the gnuplot script stay beside the pictures.",
        usage: "rhoscript plot RUN|ARM ... [--tag eval/clean/loss] [--x tokens|step] [--format svg,png,pdf] [-o BASE]",
        discussion: """
            Seeds are averaged, with a band of one standard deviation. With --tensorboard no picture is drawn: each arm \
            gets an event file beside its metrics.jsonl, for 'tensorboard --logdir RUN'.
            """)

    @Argument(help: ArgumentHelp("Runs, arms, or names of arms.", valueName: "RUN|ARM"))
    var arguments: [String] = []

    @Option(name: .long, help: ArgumentHelp("What to draw; the first held-out loss if absent.", valueName: "tag"))
    var tag: String?

    @Option(name: .long, help: ArgumentHelp("Horizontal axis: tokens or step.", valueName: "axis"))
    var x: Axis = .tokens

    @Option(name: .long, help: ArgumentHelp("Pictures, separated by commas: svg, png, pdf.", valueName: "formats"))
    var format = "svg,png"

    @Option(
        name: [.long, .customShort("o")],
        help: ArgumentHelp(
            "Path of the pictures without a suffix; the tag in the current directory if absent.", valueName: "base"))
    var out: String?

    @Option(name: .long, help: ArgumentHelp("Title of the chart.", valueName: "text"))
    var title: String?

    @Flag(name: .long, help: "Logarithmic horizontal axis.")
    var logx = false

    @Flag(name: .long, help: "Logarithmic vertical axis.")
    var logy = false

    @Flag(name: .long, help: "Write TensorBoard event files instead.")
    var tensorboard = false

    enum Axis: String, ExpressibleByArgument, CaseIterable { case tokens, step }

    func validate() throws {
        guard !arguments.isEmpty else { throw ValidationError("name at least one run to plot") }
    }

    func run() throws {
        try See.reporting {
            let arms = try ArmGroups(arguments, withReference: tensorboard)
            if tensorboard { return try writeEvents(arms) }
            let tag = self.tag ?? CurvePlot.mainTag(arms)
            var chart = try CurvePlot.chart(arms, tag: tag, overSteps: x == .step, title: title)
            chart.formats = try formats()
            chart.logX = logx
            chart.logY = logy
            let files = try chart.write(base: out ?? tag.split(separator: "/").joined(separator: "-"))
            Terminal.writeOut((files.pictures + [files.data, files.script]).map { $0 + "\n" }.joined())
            if let problem = files.problem { throw RhoError(.io, problem) }
        }
    }

    private func formats() throws -> [Chart.Format] {
        let known = Chart.Format.allCases.map(\.rawValue)
        return try format.split(separator: ",").map { name in
            guard let format = Chart.Format(rawValue: String(name)) else {
                throw RhoError(
                    .usage,
                    "--format takes \(known.joined(separator: ", ")), got '\(name)'"
                        + suggestion(for: String(name), in: known))
            }
            return format
        }
    }

    private func writeEvents(_ arms: ArmGroups) throws {
        for member in arms.groups.flatMap(\.members) {
            guard member.run.status != .running else {
                Terminal.writeError("rhoscript: \(member.arm.path) is still running; export it when it is done\n")
                continue
            }
            Terminal.writeOut(try EventFile.export(member.arm) + "\n")
        }
    }
}
