import LuaRuntime

/// What could stand at the cursor: keys of the option table, values of the key, members of an object, names.
public struct Completion {
    /// The words, each beginning with the one typed, sorted.
    public private(set) var words: [String] = []
    /// Whether file names are to be offered instead.
    public private(set) var wantsFiles = false

    private let catalog: LuaCatalog
    private let lookUp: ([String]) -> LuaValue

    /// - Parameter lookUp: the value of `a.b.c` in the session.
    init(catalog: LuaCatalog, place: CodePlace, word: String, lookUp: @escaping ([String]) -> LuaValue) {
        self.catalog = catalog
        self.lookUp = lookUp
        guard !place.inComment else { return }
        let field = fields(place).flatMap { fields in place.key.flatMap { key in fields.first { $0.name == key } } }
        var found: [String]
        if place.inString {
            guard let names = field.map({ Self.choices($0.type) }), !names.isEmpty else {
                wantsFiles = true
                return
            }
            found = names
        } else if word.contains(where: { $0 == "." || $0 == ":" }) {
            found = members(word)
        } else {
            found = names
            if place.atKey, let fields = fields(place) {
                let given = Set(place.tables.last?.keys ?? [])
                let keys = fields.filter { !given.contains($0.name) }.map { "\($0.name) = " }
                // An empty word behind `{` asks for the keys, not for every global.
                found = word.isEmpty ? keys : keys + found
            } else if let field {
                let values =
                    Self.choices(field.type).map { "\"\($0)\"" }
                    + (Self.isBoolean(field.type) ? ["true", "false"] : [])
                found = word.isEmpty && !values.isEmpty ? values : values + found
            }
        }
        words = Array(Set(found.filter { $0.hasPrefix(word) })).sorted()
    }

    // MARK: option tables

    /// The fields of the table the cursor is in; nil where it is no option table.
    private func fields(_ place: CodePlace) -> [LuaField]? {
        guard let table = place.tables.last else { return nil }
        if let callee = table.callee { return record(of: callee)?.fields }
        // A table inside an option table: the key says what it is.
        guard let key = table.key, place.tables.count > 1,
            let outer = place.tables.dropLast().last?.callee.flatMap({ record(of: $0) }),
            let field = outer.fields.first(where: { $0.name == key })
        else { return nil }
        return Self.recordName(field.type).flatMap { catalog.record($0) }?.fields
    }

    /// The option table that a function or method takes.
    private func record(of callee: String) -> LuaRecord? {
        let parameters: [LuaField]?
        if let colon = callee.lastIndex(of: ":") {
            let method = String(callee[callee.index(after: colon)...])
            let receiver = lookUp(callee[..<colon].split(separator: ".").map(String.init))
            let classes = catalog.classes.filter { item in
                if case .object(_, let name) = receiver { return item.name == name }
                return true
            }
            parameters = classes.lazy.flatMap(\.methods).first { $0.name.hasSuffix(":\(method)") }?.parameters
        } else {
            // A column that shares its name with a policy is called like a function.
            if let policy = NamedPolicies.ofColumns.first(where: { "rho.select.\($0.name)" == callee }) {
                return catalog.record(NamedPolicies.recordName(policy))
            }
            parameters = catalog.function(callee)?.parameters
        }
        return parameters?.lazy.compactMap { Self.recordName($0.type) }.compactMap { catalog.record($0) }.first
    }

    private static func recordName(_ type: LuaType) -> String? {
        switch type {
        case .options(let name): name
        case .list(let inner): recordName(inner)
        case .anyOf(let types): types.lazy.compactMap { recordName($0) }.first
        default: nil
        }
    }

    private static func choices(_ type: LuaType) -> [String] {
        switch type {
        case .oneOf(let names): names
        case .anyOf(let types): types.flatMap { choices($0) }
        default: []
        }
    }

    private static func isBoolean(_ type: LuaType) -> Bool {
        switch type {
        case .boolean: true
        case .anyOf(let types): types.contains { isBoolean($0) }
        default: false
        }
    }

    // MARK: names

    private static let keywords = [
        "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil",
        "not", "or", "repeat", "return", "then", "true", "until", "while",
    ]

    private var names: [String] { Self.keywords + keys(lookUp(["_G"])) }

    /// `rho.tr` gives `rho.train`; `model:ge` gives `model:generate`.
    private func members(_ word: String) -> [String] {
        guard let separator = word.lastIndex(where: { $0 == "." || $0 == ":" }) else { return [] }
        let head = String(word[...separator])
        let value = lookUp(word[..<separator].split(whereSeparator: { $0 == "." || $0 == ":" }).map(String.init))
        if case .object(_, let name) = value {
            guard let item = catalog.classes.first(where: { $0.name == name }) else { return [] }
            let methods = item.methods.compactMap { $0.name.split(separator: ":").last.map(String.init) } + ["release"]
            let isMethod = word[separator] == ":"
            return (isMethod ? methods : item.properties.map(\.name)).map { head + $0 }
        }
        if value.stringValue != nil { return keys(lookUp(["string"])).map { head + $0 } }
        return keys(value).map { head + $0 }
    }

    private func keys(_ value: LuaValue) -> [String] {
        guard case .table(let table) = value, let entries = try? table.entries() else { return [] }
        return entries.compactMap { entry in
            if case .string(let name) = entry.key, let first = name.first, first.isLetter || first == "_" {
                name
            } else {
                nil
            }
        }
    }
}
