import LuaRuntime
import RhoCore
import RhoData
import RhoTraining

/// What a value is, for keys: plain data as itself, artifacts by the fingerprint of their content, functions by their
/// code. Two values of the same identity give the same results.
struct Identity {
    let store: StoreSession

    /// - Parameter exact: keeps 1 and 1.0 apart, which only code that does arithmetic on the value can tell.
    func json(_ value: LuaValue, _ place: String, exact: Bool = false) throws -> JSON {
        switch value {
        case .object(let object, let name): return try self.object(object, name, place)
        case .function(let function):
            do { return ["function": JSON(try function.fingerprint())] } catch { throw error.at(place) }
        case .table(let table): return try self.table(table, place, exact: exact)
        case .list(let items):
            return Self.shortened(try items.enumerated().map { try json($1, "\(place)[\($0 + 1)]", exact: exact) })
        case .record(let pairs):
            return .object(JSONObject(try pairs.map { ($0, try json($1, "\(place).\($0)", exact: exact)) }))
        case .options(let options):
            return .object(try parts(of: options, place))
        case .number(let number) where exact && number == number.rounded() && number.isFinite:
            return ["float": JSON(number)]
        default: return try StoredValue.encode(value, place)
        }
    }

    /// Resolved options by name; what was neither given nor has a default is left out.
    func parts(of options: LuaOptions, _ place: String, leaving out: Set<String> = []) throws -> JSONObject {
        var object = JSONObject()
        for entry in options.entries where !entry.value.isNil && !out.contains(entry.field.name) {
            object[entry.field.name] = try json(entry.value, "\(place).\(entry.field.name)")
        }
        return object
    }

    /// A long list would make keys nobody reads; its hash says as much.
    private static func shortened(_ items: [JSON]) -> JSON {
        let list = JSON.array(items)
        return items.count > 16 ? ["list": JSON(items.count), "sha256": JSON(Fingerprint.of(list))] : list
    }

    private func table(_ table: LuaTable, _ place: String, exact: Bool) throws -> JSON {
        let entries = try table.entries()
        let isList = entries.enumerated().allSatisfy { index, entry in
            if case .integer(let key) = entry.key { key == index + 1 } else { false }
        }
        if isList {
            return Self.shortened(
                try entries.enumerated().map { try json($1.value, "\(place)[\($0 + 1)]", exact: exact) })
        }
        var object = JSONObject()
        for (key, value) in entries {
            let name: String
            switch key {
            case .string(let text): name = text
            case .integer(let number): name = "[\(number)]"
            default: throw RhoError(.value, "\(place) has the key \(key.display), which has no form in a key")
            }
            object[name] = try json(value, "\(place).\(name)", exact: exact)
        }
        return .object(object)
    }

    /// The content of an artifact as one hash, for functions that capture it; nil where it has none.
    func fingerprint(of object: AnyObject) throws -> String? {
        try content(object, "a captured value").map { Fingerprint.of($0) }
    }

    private func object(_ object: AnyObject, _ name: String, _ place: String) throws -> JSON {
        guard let content = try content(object, place) else {
            throw RhoError(.unsupported, "\(place) is a \(name), whose content has no fingerprint")
        }
        return content
    }

    private func content(_ object: AnyObject, _ place: String) throws -> JSON? {
        switch object {
        case let box as CorpusBox: return ["corpus": JSON(try store.hash(of: box))]
        case let box as TokensBox: return tokens(box)
        case let box as TokenizerBox: return ["tokenizer": JSON(box.tokenizer.fingerprint)]
        case let box as ModelBox:
            var parts: JSONObject =
                box.isFresh
                ? ["architecture": box.config.toHF(), "dropout": JSON(box.config.dropout)]
                : ["model": JSON(try box.fingerprint())]
            if let tokenizer = box.tokenizer { parts["tokenizer"] = JSON(tokenizer.fingerprint) }
            return .object(parts)
        case let box as ScoresBox: return try scores(box)
        case let box as PolicyBox: return try policy(box, place)
        case let box as ScheduleBox: return box.schedule.json
        case let box as ColumnBox: return box.expression.json
        case let box as RuleBox: return box.rule.json
        case let box as KeepBox: return box.schedule.json
        case let box as QuantileBox: return ["quantile": JSON(box.share)]
        case let box as StreamBox:
            return [
                "stream": JSON(box.name), "seed": JSON(box.seed), "step": JSON(box.step),
                "state": JSON(SHA256Hasher.hex(of: "\(box.stream)")),
            ]
        default: return nil
        }
    }

    private func tokens(_ box: TokensBox) -> JSON {
        let parts = box.corpus.parts.map { part -> JSON in
            ["corpus": JSON(part.store.corpusHash), "weight": JSON(part.weight)]
        }
        return ["tokens": .array(parts), "tokenizer": JSON(box.tokenizer.fingerprint)]
    }

    private func scores(_ box: ScoresBox) throws(RhoError) -> JSON {
        let file = try box.file()
        var content: JSONObject = [
            "reference": JSON(file.reference), "tokenizer": JSON(file.tokenizerFingerprint),
            "context": JSON(file.context),
            "document_mask": JSON(file.documentMask), "columns": .array(file.columns.map { JSON($0) }),
            "corpus": .array(file.parts.map { JSON($0.corpusHash) }),
        ]
        if let hash = box.content { content["file"] = JSON(hash) }
        return .object(content)
    }

    private func policy(_ box: PolicyBox, _ place: String) throws -> JSON {
        var parts: JSONObject
        switch box.kind {
        case .rule(let policy):
            parts = policy.json.objectValue ?? [:]
            // What it is called does not change what it selects.
            parts["name"] = nil
        case .function(let function, let scope, let normaliser):
            parts = ["scope": JSON(scope.rawValue), "normaliser": JSON(normaliser.rawValue)]
            parts["weights"] = try json(.function(function), "\(place).weights")
        }
        if let scores = box.scores { parts["scores"] = try self.scores(scores) }
        for (name, value) in box.sources.values {
            parts["columns.\(name)"] = try json(value, "\(place).columns.\(name)")
        }
        if let history = box.history { parts["history"] = JSON(Double(history.momentum)) }
        return .object(parts)
    }
}
