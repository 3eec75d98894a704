/// A value on its way between Swift and Lua.
///
/// Results may use every case. Arguments arrive as the declared type says: lists and maps by value, tables of type
/// `table` or `any` and functions by reference, option tables as ``LuaOptions``.
public enum LuaValue {
    case `nil`
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    /// Text. Invalid UTF-8 from Lua arrives as ``bytes(_:)``.
    case string(String)
    case bytes([UInt8])
    case list([LuaValue])
    /// A table with string keys; the order is that of the declaration or, from Lua, sorted.
    case record([(String, LuaValue)])
    /// A Swift object under the name of its registered class.
    case object(AnyObject, class: String)
    case function(LuaFunction)
    case table(LuaTable)
    case options(LuaOptions)
    /// A Lua value without a Swift shape (coroutine, foreign userdata), held by reference.
    case other(LuaReference)

    public var isNil: Bool { if case .nil = self { true } else { false } }

    public var boolValue: Bool? { if case .boolean(let value) = self { value } else { nil } }

    /// An integer, or a float with an integral value.
    public var intValue: Int? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int(exactly: value)
        default: nil
        }
    }

    public var doubleValue: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    public var stringValue: String? {
        switch self {
        case .string(let value): value
        case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        default: nil
        }
    }

    public var bytesValue: [UInt8]? {
        switch self {
        case .string(let value): Array(value.utf8)
        case .bytes(let bytes): bytes
        default: nil
        }
    }

    public var listValue: [LuaValue]? { if case .list(let values) = self { values } else { nil } }

    public var recordValue: [(String, LuaValue)]? { if case .record(let pairs) = self { pairs } else { nil } }

    public var functionValue: LuaFunction? { if case .function(let value) = self { value } else { nil } }

    public var tableValue: LuaTable? { if case .table(let value) = self { value } else { nil } }

    public var optionsValue: LuaOptions? { if case .options(let value) = self { value } else { nil } }

    /// The Swift object, if this is one of type `T`.
    public func object<T: AnyObject>(as type: T.Type) -> T? {
        if case .object(let object, _) = self { object as? T } else { nil }
    }

    /// The Lua name of the type: `nil`, `number`, `string`, `table`, a class name for objects.
    public var typeName: String {
        switch self {
        case .nil: "nil"
        case .boolean: "boolean"
        case .integer, .number: "number"
        case .string, .bytes: "string"
        case .list, .record, .table, .options: "table"
        case .object(_, let name): name
        case .function: "function"
        case .other(let reference): reference.typeName
        }
    }
}

extension LuaValue {
    public init(_ constant: LuaConstant) {
        switch constant {
        case .boolean(let value): self = .boolean(value)
        case .integer(let value): self = .integer(value)
        case .number(let value): self = .number(value)
        case .string(let value): self = .string(value)
        case .list(let values): self = .list(values.map { LuaValue($0) })
        }
    }

    public static func list(_ values: some Sequence<Int>) -> LuaValue { .list(values.map { .integer($0) }) }
    public static func list(_ values: some Sequence<Double>) -> LuaValue { .list(values.map { .number($0) }) }
    public static func list(_ values: some Sequence<Float>) -> LuaValue { .list(values.map { .number(Double($0)) }) }
    public static func list(_ values: some Sequence<String>) -> LuaValue { .list(values.map { .string($0) }) }
}
