import ArgumentParser
import Glibc
import RhoBindings
import RhoCore

/// `rhoscript init`: a new experiment repository.
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make a new experiment repository: an example that runs, a spec, editor stubs, CI.",
        usage: "rhoscript init DIR",
        discussion: "The directory must be new or empty. rhoscript stubs renews the editor stubs of an existing one."
    )

    @Argument(help: ArgumentHelp("Where to.", valueName: "DIR"))
    var directory: String

    func run() throws {
        try See.reporting {
            let stubs = try Host.editorStubs()
            if Files.exists(directory) {
                guard Files.isDirectory(directory) else { throw RhoError(.usage, "'\(directory)' is a file") }
                // A repository that was just made with `git init` or cloned empty is as good as empty.
                let found = try Files.list(directory).filter { $0 != ".git" }
                guard found.isEmpty else {
                    throw RhoError(
                        .usage,
                        "'\(directory)' is not empty: it holds \(found.prefix(3).joined(separator: ", "))"
                            + (found.count > 3 ? " and \(found.count - 3) more" : ""),
                        hint:
                            "name a new directory, or renew the stubs of an old one with rhoscript stubs \(directory)"
                    )
                }
            }
            let absolute = directory == "." ? currentName : Files.name(of: directory)
            try Self.write(
                [
                    (".gitignore", InitTemplates.ignored), (".luarc.json", InitTemplates.luaServer),
                    (".luacheckrc", InitTemplates.luacheck), ("stylua.toml", InitTemplates.stylua),
                    (".github/workflows/experiments.yml", InitTemplates.workflow(version: Host.versionNumber)),
                    ("README.md", InitTemplates.readme(absolute)), ("experiments/example.lua", InitTemplates.example),
                    ("tests/example_spec.lua", InitTemplates.spec), ("types/rho.d.lua", stubs),
                ], into: directory)
            Terminal.writeOut("\nnext:\n  cd \(directory)\n  rhoscript experiments/example.lua\n")
        }
    }

    /// Name of the directory the process is in.
    private var currentName: String {
        guard let path = getcwd(nil, 0) else { return "experiments" }
        defer { free(path) }
        return Files.name(of: String(cString: path))
    }

    static func write(_ files: [(name: String, text: String)], into directory: String) throws {
        for file in files {
            let path = "\(directory)/\(file.name)"
            try Files.makeDirectory(Files.parent(of: path))
            try Files.writeAtomically(path, file.text)
            Terminal.writeOut("wrote \(path)\n")
        }
    }
}
