import ArgumentParser

/// `rhoscript completions`: completion scripts for shells.
struct CompletionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completions",
        abstract: "Print the completion script of a shell.",
        usage: "rhoscript completions bash|zsh|fish",
        discussion: """
            bash: rhoscript completions bash > ~/.local/share/bash-completion/completions/rhoscript
            zsh:  rhoscript completions zsh > ~/.zsh/completions/_rhoscript   (a directory of $fpath)
            fish: rhoscript completions fish > ~/.config/fish/completions/rhoscript.fish
            """)

    enum Shell: String, ExpressibleByArgument, CaseIterable { case bash, zsh, fish }

    @Argument(help: ArgumentHelp("bash, zsh or fish.", valueName: "SHELL"))
    var shell: Shell

    func run() throws {
        Terminal.writeOut(Rhoscript.completionScript(for: CompletionShell(rawValue: shell.rawValue) ?? .bash))
    }
}
