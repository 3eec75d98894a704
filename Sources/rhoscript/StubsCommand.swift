import ArgumentParser
import RhoBindings
import RhoCore

/// `rhoscript stubs`: the Lua interface for editors.
struct StubsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stubs",
        abstract: "Write the Lua interface for editors: types/rho.d.lua, and .luarc.json where there is none.",
        usage: "rhoscript stubs [DIR] [--print]",
        discussion: """
            lua-language-server reads them: functions, option tables and classes complete with their documentation, and \
            wrong types are marked. Write them again after an update of rhoscript.
            """)

    @Argument(help: ArgumentHelp("The experiment repository; the current directory if absent.", valueName: "DIR"))
    var directory = "."

    @Flag(name: .long, help: "Print the stubs and write nothing.")
    var print = false

    func run() throws {
        try See.reporting {
            let stubs = try Host.editorStubs()
            if print { return Terminal.writeOut(stubs) }
            guard Files.isDirectory(directory) else {
                throw RhoError(.usage, "there is no directory '\(directory)'")
            }
            try InitCommand.write([("types/rho.d.lua", stubs)], into: directory)
            if !Files.exists("\(directory)/.luarc.json") {
                try InitCommand.write([(".luarc.json", InitTemplates.luaServer)], into: directory)
            }
        }
    }
}
