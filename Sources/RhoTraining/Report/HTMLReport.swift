import RhoCore

/// One self-contained HTML page: parameters, tables, curves and texts coloured token by token.
///
/// No network, no fonts to fetch, one file to send. Follows the reader's light or dark setting, fits a phone, prints.
public struct HTMLReport: Sendable {
    public enum Section: Sendable {
        /// Paragraphs of plain text.
        case text(title: String, paragraphs: [String])
        /// Name, value and meaning of each parameter.
        case parameters(title: String, rows: [Parameter])
        case table(Table)
        /// Names and what they stand for, such as a manifest.
        case facts(title: String, rows: [(name: String, value: String)])
        /// An SVG drawing, whole, with a caption.
        case plot(title: String, svg: String, caption: String)
        case tokens(TokenView)
    }

    public struct Parameter: Sendable {
        public var name: String
        public var value: String
        public var meaning: String
        public init(name: String, value: String, meaning: String = "") {
            self.name = name
            self.value = value
            self.meaning = meaning
        }
    }

    public struct Table: Sendable {
        public var title: String
        public var columns: [String]
        public var rows: [[String]]
        /// A line under the table.
        public var note: String
        /// Indices of the cells to set in bold, one set per row.
        public var best: [Set<Int>]

        public init(title: String, columns: [String], rows: [[String]], note: String = "", best: [Set<Int>] = []) {
            self.title = title
            self.columns = columns
            self.rows = rows
            self.note = note
            self.best = best
        }
    }

    public var title: String
    public var subtitle: String
    public var sections: [Section]
    /// The line at the foot: commit, seed, version.
    public var footer: String

    public init(title: String, subtitle: String = "", sections: [Section] = [], footer: String = "") {
        self.title = title
        self.subtitle = subtitle
        self.sections = sections
        self.footer = footer
    }

    /// The page.
    public var html: String {
        var body = "<header><h1>\(HTML.escaped(title))</h1>"
        if !subtitle.isEmpty { body += "<p class=\"lead\">\(HTML.escaped(subtitle))</p>" }
        body += "</header>\n"
        for (index, section) in sections.enumerated() { body += section.html(id: "s\(index)") + "\n" }
        if !footer.isEmpty { body += "<footer>\(HTML.escaped(footer))</footer>\n" }
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(HTML.escaped(title))</title>
            <style>
            \(HTML.style)
            </style>
            </head>
            <body>
            <main>
            \(body)</main>
            <div id="tip" role="tooltip" hidden></div>
            <script>
            \(HTML.script)
            </script>
            </body>
            </html>

            """
    }

    /// Writes the page in one move.
    public func write(_ path: String) throws(RhoError) {
        try Files.makeDirectory(Files.parent(of: path))
        try Files.writeAtomically(path, html)
    }
}

extension HTMLReport.Section {
    func html(id: String) -> String {
        switch self {
        case .text(let title, let paragraphs):
            let text = paragraphs.map { "<p>\(HTML.escaped($0))</p>" }.joined(separator: "\n")
            return "<section id=\"\(id)\">\(HTML.heading(title))\(text)</section>"
        case .parameters(let title, let rows):
            let body = rows.map { row in
                "<tr><th scope=\"row\"><code>\(HTML.escaped(row.name))</code></th>"
                    + "<td><code>\(HTML.escaped(row.value))</code></td>"
                    + "<td>\(HTML.escaped(row.meaning))</td></tr>"
            }
            return "<section id=\"\(id)\">\(HTML.heading(title))<div class=\"wide\"><table class=\"parameters\"><tbody>"
                + body.joined(separator: "\n") + "</tbody></table></div></section>"
        case .facts(let title, let rows):
            let body = rows.map { row in
                "<tr><th scope=\"row\">\(HTML.escaped(row.name))</th><td>\(HTML.escaped(row.value))</td></tr>"
            }
            return "<section id=\"\(id)\">\(HTML.heading(title))<table class=\"facts\"><tbody>"
                + body.joined(separator: "\n") + "</tbody></table></section>"
        case .table(let table):
            return "<section id=\"\(id)\">\(HTML.heading(table.title))\(table.html)</section>"
        case .plot(let title, let svg, let caption):
            let note = caption.isEmpty ? "" : "<figcaption>\(HTML.escaped(caption))</figcaption>"
            return
                "<section id=\"\(id)\">\(HTML.heading(title))"
                + "<figure class=\"plot\"><div class=\"wide\">\(HTML.inlineSVG(svg))</div>\(note)</figure></section>"
        case .tokens(let view):
            return view.html(id: id)
        }
    }
}

extension HTMLReport.Table {
    /// The first column names the row; numbers align right.
    var html: String {
        let head = columns.map { "<th scope=\"col\">\(HTML.escaped($0))</th>" }.joined()
        let body = rows.enumerated().map { index, row in
            let bold = index < best.count ? best[index] : []
            let cells = row.enumerated().map { column, text in
                let content = bold.contains(column) ? "<b>\(HTML.escaped(text))</b>" : HTML.escaped(text)
                if column == 0 { return "<th scope=\"row\">\(content)</th>" }
                return HTML.looksNumeric(text) ? "<td class=\"n\">\(content)</td>" : "<td>\(content)</td>"
            }
            return "<tr>\(cells.joined())</tr>"
        }
        let note = self.note.isEmpty ? "" : "<p class=\"note\">\(HTML.escaped(self.note))</p>"
        return
            "<div class=\"wide\"><table><thead><tr>\(head)</tr></thead>"
            + "<tbody>\(body.joined(separator: "\n"))</tbody></table></div>\(note)"
    }
}
