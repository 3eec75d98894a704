import Glibc
import LuaRuntime
import RhoCore
import RhoTraining

/// How a sweep is run; what the command line flags say.
public struct SweepRequest: Sendable {
    /// `name={value, value}`, each one dimension of a grid.
    public var sweeps: [String] = []
    /// Seeds of each cell.
    public var seeds: Int?
    /// Leaves out the sweep that the file declares.
    public var single = false
    public var baseline: String?
    /// Processes at a time; one if not given.
    public var jobs: Int?
    /// Shows the plan and runs nothing.
    public var dryRun = false
    public var failsFast = false
    /// Flags for the process of each cell.
    public var cellFlags: [String] = []
    /// Submits the cells instead of running them.
    public var slurm: SlurmRequest?

    public init() {}
}

/// How a sweep is submitted to Slurm.
public struct SlurmRequest: Sendable {
    public var processors: Int?
    public var notice = 120
    public var options: [String] = []
    /// Shows the scripts and submits nothing.
    public var onlyPrints = false

    public init() {}
}

extension Host {
    /// Runs the sweep that a script has planned, or shows its plan.
    static func runSweep(
        _ options: HostOptions, _ request: RunRequest, plan json: JSON, runs: String
    ) throws(RhoError) -> HostOutcome {
        let sweep = request.sweep
        let plan = try SweepPlan(
            json: json, script: request.file, workingDirectory: Machine.workingDirectory, flags: sweep.cellFlags,
            scriptArguments: options.scriptArguments)
        let directory = SweepDirectory(root: runs, plan: plan)
        let ink = Ink.decided(options.color, descriptor: sweep.dryRun ? STDOUT_FILENO : STDERR_FILENO)
        if sweep.dryRun {
            let jobs = sweep.jobs ?? 1
            let states = directory.states
            var cost = SweepCost(directory, states: states)
            try cost.estimate(
                directory, states: states, executable: Machine.executable,
                threads: options.threads ?? max(1, Machine.onlineProcessors / jobs))
            if request.json {
                var document = planJSON(directory)
                document["cost"] = cost.json
                return HostOutcome(.done, document: document.serialized(pretty: true) + "\n")
            }
            return HostOutcome(.done, document: planText(directory, jobs: jobs, ink: ink, cost: cost, cells: true))
        }
        if let slurm = sweep.slurm { return try submit(directory, slurm, sweep, ink) }
        try directory.write()
        if !request.quiet {
            ProgressLine.writeToStandardError(planText(directory, jobs: sweep.jobs ?? 1, ink: ink, cells: false))
        }
        return try run(directory, options, request)
    }

    /// Runs what is left of a sweep, and says what was found.
    private static func run(
        _ directory: SweepDirectory, _ options: HostOptions, _ request: RunRequest
    ) throws(RhoError) -> HostOutcome {
        let jobs = request.sweep.jobs ?? 1
        let display = SweepDisplay(
            mode: request.quiet ? .none : try ProgressMode(named: request.progress),
            ink: Ink.decided(options.color, descriptor: STDERR_FILENO), isTerminal: isatty(STDERR_FILENO) == 1)
        let settings = SweepRunner.Settings(
            executable: Machine.executable, jobs: jobs,
            threads: options.threads ?? max(1, Machine.onlineProcessors / jobs), failsFast: request.sweep.failsFast)
        let outcome = try SweepRunner(directory, settings, observer: display).run()
        var finished = try report(directory, options, json: request.json, states: outcome.states)
        if outcome.signal != 0 {
            finished.status = (outcome.signal == SIGINT ? ProgramExit.interrupted : .stopped).rawValue
            finished.message =
                "rhoscript: the sweep was stopped; what was begun is saved\n  the same command goes on from there"
        } else if !outcome.reason.isEmpty {
            finished.message = "rhoscript: the sweep ended early: \(outcome.reason)\n" + finished.message
        }
        return finished
    }

    /// Submits what is left of a sweep.
    private static func submit(
        _ directory: SweepDirectory, _ slurm: SlurmRequest, _ sweep: SweepRequest, _ ink: Ink
    ) throws(RhoError) -> HostOutcome {
        let array = try SlurmArray(
            directory,
            SlurmSettings(
                executable: Machine.executable, atOnce: sweep.jobs, processors: slurm.processors, notice: slurm.notice,
                options: slurm.options))
        if slurm.onlyPrints {
            return HostOutcome(
                .done,
                document: "# \(array.arrayPath)\n\(array.arrayScript)\n# \(array.reportPath)\n\(array.reportScript)")
        }
        try directory.write()
        try array.write()
        let plan = planText(directory, jobs: sweep.jobs ?? max(1, array.cells.count), ink: ink, cells: false)
        guard !array.cells.isEmpty else {
            return HostOutcome(.done, document: plan + "every cell is done; rhoscript sweep \(directory.path)\n")
        }
        let jobs = try array.submit()
        return HostOutcome(
            .done,
            document: plan
                + "submitted \(array.cells.count) tasks as job \(jobs.array); job \(jobs.report) writes the table\n"
                + "  squeue -j \(jobs.array)                  how they stand\n  rhoscript sweep \(directory.path)\n")
    }

    /// The table of a sweep, also written beside its plan. Exit code 3 where cells failed, 75 where some are not finished.
    public static func reportSweep(_ options: HostOptions, directory path: String, json: Bool) -> HostOutcome {
        do {
            let directory = try SweepDirectory(path: path)
            return try report(directory, options, json: json, states: directory.states)
        } catch {
            return failure(error)
        }
    }

    private static func report(
        _ directory: SweepDirectory, _ options: HostOptions, json: Bool, states: [CellState]
    ) throws(RhoError) -> HostOutcome {
        try directory.writeCells(states)
        let table = try SweepTable(directory, states: states)
        try table.write(to: directory)
        let unfinished = directory.plan.halving == nil && states.contains { !$0.isFinal && $0 != .failed }
        let exit: ProgramExit = states.contains(where: \.isFailure) ? .partial : unfinished ? .stopped : .done
        if json {
            var document = planJSON(directory)
            document["table"] = table.json
            return HostOutcome(exit, document: document.serialized(pretty: true) + "\n")
        }
        let failures = states.indices.filter { states[$0].isFailure }
        let shown = failures.prefix(5).map { "  \(directory.plan.cells[$0].label): \(directory.reason($0))\n" }
        let message =
            failures.isEmpty
            ? ""
            : "rhoscript: \(failures.count) of \(states.count) cells failed\n" + shown.joined()
                + "  what they said is in \(directory.path)/logs"
        let text = table.text(ink: Ink.decided(options.color))
        return HostOutcome(exit, message: message, document: text + "sweep directory: \(directory.path)\n")
    }

    /// What is to be run, and what it will take.
    /// - Parameter cost: by finished runs if not given.
    static func planText(
        _ directory: SweepDirectory, jobs: Int, ink: Ink, cost: SweepCost? = nil, cells: Bool
    ) -> String {
        let plan = directory.plan
        let states = directory.states
        let title = "\(plan.experiment): \(plan.text), \(plan.cells.count) cell\(plan.cells.count == 1 ? "" : "s")"
        var lines = [ink.paint(title, nil, bold: true)]
        if cells {
            let rows = plan.cells.indices.map { index in
                [TextTable.Cell(states[index].rawValue)]
                    + plan.names.map { name in
                        TextTable.Cell(plan.cells[index].values[name].map(ArmGroups.shown) ?? "-")
                    }
                    + [TextTable.Cell(directory.cellPath(index))]
            }
            let table = TextTable(columns: ["state"] + plan.names + ["directory"], rows: rows)
            lines.append(String(table.text(ink: ink).dropLast()))
        } else {
            lines += plan.names.map { "  \($0): \(values(plan, $0))" }
        }
        let counts = CellState.allCases.map { state in (state, states.count { $0 == state }) }.filter { $0.1 > 0 }
        lines.append("cells: " + counts.map { "\($0.1) \($0.0.rawValue)" }.joined(separator: ", "))
        lines.append("cost:  " + (cost ?? SweepCost(directory, states: states)).text(jobs: jobs))
        if plan.halving != nil { lines.append("       at most: cells that are not promoted stop at a rung") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The values of one parameter, the first eight of many.
    private static func values(_ plan: SweepPlan, _ name: String) -> String {
        var seen: [String] = []
        for cell in plan.cells {
            guard let value = cell.values[name].map(ArmGroups.shown), !seen.contains(value) else { continue }
            seen.append(value)
        }
        return seen.prefix(8).joined(separator: ", ") + (seen.count > 8 ? ", … (\(seen.count) values)" : "")
    }

    private static func planJSON(_ directory: SweepDirectory) -> JSON {
        let cells = directory.plan.cells.indices.map { index -> JSON in
            let cell = directory.plan.cells[index]
            return [
                "values": .object(cell.values), "state": JSON(directory.state(index).rawValue),
                "digest": JSON(cell.digest),
                "directory": JSON(directory.cellPath(index)),
            ]
        }
        return [
            "experiment": JSON(directory.plan.experiment), "sweep": JSON(directory.path), "cells": .array(cells),
        ]
    }
}
