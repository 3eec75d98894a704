import ArgumentParser
import RhoBindings

/// `rhoscript why`: explains what a run computed and what it found.
struct WhyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Explain for each verb of the last run whether its result was found, and if not, what differed.",
        usage: "rhoscript why FILE.lua|RUN [ARM]")

    @Argument(help: ArgumentHelp("An experiment file (its newest run) or a run directory.", valueName: "FILE.lua|RUN"))
    var target: String

    @Argument(help: ArgumentHelp("Only what has this name, such as an arm or a verb.", valueName: "ARM"))
    var arm: String?

    @Flag(name: .long, help: "Print one JSON document with whole keys.")
    var json = false

    func run() throws { Terminal.finish(Host.why(HostOptions(), target: target, arm: arm, json: json)) }
}
