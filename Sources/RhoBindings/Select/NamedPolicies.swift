import LuaRuntime
import RhoCore
import RhoSelection

/// The policies of the catalog as functions of `rho.select`.
enum NamedPolicies {
    /// Policies that share their name with a column are reached by calling the column.
    private static var ownFunctions: [NamedPolicy] {
        let columns = Set(TokenColumn.standard.map(\.column.name))
        return SelectionCatalog.all.filter { !columns.contains($0.name) }
    }

    /// Policies that are reached by calling a column.
    static var ofColumns: [NamedPolicy] {
        let own = Set(ownFunctions.map(\.name))
        return SelectionCatalog.all.filter { !own.contains($0.name) }
    }

    /// The manual page of a column, and of the policy that calling it gives; nil if nothing is called so.
    static func columnPage(_ name: String) -> String? {
        guard name.hasPrefix("rho.select."),
            let column = TokenColumn.standard.first(where: { "rho.select.\($0.column.name)" == name })
        else { return nil }
        var lines = [name, "", "Column: \(column.meaning)."]
        guard let policy = ofColumns.first(where: { $0.name == column.column.name }) else {
            return lines.joined(separator: "\n")
        }
        lines += ["", "\(name) { … }", "", "\(policy.summary) \(policy.formula) (\(policy.source)).", ""]
        for field in record(policy).fields { lines.append("  \(field.name): \(field.doc)") }
        return lines.joined(separator: "\n")
    }

    static var records: [LuaRecord] { SelectionCatalog.all.map(record) }

    static var functions: [LuaFunctionDeclaration] {
        ownFunctions.map { policy in
            LuaFunctionDeclaration(
                "rho.select.\(policy.name)", doc: "\(policy.summary) \(policy.formula) (\(policy.source)).",
                parameters: [
                    LuaField("options", .options(recordName(policy)), doc: "how much, and among which tokens")
                ],
                returns: [LuaResult(.object("Policy"), "the policy")]
            ) { call in
                let options = try call.options("options")
                return [try make(policy, keep: options.value, isSet: options.isSet).value]
            }
        }
    }

    static func recordName(_ policy: NamedPolicy) -> String {
        policy.name.split(separator: "_").map { String($0).capitalizedFirst }.joined() + "Options"
    }

    private static func record(_ policy: NamedPolicy) -> LuaRecord {
        var fields: [LuaField] = []
        for parameter in policy.parameters {
            switch parameter.name {
            case "keep": fields.append(LuaField("keep", SelectionValues.keepType, doc: parameter.meaning))
            case "threshold": fields.append(LuaField("threshold", .number(), unit: "nats", doc: parameter.meaning))
            default: break
            }
        }
        return LuaRecord(
            recordName(policy),
            fields + [SelectBinding.scopeField, SelectBinding.normaliserField, SelectBinding.scoresField])
    }

    /// Makes the policy from the argument of a column that was called.
    static func make(_ policy: NamedPolicy, from argument: LuaValue, state: LuaState) throws -> LuaValue {
        let place = "rho.select.\(policy.name)"
        let names = record(policy).fields.map(\.name)
        var given: [String: LuaValue] = [:]
        if let table = argument.tableValue {
            for (key, value) in try table.entries() {
                guard let name = key.stringValue, names.contains(name) else {
                    let shown = key.stringValue ?? key.display
                    throw RhoError(.usage, "\(place): unknown option '\(shown)'\(suggestion(for: shown, in: names))")
                }
                given[name] = value
            }
        } else if !argument.isNil {
            throw RhoError(.value, "\(place): expected a table of options, got \(argument.typeName)")
        }
        return try make(policy, keep: { given[$0] ?? .nil }, isSet: { given[$0] != nil }).value
    }

    private static func make(
        _ policy: NamedPolicy, keep value: (String) throws(RhoError) -> LuaValue,
        isSet: (String) throws(RhoError) -> Bool
    ) throws -> PolicyBox {
        let place = "rho.select.\(policy.name)"
        func has(_ name: String) throws -> Bool {
            guard policy.parameters.contains(where: { $0.name == name }) else { return false }
            return try isSet(name)
        }
        var options = PolicyOptions()
        if try has("keep") {
            options.keep = try SelectionValues.keep(value("keep"))
        }
        if try has("threshold") {
            guard let number = try value("threshold").doubleValue else {
                throw RhoError(.value, "\(place): threshold must be a number, got \(try value("threshold").display)")
            }
            options.threshold = number
        }
        for name in ["scope", "normaliser"] where try isSet(name) {
            guard let text = try value(name).stringValue else {
                throw RhoError(.value, "\(place): \(name) must be a string, got \(try value(name).display)")
            }
            if name == "scope" {
                options.scope = try SelectionScope(named: text)
            } else {
                options.normaliser = try Normaliser(named: text)
            }
        }
        var scores: ScoresBox?
        if try isSet("scores") {
            guard let box = try value("scores").object(as: ScoresBox.self) else {
                throw RhoError(.value, "\(place): scores must come from rho.score, got \(try value("scores").display)")
            }
            scores = box
        }
        let made = try policy.make(options)
        let box = PolicyBox(.rule(made), name: made.label, scores: scores)
        try box.checkScores(place)
        return box
    }
}
