/// An answer taken apart: what has parts is compared part by part.
indirect enum AnswerForm {
    case plain(String)
    /// (1, 2), [0, \infty), {3, 5} or 3, 5; brackets are empty where nothing is written.
    case list([AnswerForm], open: String, close: String)
    /// Intervals joined by \cup.
    case union([AnswerForm])
    case matrix([[AnswerForm]])
    case equation(String, String)

    init(_ text: String, depth: Int = 0) {
        let text = String(decoding: Array(text.utf8).trimmed, as: UTF8.self)
        if depth < 8 {
            if let cells = Self.cells(text) {
                self = .matrix(cells.map { row in row.map { AnswerForm($0, depth: depth + 1) } })
                return
            }
            let parts = Self.split(text, at: "\\cup")
            if parts.count > 1 {
                self = .union(parts.map { AnswerForm($0, depth: depth + 1) })
                return
            }
            if let list = Self.list(text, depth: depth) {
                self = list
                return
            }
        }
        let sides = Self.split(text, at: "=")
        self = sides.count == 2 && !sides[0].isEmpty && !sides[1].isEmpty ? .equation(sides[0], sides[1]) : .plain(text)
    }

    private static func list(_ text: String, depth: Int) -> AnswerForm? {
        var inside = text
        var brackets = ("", "")
        if let first = text.first, let last = text.last, text.count >= 2, "([{".contains(first), ")]}".contains(last),
            isWrapped(text)
        {
            brackets = (String(first), String(last))
            inside = String(text.dropFirst().dropLast())
        }
        var items = split(inside, at: ",")
        if items.count == 1 { items = split(inside, at: " and ") }
        items = items.flatMap(bothSigns)
        guard items.count > 1 else { return nil }
        return .list(items.map { AnswerForm($0, depth: depth + 1) }, open: brackets.0, close: brackets.1)
    }

    /// 1 \pm x stands for two numbers.
    private static func bothSigns(_ item: String) -> [String] {
        guard item.contains("\\pm") else { return [item] }
        return [item.replacing("\\pm", with: "+"), item.replacing("\\pm", with: "-")]
    }

    /// True if the first bracket is closed by the last character and not before.
    private static func isWrapped(_ text: String) -> Bool {
        var depth = 0
        for (index, byte) in text.utf8.enumerated() {
            if "([{".utf8.contains(byte) { depth += 1 }
            if ")]}".utf8.contains(byte) { depth -= 1 }
            if depth == 0 { return index == text.utf8.count - 1 }
        }
        return false
    }

    /// Parts between separators that stand outside every bracket.
    static func split(_ text: String, at separator: String) -> [String] {
        let bytes = Array(text.utf8)
        let mark = Array(separator.utf8)
        var parts: [String] = []
        var start = 0
        var depth = 0
        var index = 0
        while index < bytes.count {
            if "([{".utf8.contains(bytes[index]) { depth += 1 }
            if ")]}".utf8.contains(bytes[index]) { depth -= 1 }
            if depth == 0, bytes[index...].starts(with: mark) {
                parts.append(String(decoding: Array(bytes[start..<index]).trimmed, as: UTF8.self))
                index += mark.count
                start = index
            } else {
                index += 1
            }
        }
        parts.append(String(decoding: Array(bytes[start...]).trimmed, as: UTF8.self))
        return parts
    }

    /// Cells of \begin{pmatrix} ... \end{pmatrix} and its like.
    private static func cells(_ text: String) -> [[String]]? {
        guard let begin = text.firstRange(of: "matrix}"), text[..<begin.lowerBound].contains("\\begin{"),
            let end = text.firstRange(of: "\\end{")
        else { return nil }
        guard begin.upperBound <= end.lowerBound else { return nil }
        let rows = String(text[begin.upperBound..<end.lowerBound]).replacing("\\\\", with: "\u{1}").split(
            separator: "\u{1}")
        return rows.map { row in row.split(separator: "&", omittingEmptySubsequences: false).map(String.init) }
            .filter { row in row.contains { $0.contains { !$0.isWhitespace } } }
    }
}
