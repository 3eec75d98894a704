import ArgumentParser
import RhoBindings

/// `rhoscript test`: runs Lua specs (`tests/*_spec.lua`).
struct TestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Run Lua specs: files that call describe and it.",
        usage: "rhoscript test [PATH ...] [options]")

    @Argument(
        help: ArgumentHelp("Spec files or directories; without any, every *_spec.lua under tests.", valueName: "PATH"))
    var paths: [String] = []

    @OptionGroup var host: HostFlags

    func run() throws {
        var options = try host.hostOptions()
        options.scriptArguments = paths
        Terminal.finish(Host.runSpecs(options, paths: paths.isEmpty ? ["tests"] : paths))
    }
}
