import RhoCore

/// A table that can be written for a terminal, a spreadsheet, a README or a paper.
public struct TextTable: Sendable {
    public struct Cell: Sendable, Equatable {
        public var text: String
        public var isBold: Bool
        public var colour: Ink.Colour?

        public init(_ text: String, bold: Bool = false, colour: Ink.Colour? = nil) {
            self.text = text
            isBold = bold
            self.colour = colour
        }
    }

    public var columns: [String]
    public var rows: [[Cell]]
    /// Sentences under the table.
    public var notes: [String]

    public init(columns: [String], rows: [[Cell]], notes: [String] = []) {
        self.columns = columns
        self.rows = rows
        self.notes = notes
    }

    /// True for columns whose cells are all numbers or dashes: they align right.
    private var numeric: [Bool] {
        columns.indices.map { column in
            column > 0 && rows.contains { $0[column].text != "-" }
                && rows.allSatisfy { HTML.looksNumeric($0[column].text) }
        }
    }

    /// Aligned columns, two spaces apart.
    public func text(ink: Ink) -> String {
        let numeric = numeric
        let widths = columns.indices.map { column in
            rows.reduce(Ink.width(columns[column])) { max($0, Ink.width($1[column].text)) }
        }
        func line(_ cells: [Cell]) -> String {
            let parts = cells.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: widths[column] - Ink.width(cell.text))
                let painted = ink.paint(cell.text, cell.colour, bold: cell.isBold)
                if numeric[column] { return padding + painted }
                return column == cells.count - 1 ? painted : painted + padding
            }
            return parts.joined(separator: "  ") + "\n"
        }
        let head = line(columns.map { Cell($0, colour: .grey) })
        return head + rows.map(line).joined() + notes.map { ink.paint($0, .grey) + "\n" }.joined()
    }

    public var markdown: String {
        func escaped(_ text: String) -> String {
            var out = ""
            for letter in text {
                out += letter == "|" || letter == "*" || letter == "_" ? "\\\(letter)" : String(letter)
            }
            return out
        }
        var lines = ["| " + columns.map(escaped).joined(separator: " | ") + " |"]
        lines.append("|" + numeric.map { $0 ? " ---: |" : " --- |" }.joined())
        for row in rows {
            let cells = row.map { $0.isBold ? "**\(escaped($0.text))**" : escaped($0.text) }
            lines.append("| " + cells.joined(separator: " | ") + " |")
        }
        if !notes.isEmpty { lines += [""] + notes.map(escaped) }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A tabular for the booktabs package.
    public var latex: String {
        var lines = ["\\begin{tabular}{\(numeric.map { $0 ? "r" : "l" }.joined())}", "\\toprule"]
        lines.append(columns.map(Self.latexText).joined(separator: " & ") + " \\\\")
        lines.append("\\midrule")
        for row in rows {
            let cells = row.map { $0.isBold ? "\\textbf{\(Self.latexText($0.text))}" : Self.latexText($0.text) }
            lines.append(cells.joined(separator: " & ") + " \\\\")
        }
        lines += ["\\bottomrule", "\\end{tabular}"]
        return (notes.map { "% \($0)" } + lines).joined(separator: "\n") + "\n"
    }

    private static func latexText(_ text: String) -> String {
        var out = ""
        for letter in text {
            switch letter {
            case "&", "%", "$", "#", "_", "{", "}": out += "\\\(letter)"
            case "\\": out += "\\textbackslash{}"
            case "~": out += "\\textasciitilde{}"
            case "^": out += "\\textasciicircum{}"
            case "±": out += "$\\pm$"
            case "Δ": out += "$\\Delta$"
            // A bare hyphen before a digit would print as a hyphen.
            case "-" where out.isEmpty && text.count > 1, "−": out += "$-$"
            default: out.append(letter)
            }
        }
        return out
    }
}
