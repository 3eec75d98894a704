import RhoCore

/// How the cells of a sweep become the tasks of a Slurm array.
public struct SlurmSettings: Sendable {
    public var executable: String
    /// Tasks at a time; nil for as many as the cluster gives.
    public var atOnce: Int?
    public var processors: Int?
    /// Seconds before the time limit at which a task is told to save.
    public var notice: Int
    /// `--partition=gpu` and the like, as they come.
    public var options: [String]

    public init(
        executable: String, atOnce: Int? = nil, processors: Int? = nil, notice: Int = 120, options: [String] = []
    ) {
        self.executable = executable
        self.atOnce = atOnce
        self.processors = processors
        self.notice = notice
        self.options = options
    }
}

/// The files of a sweep for Slurm, in `slurm/` below the sweep's directory.
///
///     array.txt    a line for each task: the fingerprint of its cell
///     array.sh     the array; a task that is told to stop saves, ends with 75 and is queued again
///     report.sh    waits for the array, and writes the table
///     jobs.json    what was submitted
public struct SlurmArray: Sendable {
    public let sweep: SweepDirectory
    public let settings: SlurmSettings
    /// Cells that are left to run.
    public let cells: [Int]

    /// - Throws: `.unsupported` for successive halving, which decides as it goes.
    public init(_ sweep: SweepDirectory, _ settings: SlurmSettings) throws(RhoError) {
        guard sweep.plan.halving == nil else {
            throw RhoError(
                .unsupported, "successive halving decides as it goes and is no array of independent tasks",
                hint: "run it inside one allocation: salloc or sbatch, then rhoscript FILE.lua -j N")
        }
        self.sweep = sweep
        self.settings = settings
        let states = sweep.states
        cells = states.indices.filter { !states[$0].isFinal }
    }

    private var path: String {
        let own = "\(sweep.path)/slurm"
        return own.hasPrefix("/") ? own : "\(Machine.workingDirectory)/\(own)"
    }

    public var arrayPath: String { "\(path)/array.sh" }
    public var reportPath: String { "\(path)/report.sh" }

    public func write() throws(RhoError) {
        try Files.makeDirectory(path)
        let digests = cells.map { sweep.plan.cells[$0].digest + "\n" }
        try Files.writeAtomically("\(path)/array.txt", digests.joined())
        try Files.writeAtomically(arrayPath, arrayScript)
        try Files.writeAtomically(reportPath, reportScript)
    }

    private func head(_ name: String, _ lines: [String]) -> String {
        let own = lines + ["--chdir=\(sweep.plan.workingDirectory)", "--open-mode=append"]
        return (["#!/bin/bash", "#SBATCH --job-name=\(name)"] + (own + settings.options).map { "#SBATCH \($0)" })
            .joined(separator: "\n") + "\n"
    }

    private var sweepPath: String { Files.parent(of: path) }

    public var arrayScript: String {
        let limit = settings.atOnce.map { "%\($0)" } ?? ""
        var lines = [
            "--array=0-\(max(0, cells.count - 1))\(limit)", "--output=\(path)/%A_%a.out", "--requeue",
            "--signal=B:USR1@\(settings.notice)",
        ]
        if let processors = settings.processors { lines.append("--cpus-per-task=\(processors)") }
        return head("rho-\(RunDirectory.slug(sweep.plan.experiment))", lines) + """
            # Task i runs the cell whose fingerprint is on line i + 1 of array.txt. Before its time is up, or when its place is
            # wanted for another, it is told to save; it ends with 75 then, and is queued again to go on from there.
            cell=$(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" \(Self.quoted("\(path)/array.txt")))
            \(Self.quoted(settings.executable)) sweep \(Self.quoted(sweepPath)) --cell "$cell" --threads "${SLURM_CPUS_PER_TASK:-1}" &
            child=$!
            trap 'kill -USR1 $child 2>/dev/null && told=1' USR1 TERM
            while :; do
                told=
                wait $child
                status=$?
                [ -n "$told" ] || break
            done
            if [ $status -eq 75 ]; then scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"; fi
            exit $status

            """
    }

    public var reportScript: String {
        head("rho-\(RunDirectory.slug(sweep.plan.experiment))-report", ["--output=\(path)/report.out"]) + """
            exec \(Self.quoted(settings.executable)) sweep \(Self.quoted(sweepPath))

            """
    }

    /// Submits the array, and the report that waits for it. Returns the numbers of the two jobs.
    /// - Throws: `.io` where there is no sbatch, or it refuses.
    public func submit() throws(RhoError) -> (array: String, report: String) {
        let array = try sbatch([arrayPath])
        let report = try sbatch(["--dependency=afterany:\(array)", reportPath])
        let jobs: JSON = ["array": JSON(array), "report": JSON(report), "tasks": JSON(cells.count)]
        try Files.writeAtomically("\(path)/jobs.json", jobs.serialized(pretty: true) + "\n")
        return (array, report)
    }

    private func sbatch(_ arguments: [String]) throws(RhoError) -> String {
        guard let result = try ChildProcess.run(["sbatch", "--parsable"] + arguments, mergeErrors: true) else {
            throw RhoError(
                .io, "there is no sbatch on this machine",
                hint: "--print shows the scripts; on a cluster's login node the same command submits them")
        }
        let lines = result.text.split(separator: "\n").map(String.init)
        guard result.status == 0, let last = lines.last else {
            throw RhoError(.io, "sbatch refused \(arguments.last ?? ""): \(lines.joined(separator: " "))")
        }
        // `--parsable` gives the number, and the cluster after a semicolon.
        return String(last.prefix { $0 != ";" })
    }

    /// A word for the shell.
    static func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }
}
