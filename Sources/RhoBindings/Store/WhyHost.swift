import LuaRuntime
import RhoCore
import RhoTraining

/// What `rhoscript why` does.
extension Host {
    /// Explains each verb of a run, or of the last run of an experiment file.
    /// - Parameter arm: only the verbs of that label or name.
    public static func why(_ options: HostOptions, target: String, arm: String?, json: Bool) -> HostOutcome {
        do {
            let directory = try runDirectory(options, target)
            guard Files.exists("\(directory)/verbs.jsonl") else {
                throw RhoError(.usage, "\(directory) does not say what its verbs did (it has no verbs.jsonl)")
            }
            let all = try VerbRecord.read(from: directory)
            let records = arm.map { name in all.filter { $0.label == name || $0.key.verb == name } } ?? all
            if let arm, records.isEmpty {
                let names = all.map(\.label) + all.map(\.key.verb)
                throw RhoError(
                    .usage, "no verb of \(directory) is called '\(arm)'\(RhoCore.suggestion(for: arm, in: names))")
            }
            if json {
                let document: JSON = ["run": JSON(directory), "verbs": .array(records.map(\.json))]
                return HostOutcome(.done, document: document.serialized(pretty: true) + "\n")
            }
            return HostOutcome(.done, document: "\(directory)\n" + records.map { explain($0) }.joined())
        } catch let error as LuaError {
            return HostOutcome(.failed, message: error.description)
        } catch {
            return failure(error)
        }
    }

    static func failure(_ error: any Error) -> HostOutcome {
        guard let error = error as? RhoError else { return HostOutcome(.failed, message: "rhoscript: \(error)") }
        let hint = error.hint.map { "\n  \($0)" } ?? ""
        let exit: ProgramExit =
            switch error.code {
            case .usage: .usage
            case .mismatch: .mismatch
            default: .failed
            }
        return HostOutcome(exit, message: "rhoscript: \(error.message)\(hint)")
    }

    /// A run directory as the user names it: itself, or the experiment file whose newest run is meant.
    static func runDirectory(_ options: HostOptions, _ target: String) throws -> String {
        if Files.isDirectory(target) {
            guard Files.exists("\(target)/run.json") else {
                throw RhoError(.usage, "\(target) is no run directory (it has no run.json)")
            }
            return target
        }
        guard Files.exists(target) else { throw RhoError(.usage, "cannot open '\(target)': no such file or directory") }
        var options = options
        options.script = target
        let host = try ScriptHost(options, output: { _ in })
        let loaded = try host.state.run(file: target).first ?? .nil
        guard let name = try host.function("name", of: "rho.experiment").call([loaded]).first?.stringValue else {
            throw RhoError(.usage, "\(target) does not return an experiment")
        }
        guard let newest = RunIdentity.runs(of: name, root: host.session.runsDirectory).first else {
            throw RhoError(.usage, "the experiment '\(name)' has no run in \(host.session.runsDirectory)")
        }
        return newest
    }

    private static func explain(_ record: VerbRecord) -> String {
        let what = record.label.isEmpty ? record.key.verb : "\(record.key.verb) '\(record.label)'"
        let digest = record.key.digest.prefix(12)
        switch record.outcome {
        case .hit: return "hit      \(what): found in the store (\(digest))\n"
        case .kept: return "kept     \(what): finished in this run directory before\n"
        case .resumed: return "resumed  \(what): went on from the last checkpoint in this run directory\n"
        case .unread: return "computed \(what): the store was not to be read (--no-cache)\n"
        case .miss:
            guard let nearest = record.nearest else {
                return "miss     \(what): the store had no result of \(record.key.verb)\n"
            }
            let name = record.nearestLabel.map { $0.isEmpty ? "" : " '\($0)'" } ?? ""
            return "miss     \(what): the nearest stored result\(name) (\(nearest.prefix(12))) differs in\n"
                + record.differences.map { "           \($0.text)\n" }.joined()
        }
    }
}
