import ArgumentParser
import Glibc
import RhoCore
import RhoTraining

/// `rhoscript watch`: a view of runs that renews itself.
struct WatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Follow runs in the terminal until none is running.",
        usage: "rhoscript watch [DIR] [--every SECONDS]",
        discussion: "Reads the files of the runs and touches nothing. Where stdout is no terminal it prints once.")

    @Argument(help: ArgumentHelp("A run, or a directory with runs below it.", valueName: "DIR"))
    var directory = See.runsDirectory

    @Option(name: .long, help: ArgumentHelp("Seconds between two looks.", valueName: "seconds"))
    var every = 2.0

    @OptionGroup var colour: ColorFlag

    func validate() throws {
        guard every >= 0.2, every <= 3600 else {
            throw ValidationError("--every must be in 0.2 ... 3600, got \(every)")
        }
    }

    func run() throws {
        try See.reporting {
            let follows = isatty(STDOUT_FILENO) == 1
            var shown = 0
            while true {
                let runs = try See.runs(below: directory)
                let size = Ink.terminalSize()
                let text =
                    runs.isEmpty
                    ? "no runs below \(directory)\n"
                    : StatusView.watch(runs, below: directory, ink: colour.ink, columns: size.columns)
                let lines = text.split(separator: "\n")
                // A view higher than the screen could not be written over: its end is what moves.
                let visible = follows ? lines.suffix(max(1, size.rows - 1)) : lines[...]
                // Up over the last view, then each line anew with its rest cleared, then what is below.
                let up = shown > 0 ? "\u{1B}[\(shown)A\r" : ""
                let lined = visible.map { $0 + (follows ? "\u{1B}[K\n" : "\n") }.joined()
                // Lines too long for the screen are cut by it: wrapped ones would spoil the way back up.
                Terminal.writeOut(follows ? "\u{1B}[?7l\(up)\(lined)\u{1B}[J\u{1B}[?7h" : lined)
                shown = visible.count
                guard follows, runs.contains(where: { $0.status == .running }) else { return }
                usleep(UInt32(every * 1e6))
            }
        }
    }
}
