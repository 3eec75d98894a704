import RhoCore

/// A line chart, drawn by gnuplot into SVG, PNG or PDF; data and script stay beside the pictures so that anyone can redraw.
public struct Chart: Sendable {
    public struct Series: Sendable {
        public var name: String
        public var x: [Double]
        public var y: [Double]
        public var dashed: Bool
        /// Half width of a band around the line (a standard deviation over seeds), same count as `y`; empty for none.
        public var spread: [Double]

        public init(name: String, x: [Double], y: [Double], dashed: Bool = false, spread: [Double] = []) {
            self.name = name
            self.x = x
            self.y = y
            self.dashed = dashed
            self.spread = spread
        }
    }

    public var title: String
    /// Axis labels with units: "tokens", "held-out loss (nats per token)".
    public var xLabel: String
    public var yLabel: String
    public var series: [Series]
    public var logX = false
    public var logY = false
    /// The pictures to draw.
    public var formats: [Format] = [.svg, .png]
    /// Size in points.
    public var width = 900
    public var height = 540

    public enum Format: String, Sendable, CaseIterable { case svg, png, pdf }

    public init(title: String, xLabel: String, yLabel: String, series: [Series]) {
        self.title = title
        self.xLabel = xLabel
        self.yLabel = yLabel
        self.series = series
    }

    /// What `write` left on the disk.
    public struct Files: Sendable, Equatable {
        public var data: String
        public var script: String
        /// In the order of `formats`; empty if they could not be drawn.
        public var pictures: [String]
        /// Why there is no picture: a sentence for the log. A missing gnuplot is no failure of the experiment.
        public var problem: String?
    }

    /// Writes `<base>.dat`, `<base>.gnuplot` and a picture of each format.
    /// - Throws: `.shape` for series of uneven length, `.io`.
    public func write(base: String) throws(RhoError) -> Files {
        for line in series {
            guard line.x.count == line.y.count, line.spread.isEmpty || line.spread.count == line.y.count else {
                throw RhoError(
                    .shape, "series '\(line.name)' has \(line.x.count) x values and \(line.y.count) y values")
            }
        }
        let name = RhoCore.Files.name(of: base)
        let directory = RhoCore.Files.parent(of: base)
        try RhoCore.Files.makeDirectory(directory)
        var files = Files(data: "\(base).dat", script: "\(base).gnuplot", pictures: [], problem: nil)
        try RhoCore.Files.writeAtomically(files.data, dataText)
        try RhoCore.Files.writeAtomically(files.script, scriptText(name: name))
        guard series.contains(where: { !$0.x.isEmpty }) else {
            files.problem = "the chart '\(title)' has no points yet"
            return files
        }
        // gnuplot changes its own directory; this process stays where it is.
        let arguments = ["gnuplot", "-e", "cd \(Self.quoted(directory))", "./\(name).gnuplot"]
        guard let result = try ChildProcess.run(arguments, mergeErrors: true) else {
            files.problem =
                "gnuplot is not installed (apt install gnuplot-nox): \(name) was not drawn, "
                + "the data is in \(files.data)"
            return files
        }
        guard result.status == 0 else {
            let said = result.text.split(separator: "\n").joined(separator: " ").prefix(300)
            files.problem = "gnuplot could not draw \(name): \(said)"
            return files
        }
        files.pictures = formats.map { "\(base).\($0.rawValue)" }
        return files
    }

    /// One block per series, two blank lines between: x, y, and the band's edges if there is one.
    var dataText: String {
        series.map { line in
            let head = "# \(line.name.filter { !$0.isNewline })\n"
            let rows = line.x.indices.map { index -> String in
                let (x, y) = (Self.number(line.x[index]), Self.number(line.y[index]))
                guard !line.spread.isEmpty else { return "\(x)\t\(y)" }
                let spread = line.spread[index]
                return "\(x)\t\(y)\t\(Self.number(line.y[index] - spread))\t\(Self.number(line.y[index] + spread))"
            }
            return head + rows.joined(separator: "\n")
        }.joined(separator: "\n\n\n") + "\n"
    }

    /// NaN breaks the line at that point.
    private static func number(_ x: Double) -> String { x.isFinite ? Text.short(x) : "NaN" }

    /// A gnuplot string: single quotes take everything literally, a quote is doubled.
    static func quoted(_ text: String) -> String {
        let clean = text.map { $0.isNewline ? " " : $0 }
        return "'" + String(clean).split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }
}
