import ArgumentParser
import RhoBindings

/// `rhoscript slurm`: a sweep as an array of a cluster's jobs.
struct SlurmCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slurm",
        abstract: "Submit a sweep to Slurm: one array task per cell, and a job that writes the table.",
        usage: "rhoscript slurm FILE.lua [key=value ...] [--sweep 'key={a, b}'] [-j N] [--sbatch=OPTION ...] [--print]",
        discussion: """
            Only cells that are not done are submitted; the same command submits what is left. A task that gets SIGUSR1 or \
            SIGTERM, as Slurm sends before a time limit or a preemption, saves, ends with exit code 75 and is queued again. \
            Runs and cache have to be on a file system that all nodes see; nothing is locked there, files appear by rename. \
            -j is the number of tasks at a time.
            """)

    @OptionGroup var what: RunArguments

    @OptionGroup(title: "Sweeps") var sweeps: SweepFlags

    @Option(name: .long, help: ArgumentHelp("Processors of each task.", valueName: "n"))
    var cpus: Int?

    @Option(
        name: .long,
        help: ArgumentHelp("An option of sbatch, such as --partition=gpu (repeatable).", valueName: "option"))
    var sbatch: [String] = []

    @Option(name: .long, help: ArgumentHelp("Seconds before the time limit at which tasks save.", valueName: "n"))
    var notice = 120

    @Flag(name: .long, help: "Print the scripts and submit nothing.")
    var print = false

    @OptionGroup var host: HostFlags

    func validate() throws {
        if let cpus, cpus < 1 { throw ValidationError("--cpus must be at least 1, got \(cpus)") }
        guard (1...86400).contains(notice) else {
            throw ValidationError("--notice must be in 1 ... 86400, got \(notice)")
        }
        for option in sbatch where !option.hasPrefix("-") || option.contains(where: \.isNewline) {
            throw ValidationError("--sbatch \(option): expected an option of sbatch, such as --sbatch=--time=4:00:00")
        }
    }

    func run() throws {
        let file = try what.checkedFile()
        try Preflight.requireScript(file, commands: [])
        var options = try host.hostOptions()
        options.script = file
        options.seed = what.seed
        options.scriptArguments = what.scriptArguments
        var request = RunRequest(file: file, assignments: what.assignments, seed: what.seed)
        request.sweep = sweeps.request(cellFlags: host.cellFlags)
        var slurm = SlurmRequest()
        slurm.processors = cpus
        slurm.options = sbatch
        slurm.notice = notice
        slurm.onlyPrints = print
        request.sweep.slurm = slurm
        Terminal.finish(Host.runExperiment(options, request))
    }
}
