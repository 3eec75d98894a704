/// Final answers in one spelling: what differs only in typesetting becomes the same text.
enum AnswerText {
    /// Spellings that mean nothing or the same, applied in this order.
    private static let spellings: [(String, String)] = [
        ("\n", " "), ("\u{2212}", "-"), ("\u{00d7}", "\\times "), ("\u{221a}", "\\sqrt "), ("\u{03c0}", "\\pi "),
        ("\u{221e}", "\\infty "), ("\u{222a}", "\\cup "), ("\u{00b0}", ""), ("\\!", ""), ("\\,", ""), ("\\;", ""),
        ("\\:", ""),
        ("\\quad", " "), ("\\qquad", " "), ("~", " "), ("\\$", ""), ("$", ""), ("\\%", ""), ("%", ""), ("\\(", ""),
        ("\\)", ""),
        ("\\dfrac", "\\frac"), ("\\tfrac", "\\frac"), ("\\cfrac", "\\frac"), ("\\left", ""), ("\\right", ""),
        ("\\displaystyle", ""), ("\\bigl", ""), ("\\bigr", ""), ("^{\\circ}", ""), ("^\\circ", ""), ("\\degree", ""),
        ("\\circ", ""),
        ("\\lbrace", "\\{"), ("\\rbrace", "\\}"), ("\\{", "{"), ("\\}", "}"), ("bmatrix", "pmatrix"), ("\\leq", "\\le"),
        ("\\geq", "\\ge"), ("\\infinity", "\\infty"), ("+\\infty", "\\infty"), ("\\emptyset", "{}"),
        ("\\varnothing", "{}"),
        ("\\mathbb{R}", "(-\\infty,\\infty)"),
    ]

    /// Commands whose argument is kept without them.
    private static let wrappers = [
        "\\textbf", "\\textit", "\\textrm", "\\text", "\\mathbf", "\\mathrm", "\\mbox", "\\bold",
    ]

    /// The answer in its one spelling; letters keep their case.
    static func normalised(_ answer: String) -> String {
        var text = answer
        for (from, to) in spellings where text.contains(from) { text = text.replacing(from, with: to) }
        if !text.contains("\\begin") {
            // A model that has seen escaped strings writes \\frac; where there is no matrix, \\ separates no rows.
            while text.contains("\\\\") { text = text.replacing("\\\\", with: "\\") }
        }
        text = unwrapped(text)
        text = String(decoding: Array(text.utf8).trimmed, as: UTF8.self)
        while let last = text.last, ".:;,/".contains(last) { text.removeLast() }
        text = withoutName(text)
        text = withoutThousands(text)
        return withoutSubscriptBraces(text)
    }

    /// Removes \text{...} and its like: as a unit at the end of a number, keeping the content elsewhere.
    private static func unwrapped(_ text: String) -> String {
        var text = text
        for wrapper in wrappers {
            while let range = text.firstRange(of: wrapper + "{") ?? text.firstRange(of: wrapper + " {") {
                guard let end = closingBrace(text, after: range.upperBound) else { break }
                let before = String(text[..<range.lowerBound])
                let content = String(text[range.upperBound..<end])
                let after = String(text[text.index(after: end)...])
                let isUnit = endsInNumber(before) && !after.contains("=")
                text = isUnit ? before + " " + after.withoutExponent : before + content + after
            }
        }
        return text
    }

    private static func endsInNumber(_ text: String) -> Bool {
        guard let last = text.utf8.last(where: { !$0.isSpace }) else { return false }
        return last.isDigit || last == UInt8(ascii: "}") || last == UInt8(ascii: ")")
    }

    private static func closingBrace(_ text: String, after start: String.Index) -> String.Index? {
        var depth = 1
        var index = start
        while index < text.endIndex {
            if text[index] == "{" { depth += 1 }
            if text[index] == "}" { depth -= 1 }
            if depth == 0 { return index }
            index = text.index(after: index)
        }
        return nil
    }

    /// x = 5 and x \in [0, 1] name the unknown; the answer is what follows.
    private static func withoutName(_ text: String) -> String {
        var bytes = Array(text.utf8)
        let packed = bytes.filter { !$0.isSpace }
        guard packed.count > 2, packed[0].isLetter else { return text }
        if packed[1] == UInt8(ascii: "="), packed.count(where: { $0 == UInt8(ascii: "=") }) == 1 {
            bytes = Array(packed[2...])
        } else if packed[1...].starts(with: "\\in".utf8), packed.count > 4, !packed[4].isLetter {
            bytes = Array(packed[4...])
        } else {
            return text
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// 12,345,678 is one number where nothing else is written.
    private static func withoutThousands(_ text: String) -> String {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count > 1 else { return text }
        let head = parts[0].drop { $0 == "-" || $0 == "+" || $0 == " " }
        guard (1...3).contains(head.count), head.utf8.allSatisfy(\.isDigit) else { return text }
        for (index, part) in parts.enumerated().dropFirst() {
            let digits = part.utf8.prefix { $0.isDigit }
            let rest = part.utf8.dropFirst(digits.count)
            let endsWell =
                rest.isEmpty || (index == parts.count - 1 && (rest.first == UInt8(ascii: ".") || rest.first == 32))
            guard digits.count == 3, endsWell else { return text }
        }
        return parts.joined()
    }

    /// 52_{8} and 52_8 are the same number in base eight.
    private static func withoutSubscriptBraces(_ text: String) -> String {
        guard let start = text.firstRange(of: "_{"), let end = closingBrace(text, after: start.upperBound) else {
            return text
        }
        return text[..<start.lowerBound] + "_" + text[start.upperBound..<end] + text[text.index(after: end)...]
    }
}

extension String {
    /// Without the ^2 or ^{3} that belongs to a unit just removed.
    fileprivate var withoutExponent: String {
        guard hasPrefix("^") else { return self }
        let rest = dropFirst()
        if rest.first == "{", let end = rest.firstIndex(of: "}") { return String(rest[rest.index(after: end)...]) }
        return String(rest.dropFirst())
    }
}
