import ArgumentParser
import RhoKernels

/// Measures the parts of a training step and the step itself. Timings are for reading, never for gating.
@main
struct Rhobench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rhobench",
        abstract: "Measure rhoscript: steps, kernels, tokenizers, data, the Lua boundary.",
        subcommands: [
            StepCommand.self, ScoreCommand.self, GrowthCommand.self, GenerateCommand.self, KernelsCommand.self,
            TokenizerCommand.self, LoaderCommand.self, CorpusCommand.self, IdsCommand.self, BoundaryCommand.self,
            PeerCommand.self,
        ]
    )
}

/// Options that every measurement has.
struct CommonOptions: ParsableArguments {
    @Option(help: "Threads (default: every core).")
    var threads: Int?

    @Flag(help: "Print one JSON object instead of a table.")
    var json = false

    func apply() {
        if let threads { Parallel.threadCount = max(1, threads) }
    }
}
