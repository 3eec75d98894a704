import ArgumentParser
import RhoBindings

/// `rhoscript test`: runs Lua specs (`tests/*_spec.lua`).
struct TestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Run Lua specs: files that call describe and it.",
        usage: "rhoscript test [PATH ...] [--junit FILE] [options]",
        discussion: "Results are TAP on stdout; the exit code is 1 if a test failed.")

    @Argument(
        help: ArgumentHelp("Spec files or directories; without any, every *_spec.lua under tests.", valueName: "PATH"))
    var paths: [String] = []

    @Option(name: .long, help: ArgumentHelp("Write the results as JUnit XML too.", valueName: "file"))
    var junit: String?

    @OptionGroup var host: HostFlags

    func run() throws {
        var options = try host.hostOptions()
        options.scriptArguments = paths
        Terminal.finish(Host.runSpecs(options, paths: paths.isEmpty ? ["tests"] : paths, junit: junit))
    }
}
