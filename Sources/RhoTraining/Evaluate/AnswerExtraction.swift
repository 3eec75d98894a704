/// The final answer of a worked solution, as text.
///
/// The rules, the first that applies:
/// - `marked`: what follows the last `####` on its line (the form of GSM8K's own solutions);
/// - `boxed`: the content of the last `\boxed{...}` or `\fbox{...}` (the form of MATH's);
/// - `stated`: what follows the last "answer is", up to the end of the sentence;
/// - `number`: the last number.
public struct FinalAnswer: Sendable, Equatable {
    public enum Rule: String, Sendable, CaseIterable {
        case marked, boxed, stated, number
    }

    /// Version of the rules: accuracies of different versions are not compared.
    public static let version = 1

    public var text: String
    public var rule: Rule

    /// The answer in `solution`; nil if no rule applies.
    public init?(in solution: String) {
        let bytes = Array(solution.utf8)
        if let text = Self.marked(bytes), !text.isEmpty {
            self.init(text, .marked)
        } else if let text = Self.boxed(bytes) {
            self.init(text, .boxed)
        } else if let text = Self.stated(bytes), !text.isEmpty {
            self.init(text, .stated)
        } else if let text = Self.lastNumber(bytes) {
            self.init(text, .number)
        } else {
            return nil
        }
    }

    private init(_ bytes: [UInt8], _ rule: Rule) {
        text = String(decoding: bytes, as: UTF8.self)
        self.rule = rule
    }

    private static func marked(_ bytes: [UInt8]) -> [UInt8]? {
        guard let mark = bytes.last(of: "####") else { return nil }
        return Array(bytes[(mark + 4)...].prefix { $0 != UInt8(ascii: "\n") }).trimmed
    }

    private static func boxed(_ bytes: [UInt8]) -> [UInt8]? {
        guard let mark = bytes.last(of: "boxed") ?? bytes.last(of: "fbox") else { return nil }
        let sign = isNegated(bytes[..<mark]) ? [UInt8(ascii: "-")] : []
        var rest = bytes[(mark + (bytes[mark] == UInt8(ascii: "b") ? 5 : 4))...].drop { $0 == UInt8(ascii: " ") }
        guard rest.first == UInt8(ascii: "{") else {
            // \boxed 5: without braces the formula ends at the next dollar sign.
            let text = Array(rest.prefix { $0 != UInt8(ascii: "$") && $0 != UInt8(ascii: "\n") }).trimmed
            return text.isEmpty ? nil : sign + text
        }
        rest = rest.dropFirst()
        var depth = 1
        var content: [UInt8] = []
        for byte in rest {
            if byte == UInt8(ascii: "{") { depth += 1 }
            if byte == UInt8(ascii: "}") { depth -= 1 }
            if depth == 0 { break }
            content.append(byte)
        }
        return sign + content.trimmed
    }

    /// "a = -\boxed{256}": a minus in front of the box that no term stands in front of.
    private static func isNegated(_ before: ArraySlice<UInt8>) -> Bool {
        let text = before.filter { !$0.isSpace && $0 != UInt8(ascii: "\\") }.suffix(2)
        guard text.last == UInt8(ascii: "-"), let first = text.first else { return false }
        return text.count == 2 && (first == UInt8(ascii: "=") || first == UInt8(ascii: "$"))
    }

    private static func stated(_ bytes: [UInt8]) -> [UInt8]? {
        let lower = bytes.map { $0 >= 65 && $0 <= 90 ? $0 + 32 : $0 }
        guard let mark = lower.last(of: "answer is") else { return nil }
        let rest = Array(bytes[(mark + 9)...].drop { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: " ") })
        var end = 0
        while end < rest.count {
            if rest[end] == UInt8(ascii: "\n") { break }
            // A full stop ends the sentence; a decimal point is followed by a digit.
            if rest[end] == UInt8(ascii: "."), end + 1 == rest.count || rest[end + 1].isSpace { break }
            end += 1
        }
        return Array(rest[..<end]).trimmed
    }

    /// The last of: an optional minus, digits, perhaps a fraction; commas between digits are dropped.
    private static func lastNumber(_ bytes: [UInt8]) -> [UInt8]? {
        let text = bytes.filter { $0 != UInt8(ascii: ",") }
        guard let last = text.lastIndex(where: \.isDigit) else { return nil }
        var start = last
        var seenPoint = false
        while start > 0 {
            let before = text[start - 1]
            if before.isDigit {
                start -= 1
            } else if before == UInt8(ascii: "."), !seenPoint, text[start].isDigit {
                seenPoint = true
                start -= 1
            } else {
                break
            }
        }
        if start > 0, text[start - 1] == UInt8(ascii: "-") { start -= 1 }
        return Array(text[start...last])
    }
}

extension UInt8 {
    var isDigit: Bool { self >= 48 && self <= 57 }
    var isLetter: Bool { (self | 32) >= 97 && (self | 32) <= 122 }
    var isSpace: Bool { self == 32 || (self >= 9 && self <= 13) }
}

extension [UInt8] {
    /// Without white space at both ends.
    var trimmed: [UInt8] {
        guard let first = firstIndex(where: { !$0.isSpace }), let last = lastIndex(where: { !$0.isSpace }) else {
            return []
        }
        return Array(self[first...last])
    }

    /// Index of the last occurrence of `text`.
    func last(of text: StaticString) -> Int? {
        text.withUTF8Buffer { needle in
            guard count >= needle.count else { return nil }
            var start = count - needle.count
            while start >= 0 {
                if self[start..<start + needle.count].elementsEqual(needle) { return start }
                start -= 1
            }
            return nil
        }
    }
}
