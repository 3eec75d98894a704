import CLua
import CLuaShims
import RhoCore

/// A declaration made in Lua: `rho.declare({ name=, doc=, parameters=, options=, returns=, example=, open= }, fn)`.
///
/// A field is `{ "name", "type", default=, required=, min=, max=, open_min=, one_of=, positional=, unit=, doc= }`; name
/// and type may also be given by key. `parameters` are positional arguments; `options` makes the last argument an option
/// table.
struct ParsedDeclaration {
    var name = ""
    var doc = ""
    var parameters: [LuaField] = []
    var record: LuaRecord?
    var returns: [LuaResult] = []
    var example: String?
    var variadic = false
    var function: LuaFunction?

    private static let keys = ["name", "doc", "parameters", "options", "returns", "example", "open", "variadic", "fn"]

    init(_ table: LuaTable) throws(RhoError) {
        var options: LuaTable?
        var open: String?
        for (key, value) in try table.entries() {
            if key.intValue == 1, let function = value.functionValue {
                self.function = function
                continue
            }
            switch key.stringValue {
            case "name": name = try Self.text(value, "name")
            case "doc": doc = try Self.text(value, "doc")
            case "example": example = try Self.text(value, "example").trimmed
            case "open": open = try Self.text(value, "open")
            case "variadic": variadic = value.boolValue ?? false
            case "fn": function = value.functionValue
            case "parameters": parameters = try Self.fields(value.tableValue, "parameters")
            case "options": options = value.tableValue
            case "returns": returns = try Self.results(value)
            default:
                let shown = key.stringValue ?? describeForError(key)
                throw RhoError(.usage, "rho.declare: unknown entry '\(shown)'\(suggestion(for: shown, in: Self.keys))")
            }
        }
        guard !name.isEmpty else { throw RhoError(.usage, "rho.declare: name is required (a string)") }
        guard let options else { return }
        let record = LuaRecord("\(name) options", doc: "", open: open, try Self.fields(options, "options"))
        let required = record.fields.contains(where: \.required)
        parameters.append(LuaField("options", .options(record.name), required: required, doc: "see below"))
        self.record = record
    }

    static func text(_ value: LuaValue, _ key: String) throws(RhoError) -> String {
        guard let text = value.stringValue else {
            throw RhoError(.usage, "rho.declare: \(key) must be a string, got \(describeForError(value))")
        }
        return text
    }

    static func fields(_ table: LuaTable?, _ key: String) throws(RhoError) -> [LuaField] {
        guard let table else { throw RhoError(.usage, "rho.declare: \(key) must be a list of fields") }
        var fields: [LuaField] = []
        for (_, value) in try table.entries() {
            guard let entry = value.tableValue else {
                throw RhoError(.usage, "rho.declare: each of \(key) must be a table, got \(describeForError(value))")
            }
            fields.append(try field(entry))
        }
        return fields
    }

    private static let fieldKeys = [
        "name", "type", "default", "required", "min", "max", "open_min", "one_of", "positional", "unit", "doc",
    ]

    private static func field(_ table: LuaTable) throws(RhoError) -> LuaField {
        var values: [String: LuaValue] = [:]
        for (key, value) in try table.entries() {
            let name = key.intValue == 1 ? "name" : key.intValue == 2 ? "type" : key.stringValue ?? ""
            guard fieldKeys.contains(name) else {
                let shown = key.stringValue ?? describeForError(key)
                throw RhoError(
                    .usage, "rho.declare: unknown entry '\(shown)' of a field\(suggestion(for: shown, in: fieldKeys))")
            }
            values[name] = value
        }
        let name = try text(values["name"] ?? .nil, "a field's name")
        var type = LuaType.any
        if let names = values["one_of"]?.tableValue {
            type = .oneOf(try names.entries().compactMap { $0.value.stringValue })
        } else if let text = values["type"]?.stringValue {
            type = try LuaType.parse(text)
        }
        type = try type.bounded(
            min: values["min"]?.doubleValue, max: values["max"]?.doubleValue,
            openMin: values["open_min"]?.boolValue ?? false)
        var value = try constant(values["default"])
        // `default = 2e6` for an integer is an integer.
        if case .integer = type, case .number(let number)? = value, let whole = Int(exactly: number) {
            value = .integer(whole)
        }
        return LuaField(
            name, type, default: value, required: values["required"]?.boolValue ?? false,
            positional: values["positional"]?.boolValue ?? false, unit: values["unit"]?.stringValue,
            doc: values["doc"]?.stringValue ?? "")
    }

    private static func constant(_ value: LuaValue?) throws(RhoError) -> LuaConstant? {
        switch value {
        case nil, .nil?: return nil
        case .boolean(let value)?: return .boolean(value)
        case .integer(let value)?: return .integer(value)
        case .number(let value)?: return .number(value)
        case .string(let value)?: return .string(value)
        case .table(let table)?:
            var elements: [LuaConstant] = []
            for (_, element) in try table.entries() {
                if let element = try constant(element) { elements.append(element) }
            }
            return .list(elements)
        case let other?:
            throw RhoError(.usage, "rho.declare: a default must be a plain value, got \(describeForError(other))")
        }
    }

    /// `"Model"`, `{ "Model", "doc" }`, or a list of either.
    private static func results(_ value: LuaValue) throws(RhoError) -> [LuaResult] {
        if let text = value.stringValue { return [LuaResult(try LuaType.parse(text))] }
        guard let table = value.tableValue else { return [] }
        if let type = try table.get(1).stringValue {
            return [LuaResult(try LuaType.parse(type), try table.get(2).stringValue ?? "")]
        }
        var results: [LuaResult] = []
        for (_, entry) in try table.entries() { results += try Self.results(entry) }
        return results
    }
}

extension LuaState {
    /// The checked function for a declaration made in Lua, recorded in the catalog.
    func declare(_ table: LuaTable, _ function: LuaFunction?) throws(RhoError) -> LuaFunction {
        let declaration = try ParsedDeclaration(table)
        guard let function = function ?? declaration.function else {
            throw RhoError(.usage, "rho.declare: \(declaration.name) has no function")
        }
        if let record = declaration.record { catalog.add(record) }
        catalog.add(
            LuaCatalog.Function(
                name: declaration.name, doc: declaration.doc, parameters: declaration.parameters,
                returns: declaration.returns, example: declaration.example, variadic: declaration.variadic))
        try needStack(4)
        pushFunction(
            BoundFunction(
                declaration.name, declaration.parameters, variadic: declaration.variadic, state: self,
                body: .lua(function)))
        return LuaFunction(popping: thread, of: self)
    }
}
