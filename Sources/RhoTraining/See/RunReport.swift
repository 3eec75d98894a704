import RhoCore

/// The page of one or several runs, built from their files.
public struct RunReport {
    private let arms: ArmGroups
    private let runs: [RunRecord]
    private let title: String

    /// - Parameter arguments: as for `ArmGroups`.
    public init(_ arguments: [String], title: String? = nil) throws(RhoError) {
        arms = try ArmGroups(arguments)
        var runs: [RunRecord] = []
        for member in arms.groups.flatMap(\.members) where !runs.contains(where: { $0.path == member.run.path }) {
            runs.append(member.run)
        }
        guard !runs.isEmpty else { throw RhoError(.usage, "there is no trained model to report on yet") }
        self.runs = runs.sorted { ($0.started, $0.path) < ($1.started, $1.path) }
        self.title = title ?? Set(runs.map(\.experiment)).sorted().joined(separator: ", ")
    }

    /// report.html in the run; for several runs, in the folder they share.
    public var defaultPath: String {
        runs.count == 1 ? "\(runs[0].path)/report.html" : "\(Files.parent(of: runs[0].path))/report.html"
    }

    /// The texts that a page shows coloured, each once; none if there is no such page.
    public static func texts(in page: String) -> [String] {
        guard let html = try? Files.readText(page) else { return [] }
        return ReportPage.texts(html)
    }

    /// Writes the page, with the texts of the page that was there and those given. Charts are drawn beside it.
    ///
    /// - Parameter texts: read with the newest checkpoints of each arm.
    /// - Returns: problems that left something out, as sentences.
    public func write(_ path: String, texts: [String] = []) throws(RhoError) -> [String] {
        let comparison = try Comparison(arms)
        let base = path.hasSuffix(".html") ? String(path.dropLast(5)) : path
        var problems: [String] = []
        var sections: [HTMLReport.Section] = [.table(comparisonTable(comparison))]
        for tag in curveTags {
            let name = tag.split(separator: "/").joined(separator: "-")
            let chart = try CurvePlot.chart(arms, tag: tag, overSteps: false, title: "")
            let files = try chart.write(base: "\(base)-\(name)")
            if let problem = files.problem { problems.append(problem) }
            guard let picture = files.pictures.first else { continue }
            sections.append(.plot(title: Self.heading(tag), svg: try Files.readText(picture), caption: ""))
        }
        sections += try tokenSections(texts, &problems)
        let marker = sections.count
        sections.append(.parameters(title: "Parameters", rows: parameters))
        if runs.count == 1 {
            sections.append(.facts(title: "Manifest", rows: ManifestFacts(runs[0].manifest).rows))
        } else {
            sections.append(.table(provenance))
        }
        let last = runs[runs.count - 1]
        let page = HTMLReport(title: title, subtitle: subtitle, sections: sections, footer: Self.footer(last)).html
        // What an earlier page shows of texts stays, before the parameters.
        let earlier = texts.isEmpty && Files.exists(path) ? ReportPage.tokenSections(try Files.readText(path)) : []
        let kept = ReportPage.renumbered(earlier).map { $0 + "\n" }.joined()
        let place = "<section id=\"s\(marker)\">"
        try Files.makeDirectory(Files.parent(of: path))
        try Files.writeAtomically(path, page.replacing(place, with: kept + place))
        return problems
    }

    private var subtitle: String {
        let status = RunStatus.allCases.compactMap { status -> String? in
            let count = runs.filter { $0.status == status }.count
            return count == 0 ? nil : runs.count == 1 ? status.rawValue : "\(count) \(status.rawValue)"
        }
        let seeds = Set(runs.map(\.seed)).sorted().joined(separator: ", ")
        return "\(runs.count == 1 ? "Run" : "\(runs.count) runs"), \(status.joined(separator: ", ")); seed \(seeds)"
    }

    private func comparisonTable(_ comparison: Comparison) -> HTMLReport.Table {
        let table = comparison.table
        return HTMLReport.Table(
            title: "Comparison", columns: table.columns, rows: table.rows.map { $0.map(\.text) },
            note: table.notes.joined(separator: " "),
            best: table.rows.map { row in Set(row.indices.filter { row[$0].isBold }) })
    }

    /// Held-out losses, then the training loss, then what was selected.
    private var curveTags: [String] {
        let tags = Set(arms.groups.flatMap(\.members).flatMap(\.arm.tags)).sorted()
        let held = tags.filter { $0.hasPrefix("eval/") && $0.hasSuffix("/loss") }
        let wanted = held + ["train/loss", "select/precision", "train/grad_norm"].filter(tags.contains)
        return wanted.filter { tag in arms.groups.contains { $0.members.contains { $0.arm.curve(tag).x.count > 1 } } }
    }

    private static func heading(_ tag: String) -> String {
        let name = Metric(tag).longName
        return name.prefix(1).uppercased() + name.dropFirst()
    }

    private func tokenSections(_ texts: [String], _ problems: inout [String]) throws(RhoError) -> [HTMLReport.Section] {
        var sections: [HTMLReport.Section] = []
        for text in texts {
            var readings: [TokenView.Arm] = []
            for group in arms.groups {
                guard let member = group.members.last else { continue }
                let reference = member.run.arms.first { $0.name == "reference" }
                do {
                    var view = try TokenReading.read(Array(text.utf8), arm: member.arm, reference: reference).view
                    view.name = arms.label(group)
                    readings.append(view)
                } catch {
                    problems.append("\(arms.label(group)) is missing under '\(text.prefix(30))': \(error.message)")
                }
            }
            let head = text.split(separator: "\n").first.map { String($0.prefix(60)) } ?? "Text"
            if !readings.isEmpty { sections.append(.tokens(TokenView(title: head, arms: readings, initial: .excess))) }
        }
        return sections
    }

    /// Every parameter; several values where the runs differ.
    private var parameters: [HTMLReport.Parameter] {
        Set(runs.flatMap { $0.config.keys }).sorted().map { key in
            var values: [String] = []
            for run in runs {
                let value = run.config[key].map(ArmGroups.shown) ?? "-"
                if !values.contains(value) { values.append(value) }
            }
            return HTMLReport.Parameter(name: key, value: values.joined(separator: ", "))
        }
    }

    /// Where each run comes from.
    private var provenance: HTMLReport.Table {
        let columns = ["run", "status", "started", "commit", "fingerprint", "time", "memory"]
        let rows = runs.map { run in
            [
                Files.name(of: run.path), run.status.rawValue, run.started,
                String((run.manifest["git"]?["commit"]?.stringValue ?? "-").prefix(10)) + (run.isDirty ? "*" : ""),
                String((run.manifest["fingerprint"]?.stringValue ?? "-").prefix(12)), Text.duration(run.wallSeconds),
                Text.scaled(run.manifest["peak_resident_bytes"]?.doubleValue ?? .nan) + "B",
            ]
        }
        var notes: [String] = []
        if let run = runs.last {
            let data = run.manifest["data"]?.objectValue?.pairs.map { entry in
                "\(entry.key): \(Text.scaled(entry.value["tokens"]?.doubleValue ?? .nan)) tokens, "
                    + String((entry.value["hash"]?.stringValue ?? "-").prefix(12))
            }
            if let data, !data.isEmpty { notes.append("Data: \(data.joined(separator: "; ")).") }
            if let code = run.manifest["code"]?.objectValue?.keys, !code.isEmpty {
                notes.append("Code: \(code.joined(separator: ", ")).")
            }
        }
        if runs.contains(where: \.isDirty) { notes.append("* with uncommitted changes, kept in git.patch.") }
        return HTMLReport.Table(title: "Manifest", columns: columns, rows: rows, note: notes.joined(separator: " "))
    }

    private static func footer(_ run: RunRecord) -> String {
        let machine = run.manifest["machine"]
        let versions =
            run.manifest["versions"]?.objectValue?.pairs.map { "\($0.key) \($0.value.stringValue ?? "")" } ?? []
        let parts = versions + [machine?["processor"]?.stringValue, machine?["system"]?.stringValue].compactMap { $0 }
        return parts.joined(separator: ", ")
    }
}
