import ArgumentParser
import RhoBindings

/// `rhoscript docs`: writes the manual and the editor stubs from the declarations, or checks that they are current.
struct DocsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "docs",
        abstract: "Write docs/api/*.md and stdlib-lua/meta/rho.d.lua from the declarations.",
        usage: "rhoscript docs [--check] [--root DIR]")

    @Flag(name: .long, help: "Write nothing; fail when a file differs from its declarations.")
    var check = false

    @Option(name: .long, help: ArgumentHelp("Root of the source tree.", valueName: "dir"))
    var root = "."

    func run() throws {
        let changed: [String]
        do {
            changed = try Host.writeDocumentation(root: root, check: check)
        } catch {
            throw CommandFailure(code: .failed, message: "rhoscript: \(error)")
        }
        if check, !changed.isEmpty {
            throw CommandFailure(
                code: .failed,
                message: "rhoscript: out of date, run 'make docs': " + changed.joined(separator: ", "))
        }
        for path in changed { Terminal.writeOut("wrote \(path)\n") }
    }
}
