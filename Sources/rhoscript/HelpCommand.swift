import ArgumentParser
import RhoBindings

/// `rhoscript help NAME`: the manual page of a Lua function, class, module or option table, or of a command.
struct HelpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "help",
        abstract: "Show the manual of a Lua name (rho.train) or of a command (run).",
        usage: "rhoscript help [NAME]")

    @Argument(help: ArgumentHelp("A Lua name such as rho.data.jsonl, or a command.", valueName: "NAME"))
    var name: String?

    func run() throws {
        guard let name else {
            Terminal.writeOut(Rhoscript.helpMessage() + "\n\n" + Host.helpIndex() + "\n")
            return
        }
        let commands = Rhoscript.configuration.subcommands
        if let command = commands.first(where: { $0.configuration.commandName == name }) {
            Terminal.writeOut(Rhoscript.helpMessage(for: command) + "\n")
            return
        }
        guard let page = Host.helpPage(for: name) else {
            let names = Host.documentedNames() + commands.compactMap { $0.configuration.commandName }
            throw CommandFailure(
                code: .usage, message: "rhoscript: nothing is called '\(name)'\(Host.suggestion(for: name, in: names))")
        }
        Terminal.writeOut(page + "\n")
    }
}
