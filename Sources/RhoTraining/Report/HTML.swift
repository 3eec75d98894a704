/// Small pieces of HTML.
enum HTML {
    /// Text safe inside elements and inside double-quoted attributes.
    static func escaped(_ text: String) -> String {
        var out = ""
        out.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            case "'": out += "&#39;"
            default:
                // Control characters are not allowed in HTML; tab and newline are.
                if scalar.value < 32, scalar != "\n", scalar != "\t" {
                    out += "\u{FFFD}"
                } else {
                    out.unicodeScalars.append(scalar)
                }
            }
        }
        return out
    }

    static func heading(_ title: String) -> String { title.isEmpty ? "" : "<h2>\(escaped(title))</h2>" }

    /// True for 12, 0.5, 61.2%, 1.2M, 2.3x, -, and pairs such as 1.20 ± 0.03.
    static func looksNumeric(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first else { return true }
        return "0123456789-+−.".unicodeScalars.contains(first) && text.count < 24
    }

    /// An SVG document as an element of this page: the prolog goes, scripts are not let in.
    static func inlineSVG(_ document: String) -> String {
        guard let start = document.range(of: "<svg"), let end = document.range(of: "</svg>", options: .last),
            start.lowerBound < end.lowerBound, !holdsCode(document)
        else { return "<p class=\"note\">The drawing is missing.</p>" }
        return String(document[start.lowerBound..<end.upperBound])
    }

    /// Whether a browser could find something to run in a drawing. gnuplot writes none of it, but a script names the file.
    private static func holdsCode(_ document: String) -> Bool {
        let text = document.lowercased()
        for word in ["<script", "<foreignobject", "<iframe", "<!entity", "javascript:"]
        where text.range(of: word) != nil {
            return true
        }
        // An attribute such as onload = "...".
        let bytes = Array(text.utf8)
        for at in bytes.indices.dropLast(3)
        where bytes[at + 1] == UInt8(ascii: "o") && bytes[at + 2] == UInt8(ascii: "n") {
            guard " \t\r\n\"'/".utf8.contains(bytes[at]) else { continue }
            let rest = bytes[(at + 3)...].drop { (97...122).contains($0) }
            if rest.drop(while: { $0 <= 32 }).first == UInt8(ascii: "="), rest.startIndex > at + 3 { return true }
        }
        return false
    }
}

extension String {
    enum SearchOrder { case first, last }

    /// Plain substring search over UTF-8, without Foundation.
    func range(of needle: String, options order: SearchOrder = .first) -> Range<String.Index>? {
        let haystack = Array(utf8)
        let wanted = Array(needle.utf8)
        guard !wanted.isEmpty, wanted.count <= haystack.count else { return nil }
        let starts = Array(0...(haystack.count - wanted.count))
        for start in order == .first ? starts : starts.reversed()
        where haystack[start] == wanted[0] && haystack[start..<start + wanted.count].elementsEqual(wanted) {
            let lower = utf8.index(utf8.startIndex, offsetBy: start)
            return lower..<utf8.index(lower, offsetBy: wanted.count)
        }
        return nil
    }
}
