import RhoCore

/// A condition on one field of a row. Rows that fail it are no documents of the source.
///
/// A field that a row lacks is an error, because a misspelled name would otherwise empty the corpus without a word;
/// put `.exists` before the condition where the field may be missing.
public struct FieldFilter: Sendable {
    public enum Condition: Sendable {
        case equals(JSON)
        case differs(from: JSON)
        case oneOf([JSON])
        /// Greater than or equal to; the field must be a number.
        case atLeast(Double)
        case atMost(Double)
        /// The text holds this text.
        case contains(String)
        case exists
        case matches(@Sendable (JSON) -> Bool)
    }

    public let field: String
    public let condition: Condition

    public init(_ field: String, _ condition: Condition) {
        self.field = field
        self.condition = condition
    }

    /// A text for cache keys; nil for a closure, whose meaning nobody can compare.
    var key: String? {
        switch condition {
        case .equals(let value): "\(field)=\(value.canonical)"
        case .differs(let value): "\(field)!=\(value.canonical)"
        case .oneOf(let values): "\(field) in \(JSON.array(values).canonical)"
        case .atLeast(let limit): "\(field)>=\(limit)"
        case .atMost(let limit): "\(field)<=\(limit)"
        case .contains(let text): "\(field)~\(JSON(text).canonical)"
        case .exists: "\(field)?"
        case .matches: nil
        }
    }

    /// Whether the row passes. `value` is nil where the row lacks the field, which only `.exists` answers.
    func passes(_ value: JSON?) throws(RhoError) -> Bool {
        if case .exists = condition { return value.map { !$0.isNull } ?? false }
        guard let value else { return false }
        switch condition {
        case .equals(let wanted): return Self.same(value, wanted)
        case .differs(let wanted): return !Self.same(value, wanted)
        case .oneOf(let wanted): return wanted.contains { Self.same(value, $0) }
        case .atLeast(let limit): return try number(value) >= limit
        case .atMost(let limit): return try number(value) <= limit
        case .contains(let text):
            guard let string = value.stringValue else {
                throw RhoError(.format, "field '\(field)' is \(Self.kind(value)), the filter needs a text")
            }
            return text.isEmpty || string.contains(text)
        case .matches(let test): return test(value)
        case .exists: return true
        }
    }

    /// Equality in which 3 and 3.0 are the same number.
    private static func same(_ a: JSON, _ b: JSON) -> Bool {
        switch (a, b) {
        case (.integer, .number), (.number, .integer): a.doubleValue == b.doubleValue
        default: a == b
        }
    }

    private func number(_ value: JSON) throws(RhoError) -> Double {
        switch value {
        case .integer(let number): return Double(number)
        case .number(let number): return number
        default: throw RhoError(.format, "field '\(field)' is \(Self.kind(value)), the filter needs a number")
        }
    }

    /// `null`, `an array`, `a string`: the kind of a value with its article.
    static func kind(_ value: JSON) -> String {
        switch value {
        case .null: "null"
        case .array, .object: "an \(value.typeName)"
        default: "a \(value.typeName)"
        }
    }
}
