import LuaRuntime
import RhoCore
import RhoTraining

/// What the command line does with scripts; everything below it is free of flags and exit codes.
public enum Host {
    /// Runs an experiment file.
    public static func runExperiment(_ options: HostOptions, _ request: RunRequest) -> HostOutcome {
        // With --json stdout belongs to the document; what the script prints goes to stderr.
        let output: (String) -> Void =
            request.json ? { ProgressLine.writeToStandardError($0) } : { writeToStandardOutput($0) }
        var plan: (json: JSON, runs: String)?
        let outcome = run(options, reading: [Files.parent(of: request.file)], output: output) { host in
            let results = try host.state.run(file: request.file)
            let main = try host.function("main", of: "rho.runner")
            let outcome = try main.call([results.first ?? .nil, cli(request, options)])
            if outcome.count > 2, case .table(let planned) = outcome[2] {
                plan = (try JSON(.table(planned), "plan"), host.session.runsDirectory)
            }
            let status = Int32(clamping: outcome.first?.intValue ?? 0)
            let document = outcome.dropFirst().first?.stringValue.map { $0.hasSuffix("\n") ? $0 : $0 + "\n" } ?? ""
            return HostOutcome(status: status, document: request.json ? document : "")
        }
        guard let plan else { return outcome }
        // The script has said all it has to: each cell runs it in a process of its own.
        LuaState.removeInterruptHandler()
        do {
            return try runSweep(options, request, plan: plan.json, runs: plan.runs)
        } catch {
            return failure(error)
        }
    }

    /// Runs spec files.
    public static func runSpecs(_ options: HostOptions, paths: [String], junit: String? = nil) -> HostOutcome {
        let places = paths.map { Files.isDirectory($0) ? $0 : Files.parent(of: $0) }
        return run(options, reading: places, output: { writeToStandardOutput($0) }) { host in
            let files = try specFiles(paths)
            guard !files.isEmpty else {
                throw RhoError(.usage, "no spec file (*_spec.lua) in \(paths.joined(separator: ", "))")
            }
            return HostOutcome(try host.runSpecs(files, junit: junit) == 0 ? .done : .failed)
        }
    }

    private static func specFiles(_ paths: [String]) throws(RhoError) -> [String] {
        var files: [String] = []
        for path in paths {
            guard Files.isDirectory(path) else {
                guard Files.exists(path) else {
                    throw RhoError(.usage, "cannot open '\(path)': no such file or directory")
                }
                files.append(path)
                continue
            }
            for name in try Files.list(path) where !name.hasPrefix(".") {
                let child = "\(path)/\(name)"
                if Files.isDirectory(child) {
                    files += try specFiles([child])
                } else if name.hasSuffix("_spec.lua") {
                    files.append(child)
                }
            }
        }
        return files
    }

    static func cli(_ request: RunRequest, _ options: HostOptions) -> LuaValue {
        var pairs: [(String, LuaValue)] = [
            ("file", .string(request.file)), ("sets", .list(request.assignments)), ("json", .boolean(request.json)),
            ("help", .boolean(request.help)), ("quiet", .boolean(request.quiet)),
            ("progress", .string(request.progress)),
            ("argv", .list(options.scriptArguments)), ("force", .boolean(request.force)),
            ("print_config", .boolean(request.printConfig)), ("require_clean", .boolean(request.requireClean)),
            ("sweeps", .list(request.sweep.sweeps)), ("no_sweep", .boolean(request.sweep.single)),
            ("needs_sweep", .boolean(request.sweep.dryRun || request.sweep.slurm != nil)),
        ]
        if let seeds = request.sweep.seeds { pairs.append(("seeds", .integer(seeds))) }
        if let baseline = request.sweep.baseline { pairs.append(("baseline", .string(baseline))) }
        if let pause = request.pause {
            pairs.append(("pause", .record([("arm", .string(pause.arm)), ("tokens", .number(pause.tokens))])))
        }
        if let seed = request.seed { pairs.append(("seed", .integer(seed))) }
        if let out = request.out { pairs.append(("out", .string(out))) }
        if let against = request.against { pairs.append(("against", .string(against))) }
        return .record(pairs)
    }

    static func run(
        _ options: HostOptions, reading: [String], output: @escaping (String) -> Void,
        _ body: (ScriptHost) throws -> HostOutcome
    ) -> HostOutcome {
        var host: ScriptHost?
        do {
            let sandbox = try options.sandbox.map { limits throws(RhoError) in
                try Sandbox.enter(limits, options, reading: reading)
            }
            let made = try ScriptHost(
                options, sandbox: sandbox, output: sandbox == nil ? output : { output(Sandbox.printable($0)) })
            host = made
            made.state.installInterruptHandler()
            return try body(made)
        } catch let error as LuaError {
            return outcome(of: error, host, options)
        } catch let error as RhoError {
            return outcome(of: LuaError(error), host, options)
        } catch {
            return HostOutcome(.failed, message: "rhoscript: \(error)")
        }
    }

    static func outcome(of error: LuaError, _ host: ScriptHost?, _ options: HostOptions) -> HostOutcome {
        if let status = error.exitCode { return HostOutcome(status: Int32(truncatingIfNeeded: status)) }
        if error.code == .interrupted, let farewell = host?.session.farewell {
            let hint = farewell.hint.map { "\n  \($0)" } ?? ""
            return HostOutcome(exit(of: error, host), message: "rhoscript: \(farewell.message)\(hint)")
        }
        let error = options.sandbox == nil ? error : Sandbox.printable(error)
        let place = error.file.map { file in error.line.map { "\(file):\($0):" } ?? "\(file):" } ?? "rhoscript:"
        let ink = Ink.decided(options.color, descriptor: 2)
        var message = "\(ink.paint(place, .red, bold: true)) \(error.message)"
        if let hint = error.hint { message += "\n  \(ink.paint(hint, .grey))" }
        if options.fullTraceback, let traceback = error.traceback, !traceback.isEmpty { message += "\n\(traceback)" }
        return HostOutcome(exit(of: error, host), message: message)
    }

    private static func exit(of error: LuaError, _ host: ScriptHost?) -> ProgramExit {
        switch error.code {
        case .interrupted:
            switch LuaState.interruptSignal {
            case 0: return .failed
            case 2: return .interrupted
            default: return host?.session.lastCheckpoint == nil ? .terminated : .stopped
            }
        // A usage error that points into a script is a mistake in the script, not in the command.
        case .usage where error.file == nil: return .usage
        // A repetition that cannot be one.
        case .mismatch where host?.session.expectation != nil: return .mismatch
        default: return .failed
        }
    }
}

extension Host {
    /// Program, Lua and engine versions on one line.
    public static var versionLine: String { "rhoscript \(Version.text) (\(Version.parts.joined(separator: ", ")))" }

    /// ` (did you mean 'x'?)`, or nothing.
    public static func suggestion(for name: String, in names: [String]) -> String {
        RhoCore.suggestion(for: name, in: names)
    }
}
