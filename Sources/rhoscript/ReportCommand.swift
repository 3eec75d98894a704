import ArgumentParser
import RhoCore
import RhoTraining

/// `rhoscript report`: the HTML page of runs, from their files.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Rebuild the HTML page of one or several runs from their files.",
        usage: "rhoscript report RUN|ARM ... [-o FILE.html] [--text TEXT]",
        discussion: """
            The page is one file that needs no network: comparison, curves, parameters and manifest. Texts that the page \
            showed before stay unless --text gives others, which are read with the newest checkpoints.
            """)

    @Argument(help: ArgumentHelp("Runs, arms, or names of arms.", valueName: "RUN|ARM"))
    var arguments: [String] = []

    @Option(
        name: [.long, .customShort("o")],
        help: ArgumentHelp(
            "The page; report.html in the run, or beside the runs if there are several.", valueName: "file"))
    var out: String?

    @Option(name: .long, help: ArgumentHelp("A text to colour token by token (repeatable).", valueName: "text"))
    var text: [String] = []

    @Option(name: .long, help: ArgumentHelp("Title of the page.", valueName: "text"))
    var title: String?

    func validate() throws {
        guard !arguments.isEmpty else { throw ValidationError("name at least one run to report on") }
    }

    func run() throws {
        try See.reporting {
            let report = try RunReport(arguments, title: title)
            let path = out ?? report.defaultPath
            for problem in try report.write(path, texts: text) { Terminal.writeError("rhoscript: \(problem)\n") }
            Terminal.writeOut(path + "\n")
        }
    }
}
