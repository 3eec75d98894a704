import ArgumentParser
import Glibc
import RhoCore
import RhoTraining

/// Reads damaged files of every format, and calls every Lua function with arguments that nobody meant.
///
/// Each format runs in a process of its own. A process that dies names the input that killed it, which is kept; the
/// next one goes on behind it.
@main
struct Rhofuzz: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rhofuzz", abstract: "Fuzz the readers and the Lua surface.",
        usage: "rhofuzz [FORMAT ...] [--n 20000] [--seed 1]",
        discussion: "Formats: \(FuzzCatalog.all.map(\.name).joined(separator: ", "))")

    @Argument(help: ArgumentHelp("What to fuzz; everything if nothing is named.", valueName: "FORMAT"))
    var formats: [String] = []

    @Option(name: .long, help: ArgumentHelp("Inputs for each format.", valueName: "inputs"))
    var n = 20_000

    @Option(name: .long, help: ArgumentHelp("Seed of the inputs.", valueName: "n"))
    var seed: UInt64 = 1

    @Option(name: .long, help: ArgumentHelp("Number of the first input.", valueName: "i"))
    var first = 0

    @Option(name: .long, help: ArgumentHelp("Directory for inputs that broke something.", valueName: "dir"))
    var keep = "fuzz-findings"

    @Flag(name: .long, help: .hidden)
    var worker = false

    func validate() throws {
        let names = FuzzCatalog.all.map(\.name)
        for format in formats where !names.contains(format) {
            throw ValidationError("no format is called '\(format)'\(suggestion(for: format, in: names))")
        }
        if n < 0 || first < 0 { throw ValidationError("--n and --first must be 0 or more") }
    }

    func run() throws {
        if worker {
            try FuzzWorker(format: formats[0], seed: seed, keep: keep).run(first..<first + n)
            return
        }
        // Workers may change their directory.
        let keep = keep.hasPrefix("/") ? keep : "\(Machine.workingDirectory)/\(keep)"
        var broken = 0
        for name in formats.isEmpty ? FuzzCatalog.all.map(\.name) : formats {
            broken += try FuzzSupervisor(format: name, seed: seed, keep: keep).run(first..<first + n)
        }
        if broken > 0 { throw ExitCode(1) }
    }
}
