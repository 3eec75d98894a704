import LuaRuntime
import RhoCore

/// Plain Lua data as JSON and back without loss: what JSON lacks is an object with the one key `$number` (NaN and the
/// infinities) or `$bytes` (strings that are no UTF-8, in hexadecimal).
enum StoredValue {
    static func encode(_ value: LuaValue, _ place: String) throws(RhoError) -> JSON {
        switch value {
        case .number(let number) where !number.isFinite:
            return ["$number": JSON(number.isNaN ? "nan" : number > 0 ? "inf" : "-inf")]
        case .bytes(let bytes):
            if let text = String(validating: bytes, as: UTF8.self) { return JSON(text) }
            return ["$bytes": JSON(hex(bytes))]
        case .list(let items):
            var list: [JSON] = []
            for (index, item) in items.enumerated() { list.append(try encode(item, "\(place)[\(index + 1)]")) }
            return .array(list)
        case .record(let pairs):
            var object = JSONObject()
            for (key, item) in pairs { object[key] = try encode(item, "\(place).\(key)") }
            if object.count == 1, let only = object.keys.first, only.hasPrefix("$") {
                throw RhoError(.value, "\(place) has the one key '\(only)', which is reserved for values JSON lacks")
            }
            return .object(object)
        case .table(let table):
            do { return try encode(table.deepValue(), place) } catch {
                throw error.code == .value && !error.message.hasPrefix(place) ? error.at(place) : error
            }
        default: return try JSON(value, place)
        }
    }

    static func decode(_ json: JSON) -> LuaValue {
        switch json {
        case .array(let items): return .list(items.map(decode))
        case .object(let object):
            if object.count == 1, let name = object["$number"]?.stringValue, let number = Double(name) {
                return .number(number)
            }
            if object.count == 1, let text = object["$bytes"]?.stringValue { return .bytes(bytes(text)) }
            return .record(object.pairs.map { ($0.key, decode($0.value)) })
        default: return LuaValue(json: json)
        }
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    private static func bytes(_ hex: String) -> [UInt8] {
        let digits = hex.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
