import ArgumentParser
import RhoCore
import RhoTraining

/// `rhoscript status`: how the runs below a directory stand.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "List runs and how they stand: done, running, interrupted, failed, diverged, stopped.",
        usage: "rhoscript status [DIR] [--json]",
        discussion: """
            The status is derived from the lock, the process that holds it and the manifest each time. Step and loss are \
            those of the arm that was written to last, tokens those of all arms.
            """)

    @Argument(help: ArgumentHelp("A run, or a directory with runs below it.", valueName: "DIR"))
    var directory = See.runsDirectory

    @Flag(name: .long, help: "Print one JSON document.")
    var json = false

    @OptionGroup var colour: ColorFlag

    func run() throws {
        try See.reporting {
            let runs = try See.runs(below: directory)
            if json {
                Terminal.writeOut(StatusView.json(runs).serialized(pretty: true) + "\n")
            } else if runs.isEmpty {
                Terminal.writeOut("no runs below \(directory)\n")
            } else {
                Terminal.writeOut(StatusView.table(runs, below: directory).text(ink: colour.ink))
            }
        }
    }
}
