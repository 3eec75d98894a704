import ArgumentParser
import Glibc

/// What is run: a file, its parameters, and arguments of its own.
struct RunArguments: ParsableArguments {
    @Argument(help: ArgumentHelp("The experiment file, then parameters as key=value.", valueName: "FILE.lua key=value"))
    var words: [String] = []

    @Option(
        name: .long, help: ArgumentHelp("Set a parameter of the experiment (repeatable).", valueName: "key=value"))
    var set: [String] = []

    @Option(name: .long, help: ArgumentHelp("Seed of every named random stream.", valueName: "n"))
    var seed: Int?

    @Argument(parsing: .postTerminator, help: "Arguments for the script itself, as its table 'arg'.")
    var scriptArguments: [String] = []

    /// The `key=value` in the order given.
    var assignments: [String] { Array(words.dropFirst()) + set }

    /// The file named. Checked here and not while parsing, where it would hide an unknown flag.
    func checkedFile() throws -> String {
        guard let file = words.first else {
            throw ValidationError(
                "no experiment file given (rhoscript FILE.lua; rhoscript --help lists what else there is)")
        }
        if file.contains("="), !file.hasSuffix(".lua") {
            throw ValidationError("'\(file)' came before the experiment file; write FILE.lua \(file)")
        }
        // Most likely a misspelt command, which whoever opens the file will say.
        guard file.hasSuffix(".lua") || access(file, F_OK) == 0 else { return file }
        for word in words.dropFirst() where !word.contains("=") {
            throw ValidationError(
                "unexpected argument '\(word)': parameters are key=value, and arguments of the script come after --")
        }
        for assignment in set where !assignment.contains("=") {
            throw ValidationError("--set \(assignment): expected key=value")
        }
        return file
    }
}
