import RhoCore
import RhoTraining

/// What `rhoscript repeat`, `lock` and `verify` are asked for.
public struct RepeatRequest: Sendable {
    /// Nearness that counts as equal; nil for the same bits.
    public var tolerance: Double?
    /// The new run directory; nil for one beside the others.
    public var out: String?
    /// Takes stored results where there are any, instead of computing everything anew.
    public var trustsCache = false
    /// Flags for the run.
    public var flags: [String] = []

    public init() {}
}

extension Host {
    /// Runs a run once more and compares the two.
    public static func repeatRun(_ options: HostOptions, _ request: RepeatRequest, run path: String) -> HostOutcome {
        do {
            let before = try RunRecord(path: path)
            guard before.status == .done else {
                throw RhoError(.usage, "\(path) is \(before.status.rawValue); only a finished run can be repeated")
            }
            let expectation = try Expectation(path: path)
            if request.tolerance == nil, try engine(options).identity != expectation.identity.engine {
                throw RhoError(
                    .mismatch, "\(path) was made by another build of rhoscript, or on another kind of processor",
                    hint: "--tolerance 1e-4 compares the results all the same, as far as they can agree")
            }
            let target = request.out ?? freePath(beside: path)
            let status = try again(
                expecting: path, script: expectation.identity.script,
                directory: expectation.identity.workingDirectory, assignments: LockFile.assignments(of: path), target,
                request)
            guard status == 0 else { return HostOutcome(status: status, message: notRepeated(path, status)) }
            let difference = try RunDifference(
                before: before, after: RunRecord(path: target), tolerance: request.tolerance ?? 0)
            guard difference.isEmpty else {
                return HostOutcome(
                    .mismatch,
                    message: "rhoscript: \(target) is not what \(path) was\n"
                        + difference.differences.map { "  \($0)\n" }.joined().dropLast())
            }
            return HostOutcome(.done, document: "\(path) repeated in \(target): \(difference.agreement)\n")
        } catch {
            return failure(error)
        }
    }

    /// Writes the lock file of an experiment from its newest run, or from the run named.
    public static func lock(_ options: HostOptions, _ request: RepeatRequest, target: String) -> HostOutcome {
        do {
            let directory = try runDirectory(options, target)
            let run = try RunRecord(path: directory)
            guard let identity = RunIdentity.of(directory: directory) else {
                throw RhoError(.usage, "\(directory) does not say what it ran (it has no identity.json)")
            }
            let script =
                identity.script.hasPrefix("/") ? identity.script : "\(identity.workingDirectory)/\(identity.script)"
            try requireUnchanged(script, identity.script, run)
            let path = (script.hasSuffix(".lua") ? String(script.dropLast(4)) : script) + LockFile.suffix
            let lock = try LockFile(
                run: run, path: path, script: Files.name(of: script), tolerance: request.tolerance ?? 0)
            try lock.write()
            let dirty = run.isDirty ? "; the run was made from sources with uncommitted changes" : ""
            return HostOutcome(.done, document: "wrote \(shortened(path)) from \(directory)\(dirty)\n")
        } catch {
            return failure(error)
        }
    }

    /// The file that ran must be the file that is there.
    private static func requireUnchanged(_ script: String, _ name: String, _ run: RunRecord) throws(RhoError) {
        let parts = name.split(separator: "/").filter { $0 != ".." && $0 != "." }.joined(separator: "/")
        let now = SHA256Hasher.hex(of: try Files.read(script))
        guard let known = run.manifest["code"]?[parts]?.stringValue, known != now else { return }
        throw RhoError(
            .usage, "\(shortened(script)) has changed since \(run.path) was made",
            hint: "run it again and lock that run")
    }

    /// Checks the lock files below some paths.
    public static func verify(_ options: HostOptions, _ request: RepeatRequest, paths: [String]) -> HostOutcome {
        do {
            let locks = try paths.flatMap { try lockFiles($0) }
            guard !locks.isEmpty else {
                throw RhoError(
                    .usage, "no lock file (*\(LockFile.suffix)) in \(paths.joined(separator: ", "))",
                    hint: "rhoscript lock FILE.lua writes one")
            }
            var (document, failed, stopped) = ("", 0, Int32(0))
            for path in locks where stopped == 0 {
                let found = try check(path, options, request)
                if [75, 130, 143].contains(found.status) { stopped = found.status }
                if found.status != 0 { failed += 1 }
                document += found.lines.map { $0 + "\n" }.joined()
            }
            if stopped != 0 { return HostOutcome(status: stopped, document: document) }
            let verdict = "rhoscript: \(failed) of \(locks.count) experiments do not give what was locked"
            return HostOutcome(failed == 0 ? .done : .mismatch, message: failed == 0 ? "" : verdict, document: document)
        } catch {
            return failure(error)
        }
    }

    private static func check(
        _ path: String, _ options: HostOptions, _ request: RepeatRequest
    ) throws -> (status: Int32, lines: [String]) {
        let lock = try LockFile(path: path)
        let engine = try engine(options)
        let same = engine.identity == lock.identity.engine
        let target = RunDirectory.defaultPath(
            root: engine.runs, experiment: lock.identity.experiment, slug: "verify", fingerprint: lock.identity.digest)
        let folder = Files.parent(of: path)
        let status = try again(
            expecting: path, script: folder == "." ? lock.script : "\(folder)/\(lock.script)",
            directory: Machine.workingDirectory, assignments: lock.assignments, target, request)
        guard status == 0 else { return (status, ["\(path): does not run as it did (exit code \(status))"]) }
        let differences = try lock.differences(from: RunRecord(path: target), sameEngine: same)
        let build =
            same
            ? ""
            : lock.tolerance > 0 ? ", another build, within \(JSON(lock.tolerance).serialized())" : ", another build"
        guard !differences.isEmpty else { return (0, ["\(path): as it was locked\(build) (\(target))"]) }
        return (
            ProgramExit.mismatch.rawValue,
            ["\(path): \(target) gives something else\(build)"] + differences.map { "  \($0)" }
        )
    }

    private static func lockFiles(_ path: String) throws(RhoError) -> [String] {
        guard Files.isDirectory(path) else {
            guard Files.exists(path) else { throw RhoError(.usage, "cannot open '\(path)': no such file or directory") }
            let isScript = path.hasSuffix(".lua")
            return [isScript ? path.dropLast(4) + LockFile.suffix : path]
        }
        var found: [String] = []
        let base = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        for name in try Files.list(base) where !name.hasPrefix(".") {
            if Files.isDirectory("\(base)/\(name)") {
                found += try lockFiles("\(base)/\(name)")
            } else if name.hasSuffix(LockFile.suffix) {
                found.append("\(base)/\(name)")
            }
        }
        return found
    }

    // MARK: the run itself

    private static func again(
        expecting: String, script: String, directory: String, assignments: [String],
        _ target: String, _ request: RepeatRequest
    ) throws(RhoError) -> Int32 {
        func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : "\(Machine.workingDirectory)/\(path)" }
        let arguments =
            [Machine.executable, "run", script] + assignments.flatMap { ["--set", $0] }
            + ["--out", absolute(target), "--no-sweep", "--expecting", absolute(expecting)]
            + (request.trustsCache ? [] : ["--no-cache"]) + request.flags
        return try RunAgain.run(arguments, directory: absolute(directory))
    }

    private static func notRepeated(_ path: String, _ status: Int32) -> String {
        status == ProgramExit.mismatch.rawValue
            ? "" : "rhoscript: \(path) did not run to its end again (exit code \(status))"
    }

    /// What computes here, and where runs go.
    private static func engine(_ options: HostOptions) throws(RhoError) -> (identity: String?, runs: String) {
        let session = try ScriptHost(options, output: { _ in }).session
        return (session.store.engine, session.runsDirectory)
    }

    /// `path-again`, or `path-again-2` where that is taken.
    private static func freePath(beside path: String) -> String {
        let base = (path.hasSuffix("/") ? String(path.dropLast()) : path) + "-again"
        var (free, count) = (base, 1)
        while Files.exists(free) {
            count += 1
            free = "\(base)-\(count)"
        }
        return free
    }

    private static func shortened(_ path: String) -> String {
        let here = Machine.workingDirectory + "/"
        return path.hasPrefix(here) ? String(path.dropFirst(here.count)) : path
    }
}
