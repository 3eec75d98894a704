import RhoCore

/// What can be read back from a page that `HTMLReport` wrote.
///
/// The texts of a report come from the experiment's file and are kept nowhere else.
enum ReportPage {
    private static let opening = "<section class=\"tokens"
    private static let closing = "</section>"

    /// The sections with coloured texts, whole.
    static func tokenSections(_ page: String) -> [String] {
        page.pieces(from: opening, to: closing)
    }

    /// The texts in those sections, each once, as the first arm's tokens spell them.
    static func texts(_ page: String) -> [String] {
        tokenSections(page).compactMap { section in
            section.pieces(from: "<div class=\"text\">", to: "</div>").first.map(plain)
        }
    }

    /// The sections with new ids: ids number the sections of a page, and these move to another place.
    static func renumbered(_ sections: [String]) -> [String] {
        sections.enumerated().map { index, section in
            guard let id = section.pieces(from: "id=\"", to: "\"").first.map({ String($0.dropFirst(4).dropLast()) })
            else {
                return section
            }
            return section.replacing("id=\"\(id)\"", with: "id=\"k\(index)\"")
                .replacing("name=\"\(id)-c\"", with: "name=\"k\(index)-c\"")
        }
    }

    /// Text without tags, entities decoded.
    private static func plain(_ html: String) -> String {
        var out = ""
        var inTag = false
        for letter in html.replacing("<i>↵</i>", with: "") {
            if letter == "<" {
                inTag = true
            } else if letter == ">" {
                inTag = false
            } else if !inTag {
                out.append(letter)
            }
        }
        for (entity, text) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")] {
            out = out.replacing(entity, with: text)
        }
        return out
    }
}

extension String {
    /// Every shortest piece that begins with `start` and ends with `end`, both included.
    func pieces(from start: String, to end: String) -> [String] {
        var found: [String] = []
        var rest = self[...]
        while let first = rest.firstRange(of: start) {
            guard let last = rest[first.upperBound...].firstRange(of: end) else { break }
            found.append(String(rest[first.lowerBound..<last.upperBound]))
            rest = rest[last.upperBound...]
        }
        return found
    }
}
