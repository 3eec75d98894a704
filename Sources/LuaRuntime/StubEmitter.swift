import RhoCore

/// Editor stubs for the Lua language server: one `---@meta` file with a class for every option table and every class,
/// and an empty function for every declaration.
extension DocsEmitter {
    public func stubs(module: String = "rho") -> String {
        var out = ["---@meta \(module)", ""]
        for record in catalog.records.sorted(by: { $0.name < $1.name }) { out += stub(record) }
        for item in catalog.classes.sorted(by: { $0.name < $1.name }) { out += stub(item) }
        let functions = catalog.functions.sorted { $0.name < $1.name }
        out += tables(functions)
        for function in functions { out += stub(function, named: function.name) }
        out += ["return \(module)", ""]
        return out.joined(separator: "\n")
    }

    private func stub(_ record: LuaRecord) -> [String] {
        var out = ["---@class (exact) \(stubName(record.name))"]
        for field in record.fields {
            let optional = field.required && !field.positional ? "" : "?"
            let given = field.defaultValue.map { " (default \($0.source))" } ?? ""
            out.append("---@field \(field.name)\(optional) \(field.type.stub) \(oneLine(field.doc))\(given)")
        }
        if let elements = positionals(record) { out.append("---@field [integer] \(elements) in place of named fields") }
        if record.open != nil { out.append("---@field [string] any \(record.open ?? "")") }
        return out + [""]
    }

    /// An option table that takes elements without names is a list too.
    private func argumentStub(_ type: LuaType) -> String {
        guard case .options(let name) = type, let record = catalog.record(name), let elements = positionals(record)
        else {
            return type.stub
        }
        return "\(type.stub)|\(elements.contains("|") ? "(\(elements))" : elements)[]"
    }

    /// What may stand in the array part of an option table.
    private func positionals(_ record: LuaRecord) -> String? {
        let fields = record.fields.filter(\.positional)
        if fields.count == 1, case .list(let element) = fields[0].type { return element.stub }
        var types: [String] = []
        for field in fields where !types.contains(field.type.stub) { types.append(field.type.stub) }
        return types.isEmpty ? nil : types.joined(separator: "|")
    }

    private func stub(_ item: LuaCatalog.Class) -> [String] {
        let local = item.name.split(separator: ".").joined(separator: "_")
        var out = ["---\(oneLine(item.doc))", "---@class \(item.name)"]
        for property in item.properties {
            out.append("---@field \(property.name) \(property.type.resultStub) \(oneLine(property.doc))")
        }
        for item in item.operators where !item.op.isUnary && item.op.stubName != nil {
            out.append("---@operator \(item.op.stubName ?? "")(any): any")
        }
        out += ["local \(local) = {}", ""]
        for method in item.methods {
            let name = "\(local):" + (method.name.split(separator: ":").last.map(String.init) ?? method.name)
            out += stub(method, named: name)
        }
        if item.isTable { return out }
        return out + ["---Gives its memory back at once.", "function \(local):release() end", ""]
    }

    private func stub(_ function: LuaCatalog.Function, named name: String) -> [String] {
        var out = function.doc.split(separator: "\n").map { "---\($0)" }
        for parameter in function.parameters {
            let optional = parameter.required ? "" : "?"
            out.append(
                "---@param \(parameter.name)\(optional) \(argumentStub(parameter.type)) \(oneLine(parameter.doc))")
        }
        if function.variadic { out.append("---@param ... any") }
        for result in function.returns { out.append("---@return \(result.type.resultStub) # \(oneLine(result.doc))") }
        let names = function.parameters.map(\.name) + (function.variadic ? ["..."] : [])
        return out + ["function \(name)(\(names.joined(separator: ", "))) end", ""]
    }

    /// `rho = {}`, `rho.data = {}` and so on, before the functions in them.
    private func tables(_ functions: [LuaCatalog.Function]) -> [String] {
        var known: Set<String> = []
        var out: [String] = []
        for function in functions {
            let parts = function.name.split(separator: ".").dropLast()
            for count in 1...max(1, parts.count) where !parts.isEmpty {
                let name = parts.prefix(count).joined(separator: ".")
                if known.insert(name).inserted { out.append("\(count == 1 ? "local " : "")\(name) = {}") }
            }
        }
        return out + [""]
    }

    private func oneLine(_ text: String) -> String { text.split(separator: "\n").joined(separator: " ") }
}

extension LuaOperator {
    /// The language server's name of the operator, where it has one.
    fileprivate var stubName: String? {
        switch self {
        case .add, .sub, .mul, .div, .mod, .pow, .idiv, .concat, .band, .bor, .bxor, .shl, .shr: rawValue
        default: nil
        }
    }
}
