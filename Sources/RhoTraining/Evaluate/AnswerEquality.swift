/// Whether two final answers say the same.
public struct AnswerEquality: Sendable, Equatable {
    /// Also accept a prediction that is 100 times the reference or a hundredth of it, as published graders of GSM8K and
    /// MATH do (a percentage written as a number or the other way round).
    public var percent: Bool

    public init(percent: Bool = true) { self.percent = percent }

    /// The answer in one spelling: LaTeX typesetting, units, percent and dollar signs and thousands commas removed.
    public static func normalised(_ answer: String) -> String { AnswerText.normalised(answer) }

    /// Compares texts, numbers, lists, intervals, matrices, equations and expressions.
    ///
    /// A number equals an integer reference within 0.001, and any other reference within a thousandth of it or when it rounds
    /// to it at the decimals written. Expressions with variables are equal if they agree at sample points.
    public func equal(_ prediction: String, _ reference: String) -> Bool {
        let (a, b) = (AnswerText.normalised(prediction), AnswerText.normalised(reference))
        if b.isEmpty { return a.isEmpty }
        if a.isEmpty { return false }
        if a == b || Self.agreeInLetters(a, b) { return true }
        return equal(AnswerForm(a), AnswerForm(b))
    }

    private static func agreeInLetters(_ a: String, _ b: String) -> Bool {
        let text = letters(a)
        return !text.isEmpty && text == letters(b)
    }

    /// The text without what never matters: white space, case, and braces and parentheses that only group.
    private static func letters(_ text: String) -> String {
        let packed = text.lowercased().filter { !$0.isWhitespace && $0 != "{" && $0 != "}" }
        guard packed.count == 3, packed.first == "(", packed.last == ")" else { return packed }
        return String(packed.dropFirst().dropLast())
    }

    private func equal(_ a: AnswerForm, _ b: AnswerForm) -> Bool {
        switch (a, b) {
        case (.plain(let a), .plain(let b)): return equalPlain(a, b)
        case (.union(let a), .union(let b)): return equalInOrder(a, b)
        case (.matrix(let a), .matrix(let b)):
            return a.count == b.count && zip(a, b).allSatisfy { equalInOrder($0, $1) }
        case (.matrix(let rows), .list(let items, _, _)), (.list(let items, _, _), .matrix(let rows)):
            return equalInOrder(rows.flatMap { $0 }, items)
        case (.list(let a, let openA, let closeA), .list(let b, let openB, let closeB)):
            guard a.count == b.count else { return false }
            let isOrdered = openB == "(" || openB == "["
            // Intervals differ in their brackets; a list written without any may stand for one with.
            if isOrdered, !openA.isEmpty, openA != openB || closeA != closeB { return false }
            return isOrdered ? equalInOrder(a, b) : equalAsSets(a, b)
        case (.equation(let a, let c), .equation(let b, let d)): return equalEquations((a, c), (b, d))
        // "x + y = 7" where 7 was asked for.
        case (.equation(_, let right), .plain(let b)): return equalPlain(right, b)
        case (.plain(let a), .equation(_, let right)): return equalPlain(a, right)
        default: return false
        }
    }

    private func equalInOrder(_ a: [AnswerForm], _ b: [AnswerForm]) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { equal($0, $1) }
    }

    private func equalAsSets(_ a: [AnswerForm], _ b: [AnswerForm]) -> Bool {
        var left = a
        for item in b {
            guard let match = left.firstIndex(where: { equal($0, item) }) else { return false }
            left.remove(at: match)
        }
        return left.isEmpty
    }

    private func equalPlain(_ a: String, _ b: String) -> Bool {
        let (a, b) = (Self.withoutWords(a), Self.withoutWords(b))
        if Self.agreeInLetters(a, b) { return true }
        if let x = ExpressionReader.value(a), let y = ExpressionReader.value(b), !x.hasVariables, !y.hasVariables {
            return equalNumbers(x.value, y.value, decimals: Self.decimals(b))
        }
        var agreed = 0
        for sample in 0..<ExpressionReader.samples {
            guard let x = ExpressionReader.value(a, sample: sample), let y = ExpressionReader.value(b, sample: sample)
            else { return false }
            guard x.value.isFinite || y.value.isFinite else { continue }
            guard Self.close(x.value, y.value) else { return false }
            agreed += 1
        }
        return agreed > 0
    }

    private static func close(_ x: Double, _ y: Double) -> Bool { abs(x - y) <= 1e-9 * max(1, abs(x), abs(y)) }

    /// left = right up to the sign of both sides, or with the sides exchanged.
    private func equalEquations(_ a: (String, String), _ b: (String, String)) -> Bool {
        var signs = [true, true]
        for sample in 0..<ExpressionReader.samples {
            guard let a0 = ExpressionReader.value(a.0, sample: sample),
                let a1 = ExpressionReader.value(a.1, sample: sample),
                let b0 = ExpressionReader.value(b.0, sample: sample),
                let b1 = ExpressionReader.value(b.1, sample: sample)
            else { return false }
            let (x, y) = (a0.value - a1.value, b0.value - b1.value)
            signs[0] = signs[0] && Self.close(x, y)
            signs[1] = signs[1] && Self.close(x, -y)
        }
        return signs[0] || signs[1]
    }

    private func equalNumbers(_ x: Double, _ reference: Double, decimals: Int?) -> Bool {
        if x == reference { return true }
        guard x.isFinite, reference.isFinite else { return false }
        return (percent ? [reference, reference / 100, reference * 100] : [reference]).contains { value in
            if value == value.rounded() { return abs(x - value) <= 1e-3 }
            if abs(x - value) <= 1e-3 * abs(value) { return true }
            guard value == reference, let decimals, decimals < 16 else { return false }
            var unit = 1.0
            for _ in 0..<decimals { unit /= 10 }
            return abs(x - value) <= unit / 2 * (1 + 1e-9)
        }
    }

    /// Digits after the point of a plain decimal number; nil for anything else.
    private static func decimals(_ text: String) -> Int? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].utf8.allSatisfy(\.isDigit) else { return nil }
        return parts[1].count
    }

    /// "18 dollars" and "5 cm" as their number; "twelve" as 12.
    private static func withoutWords(_ text: String) -> String {
        if let number = words.firstIndex(of: text.lowercased()) { return "\(number)" }
        let bytes = Array(text.utf8)
        let number = bytes.prefix { $0.isDigit || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }
        guard number.contains(where: \.isDigit) else { return text }
        let rest = bytes[number.count...]
        let unit = rest.drop(while: \.isSpace)
        guard !unit.isEmpty,
            unit.allSatisfy({ $0.isLetter || $0.isSpace || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "/") })
        else {
            return text
        }
        // 2x is an expression, 2 x and 10 cm are a number and a word.
        let isWord = unit.prefix(while: \.isLetter).count > 1
        guard isWord || unit.count < rest.count else { return text }
        return String(decoding: number, as: UTF8.self)
    }

    private static let words = [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    ]
}
