import LuaRuntime
import RhoCore
import RhoTraining

/// `rho.plot` and `rho.report`: pictures and pages.
struct ReportBinding {
    let session: Session

    var functions: [LuaFunctionDeclaration] { [plot, report] }
    var records: [LuaRecord] { [plotRecord, seriesRecord, reportRecord] }

    private let seriesRecord = LuaRecord(
        "PlotSeries",
        [
            LuaField("name", .string, required: true, doc: "in the legend"),
            LuaField("x", .list(.number()), required: true, doc: "positions"),
            LuaField("y", .list(.number()), required: true, doc: "values"),
            LuaField("dash", .boolean, default: false, doc: "dashed line"),
            LuaField(
                "spread", .list(.number()), default: [],
                doc: "half width of a band around the line, such as a standard deviation"),
        ])
    private let plotRecord = LuaRecord(
        "PlotOptions",
        [
            LuaField("path", .string, required: true, doc: "where to, without a suffix"),
            LuaField("title", .string, default: "", doc: "title"),
            LuaField("x", .string, default: "", doc: "label of the x axis, with its unit"),
            LuaField("y", .string, default: "", doc: "label of the y axis, with its unit"),
            LuaField("series", .list(.options("PlotSeries")), required: true, doc: "the lines"),
            LuaField("logx", .boolean, default: false, doc: "logarithmic x axis"),
            LuaField("logy", .boolean, default: false, doc: "logarithmic y axis"),
        ])

    private var plot: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.plot", doc: "A line chart as SVG and PNG, with its data and gnuplot script beside it.",
            parameters: [LuaField("options", .options(plotRecord.name), required: true, doc: "lines and labels")],
            returns: [LuaResult(.list(.string), "paths of the pictures; empty where gnuplot is missing")]
        ) { call in
            let options = try call.options("options")
            let series = try options.list("series").compactMap(\.optionsValue).map { line in
                Chart.Series(
                    name: try line.string("name"), x: try line.doubles("x"), y: try line.doubles("y"),
                    dashed: try line.bool("dash"), spread: try line.doubles("spread"))
            }
            var chart = Chart(
                title: try options.string("title"), xLabel: try options.string("x"), yLabel: try options.string("y"),
                series: series)
            chart.logX = try options.bool("logx")
            chart.logY = try options.bool("logy")
            let path = try options.string("path")
            if session.dry != nil { return [.list(chart.formats.map { "\(path).\($0.rawValue)" })] }
            let files = try chart.write(base: path)
            if let problem = files.problem, !session.quiet { Logging.line(problem) }
            return [.list(files.pictures)]
        }
    }

    private let reportRecord = LuaRecord(
        "ReportOptions",
        [
            LuaField("path", .string, required: true, doc: "the HTML file"),
            LuaField("title", .string, required: true, doc: "title"),
            LuaField("subtitle", .string, default: "", doc: "line under the title"),
            LuaField(
                "sections", .list(.table), required: true,
                doc: "tables with kind = text, parameters, manifest, table, plot or tokens, and title"),
        ])

    private var report: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.report",
            doc: "One self-contained HTML page: parameters, tables, curves, texts coloured token by token.",
            parameters: [LuaField("options", .options(reportRecord.name), required: true, doc: "title and sections")],
            returns: [LuaResult(.string, "the path")]
        ) { call in
            let options = try call.options("options")
            let path = try options.string("path")
            if session.dry != nil { return [.string(path)] }
            var page = HTMLReport(
                title: try options.string("title"), subtitle: try options.string("subtitle"), footer: footer)
            for (index, value) in try options.list("sections").enumerated() {
                guard let table = value.tableValue else { continue }
                let reader = SectionReader(
                    place: "section \(index + 1)", value: try table.deepValue(), session: session)
                page.sections.append(try reader.section())
            }
            try page.write(path)
            return [.string(path)]
        }
    }

    private var footer: String {
        var parts = ["rhoscript \(Version.text)"]
        if let manifest = session.run?.directory.manifest {
            parts.append("experiment \(manifest.experiment), seed \(manifest.seed)")
            if let git = manifest.git {
                parts.append("commit \(git.commit.prefix(12))\(git.dirty ? " with changes" : "")")
            }
            parts.append("fingerprint \(manifest.fingerprint.prefix(8))")
        }
        return parts.joined(separator: " · ")
    }
}
