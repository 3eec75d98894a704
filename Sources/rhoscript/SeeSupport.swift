import ArgumentParser
import Glibc
import RhoCore
import RhoTraining

/// What the commands that look at runs share.
enum See {
    /// Where runs are looked for if no place is given: `$RHO_RUNS`, else `runs`, as experiments write them.
    static var runsDirectory: String {
        guard let own = getenv("RHO_RUNS"), own.pointee != 0 else { return "runs" }
        return String(cString: own)
    }

    /// Runs a command's body; an error of the engine becomes a message and an exit code.
    static func reporting(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as RhoError {
            let hint = error.hint.map { "\n  \($0)" } ?? ""
            throw CommandFailure(
                code: error.code == .usage ? .usage : .failed, message: "rhoscript: \(error.message)\(hint)")
        }
    }

    /// The runs below a directory; that there are none is said where `runs` is not even there.
    static func runs(below directory: String) throws -> [RunRecord] {
        guard Files.isDirectory(directory) else {
            throw RhoError(
                .usage, "there is no directory '\(directory)'",
                hint: "give the directory with your runs; an experiment writes to runs/ below where it is started")
        }
        return try RunRecord.paths(below: directory).map { path in try RunRecord(path: path) }
    }
}

/// `--color`, for commands that only print.
struct ColorFlag: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("Colour: auto, always or never.", valueName: "when"))
    var color: ColorChoice = .auto

    var ink: Ink { Ink.decided(color == .auto ? nil : color == .always) }
}
