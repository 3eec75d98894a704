/// Where in Lua code the cursor stands: in which table constructor, of which call, behind which key, inside a string.
///
/// A scan over brackets, strings and comments; it does not need the code to be whole.
struct CodePlace: Equatable {
    /// The innermost open table constructor.
    struct Table: Equatable {
        /// The callee before it as written: `rho.train`, `model:generate`; nil for a table that is no argument.
        var callee: String?
        /// The key it is the value of inside another table.
        var key: String?
        /// Keys that stand in it already.
        var keys: [String] = []
    }

    /// Open tables, outermost first.
    private(set) var tables: [Table] = []
    /// Whether a key may stand here: behind `{`, `,` or `;`.
    private(set) var atKey = false
    /// The key whose value stands here.
    private(set) var key: String?
    private(set) var inString = false
    private(set) var inComment = false

    private enum Open: Equatable { case table, other }

    /// - Parameter word: the unfinished word at the end of `code`, which does not count.
    init(_ code: String, word: String) {
        let letters = Array(code.dropLast(code.hasSuffix(word) ? word.count : 0))
        var open: [Open] = []
        var callees: [String?] = []
        var last = ""
        var beforeLast = ""
        var index = 0
        while index < letters.count {
            let letter = letters[index]
            if letter == "-", index + 1 < letters.count, letters[index + 1] == "-" {
                guard let end = letters[index...].firstIndex(of: "\n") else {
                    inComment = true
                    return
                }
                index = end
                continue
            }
            if letter == "\"" || letter == "'" {
                guard let end = Self.stringEnd(letters, from: index) else {
                    inString = true
                    break
                }
                (beforeLast, last) = (last, "\"")
                index = end + 1
                continue
            }
            if Self.isName(letter) {
                let end = letters[index...].firstIndex { !Self.isName($0) } ?? letters.count
                (beforeLast, last) = (last, String(letters[index..<end]))
                index = end
                continue
            }
            switch letter {
            case "{":
                let isArgument =
                    last.first.map(Self.isName) ?? false || (last == "(" && callees.last.flatMap { $0 } != nil)
                let callee = last == "(" ? callees.last ?? nil : last
                tables.append(
                    Table(callee: isArgument && !Self.keywords.contains(callee ?? "") ? callee : nil, key: key))
                open.append(.table)
                key = nil
            case "(", "[":
                callees.append(letter == "(" && (last.first.map(Self.isName) ?? false) ? last : nil)
                open.append(.other)
            case ")", "]":
                if open.last == .other { open.removeLast() }
                if !callees.isEmpty { callees.removeLast() }
            case "}":
                if open.last == .table { open.removeLast() }
                if let closed = tables.popLast() { key = closed.key }
            case "=" where open.last == .table && (last.first.map(Self.isName) ?? false) && "{,;".contains(beforeLast):
                tables[tables.count - 1].keys.append(last)
                key = last
            case ",", ";": if open.last == .table { key = nil }
            default: break
            }
            if letter != " ", letter != "\t", letter != "\n" { (beforeLast, last) = (last, String(letter)) }
            index += 1
        }
        atKey = open.last == .table && ["{", ",", ";"].contains(last) && !inString
        if open.last != .table { key = nil }
        if last == "}" { key = nil }
    }

    private static let keywords: Set<String> = ["return", "and", "or", "not", "in", "do", "then", "else"]

    private static func isName(_ letter: Character) -> Bool {
        letter == "_" || letter == "." || letter == ":" || (letter.isASCII && (letter.isLetter || letter.isNumber))
    }

    private static func stringEnd(_ letters: [Character], from start: Int) -> Int? {
        var index = start + 1
        while index < letters.count {
            if letters[index] == "\\" { index += 1 } else if letters[index] == letters[start] { return index }
            index += 1
        }
        return nil
    }
}
