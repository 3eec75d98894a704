import RhoCore

/// Manual, help and editor stubs from the declarations of a catalog.
public struct DocsEmitter {
    let catalog: LuaCatalog

    public init(_ catalog: LuaCatalog) { self.catalog = catalog }

    // MARK: Markdown

    /// The whole manual: functions by name, then classes, then option tables that several functions share.
    public func markdown(title: String = "Reference") -> String {
        var out = ["# \(title)", ""]
        for function in catalog.functions.sorted(by: { $0.name < $1.name }) { out += markdown(function, level: "##") }
        for item in catalog.classes.sorted(by: { $0.name < $1.name }) { out += markdown(item) }
        return out.joined(separator: "\n") + "\n"
    }

    private func markdown(_ function: LuaCatalog.Function, level: String) -> [String] {
        var out = ["\(level) `\(signature(function))`", "", function.doc, ""]
        out += table(function.parameters.filter { !isOptions($0) })
        for case .options(let name) in function.parameters.map(\.type) {
            guard let record = catalog.record(name) else { continue }
            out += table(record.fields)
            if let open = record.open { out += ["Further entries: \(open).", ""] }
        }
        for result in function.returns {
            out += ["Returns `\(result.type.stub)`\(result.doc.isEmpty ? "" : ": \(result.doc)").", ""]
        }
        if let example = function.example { out += ["```lua", example, "```", ""] }
        return out
    }

    private func markdown(_ item: LuaCatalog.Class) -> [String] {
        var out = ["## Class `\(item.name)`", "", item.doc, ""]
        if !item.properties.isEmpty {
            out += ["| property | type | |", "|---|---|---|"]
            for property in item.properties {
                let note = property.writable ? " (may be assigned)" : ""
                out.append("| `\(property.name)` | `\(escape(property.type.stub))` | \(escape(property.doc))\(note) |")
            }
            out.append("")
        }
        if !item.operators.isEmpty {
            out += item.operators.map { "- `\($0.op.symbol)`: \($0.doc)" } + [""]
        }
        for method in item.methods { out += markdown(method, level: "###") }
        return out
    }

    private func table(_ fields: [LuaField]) -> [String] {
        if fields.isEmpty { return [] }
        var out = ["| name | type | default | |", "|---|---|---|---|"]
        for field in fields {
            let unit = field.unit.map { " (\($0))" } ?? ""
            let given = field.defaultValue.map { "`\(escape($0.source))`" } ?? (field.required ? "required" : "")
            out.append("| `\(field.name)` | \(escape(describe(field.type))) | \(given) | \(escape(field.doc))\(unit) |")
        }
        return out + [""]
    }

    private func escape(_ text: String) -> String {
        text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
    }

    // MARK: Help

    /// The entry of a function, class, method, option table or module, as plain text.
    public func help(_ name: String) throws(RhoError) -> String {
        if let function = catalog.function(name) { return help(function) }
        if let item = catalog.classes.first(where: { $0.name == name }) { return help(item) }
        if let record = catalog.record(name) {
            return ([record.name, record.doc, ""] + lines(record.fields)).joined(separator: "\n")
        }
        let inside = catalog.functions.filter { $0.name.hasPrefix(name + ".") }
        if !inside.isEmpty {
            return inside.sorted { $0.name < $1.name }.map { "\($0.name)  \(firstSentence($0.doc))" }
                .joined(separator: "\n")
        }
        throw RhoError(.usage, "there is no help for '\(name)'\(suggestion(for: name, in: catalog.names))")
    }

    private func help(_ function: LuaCatalog.Function) -> String {
        var out = [signature(function), "", function.doc, ""]
        out += lines(function.parameters.filter { !isOptions($0) })
        for case .options(let name) in function.parameters.map(\.type) {
            guard let record = catalog.record(name) else { continue }
            out += lines(record.fields)
            if let open = record.open { out.append("  …  \(open)") }
        }
        for result in function.returns {
            out.append("returns \(result.type.stub)\(result.doc.isEmpty ? "" : ": \(result.doc)")")
        }
        if let example = function.example {
            out +=
                ["", "example:"] + example.split(separator: "\n", omittingEmptySubsequences: false).map { "  \($0)" }
        }
        return out.joined(separator: "\n")
    }

    private func help(_ item: LuaCatalog.Class) -> String {
        var out = [item.name, "", item.doc, ""]
        out += item.properties.map { "  .\($0.name)  \($0.doc)" }
        out += item.methods.map { "  \(signature($0))  \(firstSentence($0.doc))" }
        out += item.operators.map { "  \($0.op.symbol)  \($0.doc)" }
        return out.joined(separator: "\n")
    }

    private func lines(_ fields: [LuaField]) -> [String] {
        let width = fields.map(\.name.count).max() ?? 0
        return fields.map { field in
            let pad = String(repeating: " ", count: width - field.name.count)
            let given = field.defaultValue.map { ", default \($0.source)" } ?? (field.required ? ", required" : "")
            let unit = field.unit.map { ", in \($0)" } ?? ""
            return "  \(field.name)\(pad)  \(field.doc) (\(describe(field.type))\(given)\(unit))"
        }
    }

    // MARK: Shared

    /// `rho.train { model, data, … }`, `Tensor:sum([axis])`.
    func signature(_ function: LuaCatalog.Function) -> String {
        if function.parameters.count == 1, isOptions(function.parameters[0]) { return "\(function.name) { … }" }
        var names = function.parameters.map { isOptions($0) ? "{ … }" : $0.required ? $0.name : "[\($0.name)]" }
        if function.variadic { names.append("…") }
        return "\(function.name)(\(names.joined(separator: ", ")))"
    }

    func isOptions(_ field: LuaField) -> Bool { if case .options = field.type { true } else { false } }

    /// The type in words, with its bounds.
    private func describe(_ type: LuaType) -> String {
        switch type {
        case .integer, .number, .oneOf: type.expectation
        default: type.stub
        }
    }

    private func firstSentence(_ text: String) -> String {
        guard let end = text.firstIndex(where: { $0 == "." || $0 == "\n" }) else { return text }
        return String(text[..<end])
    }
}
