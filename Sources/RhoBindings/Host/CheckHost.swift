import LuaRuntime
import RhoCore
import RhoTraining

extension Host {
    /// Runs an experiment file so that nothing is trained: options, paths, shapes and policies are checked, and what each
    /// verb would take is estimated.
    ///
    /// - Returns: the report as the document; status 1 where something is wrong, 2 for wrong parameters.
    public static func check(_ options: HostOptions, _ request: RunRequest) -> HostOutcome {
        var options = options
        options.checksOnly = true
        options.progress = "none"
        // What the script prints is about results that are none.
        return run(options, reading: [], output: { _ in }) { host in
            guard let ledger = host.session.dry else { throw RhoError(.internal, "the session checks nothing") }
            var failure: LuaError?
            do {
                let results = try host.state.run(file: request.file)
                let main = try host.function("check", of: "rho.runner")
                _ = try main.call([results.first ?? .nil, cli(request, options)])
            } catch let error as LuaError {
                failure = try settle(error, ledger, options, host)
            }
            let report = CheckReport(file: request.file, ledger: ledger, failure: failure.map { $0.rhoError.message })
            var outcome = HostOutcome(.done)
            if let failure {
                outcome = self.outcome(of: failure, host, options)
            }
            outcome.document = request.json ? report.json.serialized(pretty: true) + "\n" : report.text
            return outcome
        }
    }

    /// The error if it is one: a script that goes on to what only a run has has done nothing wrong.
    private static func settle(
        _ error: LuaError, _ ledger: DryLedger, _ options: HostOptions, _ host: ScriptHost
    ) throws -> LuaError? {
        let place = error.file.map { file in error.line.map { "\(file):\($0)" } ?? file } ?? ""
        switch error.code {
        case .interrupted: throw error
        case .dry:
            ledger.remark(error.message, at: place)
            return nil
        case _ where error.exitCode == nil && (ledger.isBlind || error.code == .script && ledger.handedOut):
            ledger.remark(
                "\(error.message); a run, which has trained models where this check has stand-ins, may get past this",
                at: place)
            return nil
        default: return error.exitCode == 0 ? nil : error
        }
    }
}

/// The report of `rhoscript check` on one file.
struct CheckReport {
    let file: String
    let ledger: DryLedger
    let failure: String?

    /// Entries that differ in nothing but their name, together.
    private var groups: [(entry: DryLedger.Entry, names: [String])] {
        var groups: [(entry: DryLedger.Entry, names: [String])] = []
        for entry in ledger.entries {
            let same = groups.firstIndex {
                $0.entry.place == entry.place && $0.entry.kind == entry.kind && $0.entry.text == entry.text
            }
            if let same { groups[same].names.append(entry.name) } else { groups.append((entry, [entry.name])) }
        }
        return groups
    }

    var text: String {
        var lines = groups.map { line($0.entry, $0.names) }
        lines += ledger.remarks.map { "\($0.place): note: \($0.text)" }
        if failure == nil { lines.append("\(file): \(summary)") }
        return lines.map { $0 + "\n" }.joined()
    }

    private func line(_ entry: DryLedger.Entry, _ names: [String]) -> String {
        let shown = names.prefix(3).map { "'\($0)'" }.joined(separator: ", ")
        let all = names.count > 3 ? "\(shown) and \(names.count - 3) more" : shown
        let what: String =
            switch entry.kind {
            case .training: "train \(all): \(entry.text)\(names.count > 1 ? " each" : "")"
            case .scoring: "score \(all): \(entry.text)"
            case .tokenizer: "tokenizer: \(entry.text)"
            }
        return "\(entry.place): \(([what] + Self.figures(entry.cost)).joined(separator: "; "))"
    }

    private static func figures(_ cost: DryLedger.Cost) -> [String] {
        var parts: [String] = []
        if let operations = cost.operations { parts.append("\(Text.scaled(operations))FLOP") }
        if let bytes = cost.bytes { parts.append("\(Text.scaled(Double(bytes)))B") }
        if let seconds = cost.seconds { parts.append("about \(Text.duration(seconds))") }
        return parts
    }

    private var total: DryLedger.Cost {
        let costs = ledger.entries.map(\.cost)
        return DryLedger.Cost(
            operations: costs.compactMap(\.operations).reduce(0, +), seconds: costs.compactMap(\.seconds).reduce(0, +),
            bytes: costs.compactMap(\.bytes).max())
    }

    private func count(_ kind: DryLedger.Entry.Kind) -> Int { ledger.entries.count { $0.kind == kind } }

    private var summary: String {
        let (trainings, scorings) = (count(.training), count(.scoring))
        guard trainings + scorings > 0 else { return "nothing is trained or scored; the options are in order" }
        let total = total
        var text = trainings == 1 ? "1 training" : "\(trainings) trainings"
        if scorings > 0 { text += scorings == 1 ? ", 1 scoring" : ", \(scorings) scorings" }
        text += ": \(Text.scaled(total.operations ?? 0))FLOP"
        if let bytes = total.bytes {
            text +=
                ", up to \(Text.scaled(Double(bytes)))B of the machine's \(Text.scaled(Double(Machine.memoryBytes)))B"
        }
        let unmeasured = ledger.entries.contains { $0.cost.operations != nil && $0.cost.seconds == nil }
        if let seconds = total.seconds {
            text += ", \(unmeasured ? "more than" : "about") \(Text.duration(seconds)) on this machine"
        }
        return text + "; what the cache already has costs nothing"
    }

    var json: JSON {
        let total = total
        var object: JSONObject = [
            "file": JSON(file), "ok": JSON(failure == nil),
            "verbs": .array(ledger.entries.map(Self.json)),
            "notes": .array(ledger.remarks.map { ["place": JSON($0.place), "text": JSON($0.text)] }),
            "total": Self.json(total),
        ]
        if let failure { object["error"] = JSON(failure) }
        return .object(object)
    }

    private static func json(_ entry: DryLedger.Entry) -> JSON {
        var object: JSONObject = [
            "verb": JSON(entry.kind.rawValue), "place": JSON(entry.place), "name": JSON(entry.name),
            "cost": json(entry.cost),
        ]
        for (key, value) in entry.details.pairs { object[key] = value }
        return .object(object)
    }

    private static func json(_ cost: DryLedger.Cost) -> JSON {
        var object = JSONObject()
        if let operations = cost.operations { object["flops"] = .number(operations) }
        if let seconds = cost.seconds { object["seconds"] = .number((seconds * 1000).rounded() / 1000) }
        if let bytes = cost.bytes { object["bytes"] = JSON(bytes) }
        return .object(object)
    }
}
