import RhoCore
import RhoTestSupport
import RhoTraining
import Testing

@Suite struct HTMLReportTests {
    private func report(svg: String = "<?xml version=\"1.0\"?>\n<svg viewBox=\"0 0 1 1\"></svg>") -> HTMLReport {
        HTMLReport(
            title: "SLM <vs> CLM", subtitle: "a & b",
            sections: [
                .text(title: "", paragraphs: ["One.", "<script>alert(1)</script>"]),
                .parameters(title: "Parameters", rows: [.init(name: "keep", value: "0.6", meaning: "share kept")]),
                .table(
                    .init(
                        title: "Comparison", columns: ["arm", "loss", "note"],
                        rows: [["clm", "1.52", "x"], ["slm", "1.31", "y"]],
                        note: "seed 1", best: [[], [1]])),
                .plot(title: "Curves", svg: svg, caption: "held-out"),
                .tokens(
                    .init(
                        title: "The farm",
                        arms: [
                            .init(
                                name: "slm", pieces: ["The", " farm\n", "", "<Apr"],
                                values: [
                                    (.loss, [.nan, 1, 2, 4]), (.excess, [.nan, 0.5, -0.5, 2]),
                                    (.kept, [.nan, 1, 0, 1]),
                                    (.label, [0, 0, 1, 2]),
                                ])
                        ], initial: .excess)),
            ], footer: "commit abc")
    }

    @Test func thePageIsWholeAndEscaped() throws {
        let html = report().html
        #expect(html.hasPrefix("<!DOCTYPE html>") && html.hasSuffix("</html>\n"))
        #expect(html.contains("<h1>SLM &lt;vs&gt; CLM</h1>") && html.contains("a &amp; b"))
        #expect(!html.contains("alert(1)</script>") && html.contains("&lt;script&gt;alert(1)"))
        #expect(html.contains("<td class=\"n\"><b>1.31</b></td>") && html.contains("<td>y</td>"))
        #expect(
            html.contains("<figure class=\"plot\"><div class=\"wide\"><svg viewBox=\"0 0 1 1\"></svg></div>")
                && !html.contains("<?xml"))
        // Nothing is fetched.
        for needle in ["http://", "https://", "src=", "@import", "url("] {
            #expect(!html.contains(needle), "\(needle)")
        }
        for tag in ["section", "table", "figure", "div", "span", "style", "script", "main"] {
            let opened = html.components("<\(tag)"), closed = html.components("</\(tag)>")
            #expect(opened == closed, "\(tag): \(opened) opened, \(closed) closed")
        }
    }

    @Test func tokensCarryColoursAndValues() {
        let html = report().html
        #expect(html.contains("class=\"tokens show-excess\""))
        #expect(html.contains("value=\"excess\" checked"))
        #expect(!html.contains("value=\"reference\""))
        // Loss 4 is the top of its scale; -0.5 is on the cool side, a quarter of the scale, square root one half.
        #expect(html.contains("--loss:0.85"))
        #expect(html.contains("class=\"t x d l1\"") && html.contains("--excess:0.42"))
        #expect(
            html.contains("data-tip=\"loss: 1.000 nats\nexcess loss: 0.500 nats\nkept / dropped: kept\nlabel: useful\"")
        )
        #expect(
            html.contains(" farm<i>↵</i>\n</span>") && html.contains(">·</span>") && html.contains("&lt;Apr</span>"))
    }

    /// Scripts may hand over any number as a label or a value.
    @Test func anyNumberIsShown() {
        let wild = [Double.infinity, -.infinity, 1e300, -5, .nan, 0.4]
        let arm = TokenView.Arm(
            name: "a", pieces: wild.map { _ in "x" }, values: TokenView.Channel.allCases.map { ($0, wild) })
        let html = HTMLReport(title: "t", sections: [.tokens(.init(title: "x", arms: [arm]))]).html
        #expect(html.contains("label: wrong") && html.contains("label: useful"))
    }

    @Test func missingPartsAreSaid() {
        #expect(report(svg: "").html.contains("The drawing is missing."))
        #expect(report(svg: "<svg><script>x</script></svg>").html.contains("The drawing is missing."))
        for code in [
            "<svg><SCRIPT>x</SCRIPT></svg>", "<svg onload=\"x()\"></svg>",
            "<svg><a xlink:href=\"javascript:x\"/></svg>",
            "<svg><g/onclick = 'x'></g></svg>", "<svg><foreignObject></foreignObject></svg>",
        ] { #expect(report(svg: code).html.contains("The drawing is missing."), "\(code)") }
        #expect(report(svg: "<svg><text>loss on x = 1</text></svg>").html.contains("loss on x = 1"))
        let empty = HTMLReport(title: "t", sections: [.tokens(.init(title: "x", arms: []))])
        #expect(empty.html.contains("No values to show."))
    }

    @Test func writesOneFile() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("deep/report.html")
        try report().write(path)
        #expect(try Files.readText(path) == report().html)
    }
}

extension String {
    /// Number of times `needle` occurs as a whole tag name.
    fileprivate func components(_ needle: String) -> Int {
        let text = Array(utf8), wanted = Array(needle.utf8)
        var count = 0
        for start in 0..<max(0, text.count - wanted.count)
        where text[start..<start + wanted.count].elementsEqual(wanted) {
            let next = text[start + wanted.count]
            let letter = (97...122).contains(next) || (48...57).contains(next)
            if needle.hasSuffix(">") || !letter { count += 1 }
        }
        return count
    }
}
