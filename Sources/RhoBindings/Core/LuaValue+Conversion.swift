import LuaRuntime
import RhoCore

extension LuaTable {
    /// The elements 1 ... #table.
    func list() throws(RhoError) -> [LuaValue] {
        let count = try count()
        var items: [LuaValue] = []
        items.reserveCapacity(count)
        for index in 0..<count { items.append(try get(index + 1)) }
        return items
    }

    /// The entries with string keys, in the order of `pairs`.
    func stringPairs() throws(RhoError) -> [(String, LuaValue)] {
        try entries().compactMap { entry in entry.key.stringValue.map { ($0, entry.value) } }
    }
}

extension LuaValue {
    /// Plain data as Lua values: arrays as lists, objects as tables, null as nil.
    init(json: JSON) {
        switch json {
        case .null: self = .nil
        case .bool(let value): self = .boolean(value)
        case .integer(let value): self = .integer(Int(value))
        case .number(let value): self = .number(value)
        case .string(let value): self = .string(value)
        case .array(let items): self = .list(items.map { LuaValue(json: $0) })
        case .object(let object): self = .record(object.pairs.map { ($0.key, LuaValue(json: $0.value)) })
        }
    }

    /// The value as error sentences show it.
    var display: String {
        switch self {
        case .nil: "nil"
        case .boolean(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let value): JSON(value).serialized()
        default: "a \(typeName)"
        }
    }

    /// A number of the engine; NaN stays NaN.
    static func number(_ value: Float) -> LuaValue { .number(Double(value)) }
}

extension JSON {
    /// Plain Lua data as JSON: tables with keys 1...n become arrays, tables with string keys objects, an empty table an
    /// empty array. Objects that are artifacts become their description. Functions cannot be written.
    init(_ value: LuaValue, _ place: String = "value") throws(RhoError) {
        switch value {
        case .nil: self = .null
        case .boolean(let flag): self = .bool(flag)
        case .integer(let number): self = .integer(Int64(number))
        case .number(let number): self = .number(number)
        case .string(let text): self = .string(text)
        case .bytes(let bytes): self = .string(String(decoding: bytes, as: UTF8.self))
        case .list(let items):
            var list: [JSON] = []
            for (index, item) in items.enumerated() { list.append(try JSON(item, "\(place)[\(index + 1)]")) }
            self = .array(list)
        case .record(let pairs):
            var object = JSONObject()
            for (key, item) in pairs { object[key] = try JSON(item, "\(place).\(key)") }
            self = .object(object)
        case .table(let table): self = try JSON(table.deepValue(), place)
        case .options(let options):
            var object = JSONObject()
            for entry in options.entries where !entry.value.isNil {
                object[entry.field.name] = try JSON(entry.value, "\(place).\(entry.field.name)")
            }
            self = .object(object)
        case .object, .function, .other:
            throw RhoError(.value, "\(place) is \(value.display), which has no form in JSON")
        }
    }
}
