import Glibc
import RhoCore

/// How a cell of a sweep stands. Derived from its run directory each time, never stored.
public enum CellState: String, Sendable, CaseIterable {
    /// Nothing is there yet.
    case new
    /// Begun, and to be gone on with.
    case partial
    /// A live process is at work.
    case running
    case done, failed, diverged

    /// True for what running the cell again would not change: a training diverges again.
    public var isFinal: Bool { self == .done || self == .diverged }
    /// True for what counts as a failed cell.
    public var isFailure: Bool { self == .failed || self == .diverged }
}

/// The directory of a sweep, and those of its cells.
///
///     runs/<experiment>/sweeps/<id>/sweep.json       the plan
///                                   cells.jsonl      a line for each cell: what it is and how it stands
///                                   decisions.jsonl  successive halving only: what was decided, and why
///                                   table.csv, table.md
///                                   logs/            what each cell said
///     runs/<experiment>/cells/<values>-<12 digits of the identity>/   an ordinary run directory
///
/// Cells lie beside the sweeps and not in them: two sweeps that share a cell share its run.
public struct SweepDirectory: Sendable {
    public let path: String
    public let plan: SweepPlan
    /// Names of the cells' directories.
    private let names: [String]

    /// - Parameter root: the directory of all runs.
    public init(root: String, plan: SweepPlan) {
        let experiment = "\(root)/\(RunDirectory.slug(plan.experiment))"
        path = "\(experiment)/sweeps/\(plan.id)"
        self.plan = plan
        names = Self.names(plan, in: "\(experiment)/cells")
    }

    /// A cell that another sweep has run keeps the name it got there: it is known by the digits at the end.
    private static func names(_ plan: SweepPlan, in directory: String) -> [String] {
        var known: [Substring: String] = [:]
        for name in (try? Files.list(directory)) ?? [] { known[name.suffix(digits)] = name }
        return plan.cells.map { cell in
            let digest = cell.digest.prefix(digits)
            return known[digest]
                ?? [RunDirectory.slug(cell.slug), String(digest)].filter { !$0.isEmpty }.joined(separator: "-")
        }
    }

    private static let digits = 12

    /// Reads a sweep that was planned before.
    /// - Throws: `.usage` if the directory is none, `.format`.
    public init(path: String) throws(RhoError) {
        let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        guard Files.exists("\(path)/sweep.json") else {
            throw RhoError(.usage, "\(path) is no directory of a sweep: it has no sweep.json")
        }
        do {
            plan = try SweepPlan(json: JSON.parse(try Files.read("\(path)/sweep.json")))
        } catch {
            throw error.at("\(path)/sweep.json")
        }
        self.path = path
        names = Self.names(plan, in: "\(Files.parent(of: Files.parent(of: path)))/cells")
    }

    /// Sweeps below a directory of runs, sorted by path.
    public static func paths(below root: String) -> [String] {
        var found: [String] = []
        for name in (try? Files.list(root)) ?? [] {
            for id in (try? Files.list("\(root)/\(name)/sweeps")) ?? [] {
                let path = "\(root)/\(name)/sweeps/\(id)"
                if Files.exists("\(path)/sweep.json") { found.append(path) }
            }
        }
        return found
    }

    /// Writes the plan.
    public func write() throws(RhoError) {
        try Files.makeDirectory("\(path)/logs")
        try Files.writeAtomically("\(path)/sweep.json", plan.json.serialized(pretty: true) + "\n")
    }

    public func cellPath(_ index: Int) -> String {
        "\(Files.parent(of: Files.parent(of: path)))/cells/\(names[index])"
    }

    public func logPath(_ index: Int) -> String { "\(path)/logs/\(Files.name(of: cellPath(index))).log" }

    /// The command that runs one cell, from the plan's working directory.
    public func command(_ index: Int, executable: String, flags: [String] = []) -> [String] {
        let here = Machine.workingDirectory
        let path = cellPath(index)
        let target = path.hasPrefix("/") || here == plan.workingDirectory ? path : "\(here)/\(path)"
        let assignments = plan.cells[index].assignments.flatMap { ["--set", $0] }
        let arguments = plan.scriptArguments.isEmpty ? [] : ["--"] + plan.scriptArguments
        return [executable, "run", plan.script] + assignments + ["--out", target, "--no-sweep"] + flags + plan.flags
            + arguments
    }

    /// The command that checks one cell instead, from the plan's working directory.
    func checkCommand(_ index: Int, executable: String, flags: [String] = []) -> [String] {
        let assignments = plan.cells[index].assignments.flatMap { ["--set", $0] }
        let elsewhere = Machine.workingDirectory == plan.workingDirectory ? [] : ["env", "-C", plan.workingDirectory]
        return elsewhere + [executable, "check", plan.script, "--json"] + assignments + flags + plan.flags
    }

    public func state(_ index: Int) -> CellState {
        let directory = cellPath(index)
        guard Files.exists("\(directory)/run.json") else {
            // A process that has the lock is about to write it.
            if let owner = RunLock.owner(of: directory), owner.isAlive() { return .running }
            return .new
        }
        switch RunStatus.of(directory: directory) {
        case .running: return .running
        case .interrupted, .stopped: return .partial
        case .done: return surprise(index) == nil ? .done : .failed
        case .failed: return .failed
        case .diverged: return .diverged
        }
    }

    /// What the run of a cell has that was not planned, in words; nil if it is what was planned. Another build, on
    /// another node of a cluster, is no surprise.
    func surprise(_ index: Int) -> String? {
        guard var identity = RunIdentity.of(directory: cellPath(index)) else { return "it does not say what it ran" }
        identity.engine = plan.engine
        guard identity.digest != plan.cells[index].digest else { return nil }
        return "it is not the run that was planned: \(identity.params.serialized())"
    }

    public var states: [CellState] { plan.cells.indices.map { state($0) } }

    /// What a cell ended with, in words and in numbers: loss of each trained model, or what the experiment returned.
    public func result(_ index: Int) -> String {
        guard let record = try? RunRecord(path: cellPath(index)) else { return "" }
        var parts: [String] = []
        for arm in record.arms where arm.isFinished && arm.name != "reference" {
            let losses = arm.tags.filter { $0.hasPrefix("eval/") && $0.hasSuffix("/loss") } + ["train/loss"]
            if let value = losses.lazy.compactMap({ arm.latest($0) }).first {
                parts.append("\(arm.name) \(Text.fixed(value, 4))")
            }
        }
        for (name, value) in record.returned?.summary?["final"]?.objectValue?.pairs ?? [] {
            if let number = value.doubleValue { parts.append("\(Metric(name).title) \(Metric(name).shown(number))") }
        }
        return parts.joined(separator: "  ")
    }

    /// Seconds that the cell's last process took; nil if it has not ended.
    public func seconds(_ index: Int) -> Double? {
        guard let text = try? Files.readText("\(cellPath(index))/run.json"), let json = try? JSON.parse(text) else {
            return nil
        }
        return json["wall_seconds"]?.doubleValue
    }

    /// The words in which a failed cell ended, from its log.
    public func reason(_ index: Int) -> String {
        if RunStatus.of(directory: cellPath(index)) == .done, let surprise = surprise(index) { return surprise }
        let text = (try? Files.readText(logPath(index))) ?? ""
        return Self.complaint(text.split(separator: "\n").map(String.init))
    }

    /// The last line that is no continuation of the one before.
    static func complaint(_ lines: [String]) -> String {
        lines.last { line in line.first.map { !$0.isWhitespace && $0 != "{" } ?? false } ?? ""
    }

    /// Writes cells.jsonl.
    public func writeCells(_ states: [CellState]) throws(RhoError) {
        let lines = plan.cells.indices.map { index -> String in
            let cell = plan.cells[index]
            var object: JSONObject = [
                "cell": JSON(index), "digest": JSON(cell.digest), "values": .object(cell.values),
                "state": JSON(states[index].rawValue), "directory": JSON(cellPath(index)),
            ]
            if let seconds = seconds(index) { object["seconds"] = .number(seconds) }
            if states[index].isFailure { object["reason"] = JSON(reason(index)) }
            return JSON.object(object).serialized() + "\n"
        }
        try Files.writeAtomically("\(path)/cells.jsonl", lines.joined())
    }
}
