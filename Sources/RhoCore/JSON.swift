/// A JSON value. Objects keep the order of their keys; whole numbers that fit stay integers.
///
/// Strings and keys are compared byte by byte: "é" of one and of two scalars are two keys, as in a tokenizer's vocabulary.
public enum JSON: Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSON])
    case object(JSONObject)
}

extension JSON: Equatable {
    public static func == (a: JSON, b: JSON) -> Bool {
        switch (a, b) {
        case (.null, .null): true
        case (.bool(let x), .bool(let y)): x == y
        case (.integer(let x), .integer(let y)): x == y
        case (.number(let x), .number(let y)): x == y
        case (.string(let x), .string(let y)): sameBytes(x, y)
        case (.array(let x), .array(let y)): x == y
        case (.object(let x), .object(let y)): x == y
        default: false
        }
    }
}

/// Equality of the encoded text; `String`'s own takes canonically equivalent texts for the same.
private func sameBytes(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }

/// An object whose keys keep the order in which they were first set. Equality takes the order into account.
public struct JSONObject: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    public private(set) var pairs: [(key: String, value: JSON)]
    /// Position of each key; only kept for objects large enough for a linear search to hurt.
    private var positions: [KeyBytes: Int]?
    private static let indexThreshold = 16

    /// A key by its bytes.
    private struct KeyBytes: Hashable, Sendable {
        let text: String

        static func == (a: KeyBytes, b: KeyBytes) -> Bool { sameBytes(a.text, b.text) }

        func hash(into hasher: inout Hasher) {
            var text = text
            text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        }
    }

    public init() { pairs = [] }

    /// Later pairs win over earlier ones of the same key, as in most readers.
    public init(_ pairs: some Sequence<(String, JSON)>) {
        self.init()
        for (key, value) in pairs { self[key] = value }
    }

    public init(dictionaryLiteral elements: (String, JSON)...) { self.init(elements) }

    public var keys: [String] { pairs.map(\.key) }
    public var count: Int { pairs.count }
    public var isEmpty: Bool { pairs.isEmpty }

    /// Setting nil removes the key.
    public subscript(key: String) -> JSON? {
        get { position(of: key).map { pairs[$0].value } }
        set {
            switch (position(of: key), newValue) {
            case (let at?, let value?): pairs[at].value = value
            case (let at?, nil):
                pairs.remove(at: at)
                positions = nil
                if pairs.count > Self.indexThreshold { indexAll() }
            case (nil, let value?):
                pairs.append((key, value))
                if positions != nil {
                    positions?[KeyBytes(text: key)] = pairs.count - 1
                } else if pairs.count > Self.indexThreshold {
                    indexAll()
                }
            case (nil, nil): break
            }
        }
    }

    private func position(of key: String) -> Int? {
        if let positions { return positions[KeyBytes(text: key)] }
        return pairs.firstIndex { sameBytes($0.key, key) }
    }

    private mutating func indexAll() {
        var index = [KeyBytes: Int](minimumCapacity: pairs.count * 2)
        for (at, pair) in pairs.enumerated() { index[KeyBytes(text: pair.key)] = at }
        positions = index
    }

    public static func == (a: JSONObject, b: JSONObject) -> Bool {
        a.pairs.count == b.pairs.count
            && zip(a.pairs, b.pairs).allSatisfy { sameBytes($0.key, $1.key) && $0.value == $1.value }
    }
}

extension JSON {
    public var isNull: Bool { self == .null }

    public var stringValue: String? {
        if case .string(let value) = self { return value }
        return nil
    }

    public var boolValue: Bool? {
        if case .bool(let value) = self { return value }
        return nil
    }

    /// The integer, also where it was written with a fraction of zero (`3.0`).
    public var intValue: Int? {
        switch self {
        case .integer(let value): return Int(value)
        case .number(let value): return Int(exactly: value)
        default: return nil
        }
    }

    /// The number; the strings that ``serialized(sortedKeys:pretty:)`` writes for NaN and the infinities count as numbers.
    public var doubleValue: Double? {
        switch self {
        case .integer(let value): return Double(value)
        case .number(let value): return value
        case .string("NaN"): return .nan
        case .string("Infinity"): return .infinity
        case .string("-Infinity"): return -.infinity
        default: return nil
        }
    }

    public var arrayValue: [JSON]? {
        if case .array(let value) = self { return value }
        return nil
    }

    public var objectValue: JSONObject? {
        if case .object(let value) = self { return value }
        return nil
    }

    /// The value under `key`, nil where this is no object or has no such key. Setting makes an object of anything else.
    public subscript(key: String) -> JSON? {
        get { objectValue?[key] }
        set {
            var object = objectValue ?? JSONObject()
            object[key] = newValue
            self = .object(object)
        }
    }

    /// The element at `index`, nil where this is no array or is too short.
    public subscript(index: Int) -> JSON? {
        guard case .array(let items) = self, items.indices.contains(index) else { return nil }
        return items[index]
    }

    /// `null`, `boolean`, `number`, `string`, `array` or `object`, for messages.
    public var typeName: String {
        switch self {
        case .null: "null"
        case .bool: "boolean"
        case .integer, .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(floatLiteral value: Double) { self = .number(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(nilLiteral: ()) { self = .null }
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSON)...) { self = .object(JSONObject(elements)) }
    public init(_ value: Int) { self = .integer(Int64(value)) }
    public init(_ value: Double) { self = .number(value) }
    public init(_ value: String) { self = .string(value) }
    public init(_ value: Bool) { self = .bool(value) }
}
