import RhoCore

// Types as declarations in Lua write them: `number`, `list<string>`, `Corpus|table`, `{ "a", "b" }`.
extension LuaType {
    /// Parses a type. Names that are no type of Lua's are classes.
    static func parse(_ text: String) throws(RhoError) -> LuaType {
        let parts = split(text)
        if parts.count > 1 {
            var types: [LuaType] = []
            for part in parts { types.append(try parse(part)) }
            return .anyOf(types)
        }
        let name = text.trimmed
        if name.hasSuffix("[]") { return .list(try parse(String(name.dropLast(2)))) }
        if let element = argument(of: "list", name) { return .list(try parse(element)) }
        if let element = argument(of: "map", name) { return .map(try parse(element)) }
        switch name {
        case "any": return .any
        case "boolean": return .boolean
        case "integer": return .integer()
        case "number": return .number()
        case "string": return .string
        case "table": return .table
        case "function": return .function
        case "list": return .list(.any)
        case "map": return .map(.any)
        default:
            let isName = !name.isEmpty && name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "." || $0 == "_" }
            guard isName else { throw RhoError(.usage, "rho.declare: '\(text)' is no type") }
            return .object(name)
        }
    }

    /// The type with bounds, which numbers and integers take.
    func bounded(min: Double?, max: Double?, openMin: Bool) throws(RhoError) -> LuaType {
        if min == nil && max == nil { return self }
        switch self {
        case .integer: return .integer(min: min.flatMap { Int(exactly: $0) }, max: max.flatMap { Int(exactly: $0) })
        case .number: return .number(min: min, max: max, openMin: openMin)
        case .list(let element): return .list(try element.bounded(min: min, max: max, openMin: openMin))
        case .anyOf(let types):
            var bounded: [LuaType] = []
            for type in types {
                bounded.append(type.isNumeric ? try type.bounded(min: min, max: max, openMin: openMin) : type)
            }
            return .anyOf(bounded)
        default: throw RhoError(.usage, "rho.declare: min and max belong to numbers and integers")
        }
    }

    private var isNumeric: Bool {
        switch self {
        case .integer, .number: true
        default: false
        }
    }

    /// Splits at the bars outside angle brackets.
    private static func split(_ text: String) -> [String] {
        var parts = [""]
        var depth = 0
        for character in text {
            if character == "<" { depth += 1 }
            if character == ">" { depth -= 1 }
            if character == "|", depth == 0 { parts.append("") } else { parts[parts.count - 1].append(character) }
        }
        return parts
    }

    private static func argument(of constructor: String, _ text: String) -> String? {
        guard text.hasPrefix(constructor + "<"), text.hasSuffix(">") else { return nil }
        return String(text.dropFirst(constructor.count + 1).dropLast())
    }

    /// The type as editor stubs write it.
    var stub: String {
        switch self {
        case .any: "any"
        case .boolean: "boolean"
        // A float with an integral value (2e6) counts as an integer.
        case .integer: "number"
        case .number: "number"
        case .string: "string"
        case .oneOf(let names): names.map { "\"\(escapeForLua($0))\"" }.joined(separator: "|")
        case .list(let element): element.isUnion ? "(\(element.stub))[]" : "\(element.stub)[]"
        case .map(let element): "table<string, \(element.stub)>"
        case .table: "table<any, any>"
        case .function: "function"
        case .object(let name): name
        case .options(let name): stubName(name)
        // Lists first: a table in braces is a list of objects before it is an object without its methods.
        case .anyOf(let types):
            (types.filter(\.isList) + types.filter { !$0.isList }).map(\.stub).joined(separator: "|")
        }
    }

    /// The type of a result, which is as narrow as it is made.
    var resultStub: String {
        switch self {
        case .integer: "integer"
        case .list(let element): element.isUnion ? stub : "\(element.resultStub)[]"
        default: stub
        }
    }

    private var isList: Bool { if case .list = self { true } else { false } }

    private var isUnion: Bool {
        switch self {
        case .anyOf, .oneOf: true
        default: false
        }
    }
}

/// Class names of option tables hold no spaces.
func stubName(_ name: String) -> String { name.split(separator: " ").joined(separator: ".") }

extension String {
    var trimmed: String {
        var rest = self[...]
        while let first = rest.first, first.isWhitespace { rest.removeFirst() }
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        return String(rest)
    }
}
