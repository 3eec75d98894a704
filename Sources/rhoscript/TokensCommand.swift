import ArgumentParser
import Glibc
import RhoCore
import RhoTraining

/// `rhoscript tokens`: a text as trained models read it, in the terminal.
struct TokensCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokens",
        abstract: "Colour a text token by token with the losses of a run's models.",
        usage: "rhoscript tokens RUN [ARM] [--text TEXT] [--by loss|reference|excess|kept]",
        discussion: """
            Loads the newest checkpoint of the arm, or of every arm, and of the arm 'reference' where there is one. The \
            text is --text, or what is piped in, or the texts of the run's report.html. Without colour, or with \
            --numbers, one line per token with all its numbers.
            """)

    @Argument(help: ArgumentHelp("The run directory.", valueName: "RUN"))
    var directory: String

    @Argument(help: ArgumentHelp("The arm; every arm if absent.", valueName: "ARM"))
    var arm: String?

    @Option(name: .long, help: ArgumentHelp("The text.", valueName: "text"))
    var text: String?

    @Option(
        name: .long,
        help: ArgumentHelp("loss, reference, excess or kept; excess if there is a reference.", valueName: "value"))
    var by: Channel?

    @Flag(name: .long, help: "Numbers instead of colours.")
    var numbers = false

    @OptionGroup var colour: ColorFlag

    enum Channel: String, ExpressibleByArgument, CaseIterable { case loss, reference, excess, kept }

    func run() throws {
        try See.reporting {
            let record = try RunRecord(path: directory)
            let reference = record.arms.first { $0.name == "reference" }
            let arms = try chosen(record)
            let ink = colour.ink
            for text in try texts(record) {
                for arm in arms {
                    let reading = try TokenReading.read(text, arm: arm, reference: reference)
                    if numbers || !ink.isOn {
                        Terminal.writeOut((arms.count > 1 ? "\(arm.name)\n" : "") + reading.numbers.text(ink: ink))
                    } else {
                        let wanted = by.flatMap { TokenView.Channel(rawValue: $0.rawValue) }
                        let channel = wanted ?? (reading.reference.isEmpty ? .loss : .excess)
                        Terminal.writeOut(try reading.coloured(channel))
                    }
                    Terminal.writeOut("\n")
                }
            }
        }
    }

    private func chosen(_ record: RunRecord) throws -> [ArmRecord] {
        guard let arm else {
            let trained = record.arms.filter { $0.checkpoint != nil }
            guard !trained.isEmpty else { throw RhoError(.usage, "\(record.path) has no checkpoint yet") }
            let others = trained.filter { $0.name != "reference" }
            return others.isEmpty ? trained : others
        }
        guard let found = record.arms.first(where: { $0.name == arm }) else {
            let names = record.arms.map(\.name)
            throw RhoError(
                .usage, "\(record.path) has no arm '\(arm)'\(suggestion(for: arm, in: names))",
                hint: "it has \(names.joined(separator: ", "))")
        }
        return [found]
    }

    private func texts(_ record: RunRecord) throws -> [[UInt8]] {
        if let text { return [Array(text.utf8)] }
        if isatty(STDIN_FILENO) == 0 {
            let piped = try Files.read("/dev/stdin")
            if !piped.isEmpty { return [piped] }
        }
        let shown = RunReport.texts(in: "\(record.path)/report.html")
        guard !shown.isEmpty else {
            throw RhoError(.usage, "no text to show: give one with --text, or pipe one in")
        }
        return shown.map { Array($0.utf8) }
    }
}
