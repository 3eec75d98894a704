/// What a declared argument, option or result may be. One value of this type gives the check, the error sentence, the
/// manual entry and the editor stub.
public indirect enum LuaType: Sendable, Equatable {
    case any
    case boolean
    /// Whole numbers; a float with an integral value (`2e6`) counts as one.
    case integer(min: Int? = nil, max: Int? = nil)
    /// Any number between the bounds; `openMin` leaves `min` itself out, as in `(0, 1]`.
    case number(min: Double? = nil, max: Double? = nil, openMin: Bool = false)
    case string
    case oneOf([String])
    /// A table with elements 1...n.
    case list(LuaType)
    /// A table with string keys.
    case map(LuaType)
    case table
    case function
    /// An object of the named class: a registered userdata class, or a table whose metatable has that `__name`.
    case object(String)
    /// An option table, checked against the named record.
    case options(String)
    /// The first alternative that fits.
    case anyOf([LuaType])

    /// The expectation as the end of a sentence: `must be <expectation>`.
    public var expectation: String {
        switch self {
        case .any: "a value"
        case .boolean: "true or false"
        case .integer(let min, let max): integerExpectation(min, max)
        case .number(let min, let max, let openMin): numberExpectation(min, max, openMin)
        case .string: "a string"
        case .oneOf(let names): names.count == 1 ? "\"\(names[0])\"" : "one of " + quotedList(names)
        case .list(let element): "a list (each element \(element.expectation))"
        case .map(let element): "a table with string keys (each value \(element.expectation))"
        case .table: "a table"
        case .function: "a function"
        case .object(let name): article(name)
        case .options: "a table of options"
        case .anyOf(let types): types.map(\.expectation).joined(separator: " or ")
        }
    }

    private func integerExpectation(_ min: Int?, _ max: Int?) -> String {
        switch (min, max) {
        case (nil, nil): "an integer"
        case (let min?, nil): "an integer >= \(min)"
        case (nil, let max?): "an integer <= \(max)"
        case (let min?, let max?): "an integer in [\(min), \(max)]"
        }
    }

    private func numberExpectation(_ min: Double?, _ max: Double?, _ openMin: Bool) -> String {
        switch (min, max) {
        case (nil, nil): "a number"
        case (let min?, nil): "a number \(openMin ? ">" : ">=") \(formatNumber(min))"
        case (nil, let max?): "a number <= \(formatNumber(max))"
        case (let min?, let max?): "in \(openMin ? "(" : "[")\(formatNumber(min)), \(formatNumber(max))]"
        }
    }
}

/// A default value in a declaration.
public enum LuaConstant: Sendable, Equatable, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral
{
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case list([LuaConstant])

    public init(booleanLiteral value: Bool) { self = .boolean(value) }
    public init(integerLiteral value: Int) { self = .integer(value) }
    public init(floatLiteral value: Double) { self = .number(value) }
    public init(stringLiteral value: String) { self = .string(value) }
    public init(arrayLiteral elements: LuaConstant...) { self = .list(elements) }

    /// The constant as Lua source.
    public var source: String {
        switch self {
        case .boolean(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .number(let value): formatNumber(value)
        case .string(let value): "\"" + escapeForLua(value) + "\""
        case .list(let values): "{" + values.map(\.source).joined(separator: ", ") + "}"
        }
    }
}

/// Writes a number the way a script would: `0.6`, `60`, `1e-05`; infinities as `math.huge`.
func formatNumber(_ value: Double) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-math.huge" : "math.huge" }
    if value == value.rounded(), abs(value) < 1e15 { return String(Int(value)) }
    return "\(value)"
}

func escapeForLua(_ text: String) -> String {
    var out = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": out += "\\\""
        case "\\": out += "\\\\"
        case "\n": out += "\\n"
        case "\r": out += "\\r"
        case "\t": out += "\\t"
        default: out.unicodeScalars.append(scalar)
        }
    }
    return out
}

func quotedList(_ names: [String]) -> String {
    names.map { "\"\($0)\"" }.joined(separator: ", ")
}

func article(_ noun: String) -> String {
    guard let first = noun.first else { return noun }
    // A user, a unit: a vowel that is spoken as "you".
    if noun.hasPrefix("us") || noun.hasPrefix("uni") { return "a " + noun }
    return ("aeiouAEIO".contains(first) ? "an " : "a ") + noun
}
