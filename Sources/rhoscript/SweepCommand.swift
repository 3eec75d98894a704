import ArgumentParser
import Glibc
import RhoBindings
import RhoCore
import RhoTraining

/// `rhoscript sweep`: the sweeps there are, the table of one, or one of its cells.
struct SweepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sweep",
        abstract: "List sweeps, or show the table of one as its cells stand now.",
        usage: "rhoscript sweep [DIR] [--cell DIGEST] [--json]",
        discussion: """
            A sweep is started by running its experiment: rhoscript FILE.lua --sweep 'keep={0.4, 0.6}' --seeds 3 -j 2. The \
            same command goes on with it; cells that are done are not run again, whichever sweep they were run for. This \
            command reads what is there, and writes table.csv, table.md and cells.jsonl anew. Exit code 3 where cells \
            failed, 75 where some are not finished.
            """)

    @Argument(help: ArgumentHelp("Directory of a sweep; every sweep below runs/ if absent.", valueName: "DIR"))
    var directory: String?

    @Option(
        name: .long,
        help: ArgumentHelp("Run the cell of that digest (or its beginning) in this process.", valueName: "digest"))
    var cell: String?

    @Option(name: .long, help: ArgumentHelp("Threads of the cell; results do not depend on it.", valueName: "n"))
    var threads: Int?

    @Flag(name: .long, help: "Print one JSON document.")
    var json = false

    @OptionGroup var colour: ColorFlag

    func run() throws {
        guard let directory else {
            if cell != nil { throw ValidationError("--cell needs the directory of its sweep") }
            return try list()
        }
        if let cell { return try See.reporting { try runCell(SweepDirectory(path: directory), cell) } }
        var options = HostOptions()
        options.color = colour.color == .auto ? nil : colour.color == .always
        Terminal.finish(Host.reportSweep(options, directory: directory, json: json))
    }

    private func list() throws {
        try See.reporting {
            let sweeps = try SweepDirectory.paths(below: See.runsDirectory).map { path throws(RhoError) in
                try SweepDirectory(path: path)
            }
            if json {
                let list = sweeps.map { sweep -> JSON in
                    ["path": JSON(sweep.path), "states": .array(sweep.states.map { JSON($0.rawValue) })]
                }
                return Terminal.writeOut(JSON.array(list).serialized(pretty: true) + "\n")
            }
            guard !sweeps.isEmpty else { return Terminal.writeOut("no sweeps below \(See.runsDirectory)\n") }
            let rows = sweeps.map { sweep -> [TextTable.Cell] in
                let snapshot = SweepSnapshot(sweep, jobs: 1)
                return [TextTable.Cell(sweep.path), TextTable.Cell(sweep.plan.text), TextTable.Cell(snapshot.summary)]
            }
            Terminal.writeOut(TextTable(columns: ["sweep", "cells", "state"], rows: rows).text(ink: colour.ink))
        }
    }

    /// Becomes the process of one cell, so that its signals and its exit code are the training's own.
    private func runCell(_ sweep: SweepDirectory, _ digest: String) throws {
        let index = try sweep.plan.index(of: digest)
        if sweep.state(index).isFinal { return Terminal.writeOut("\(sweep.plan.cells[index].label): done before\n") }
        let flags = ["--progress", "plain"] + (threads.map { ["--threads", "\($0)"] } ?? [])
        let arguments = sweep.command(index, executable: Machine.executable, flags: flags)
        guard chdir(sweep.plan.workingDirectory) == 0 else {
            throw RhoError(.io, "cannot enter \(sweep.plan.workingDirectory): \(String(cString: strerror(errno)))")
        }
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        words.append(nil)
        execv(arguments[0], words)
        throw RhoError(.io, "cannot run \(arguments[0]): \(String(cString: strerror(errno)))")
    }
}
