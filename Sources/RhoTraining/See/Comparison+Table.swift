import RhoCore

extension Comparison {
    public enum Format: String, Sendable, CaseIterable { case table, csv, json, md, latex }

    /// The comparison as text.
    public func rendered(_ format: Format, ink: Ink = Ink(false)) -> String {
        switch format {
        case .table: table.text(ink: ink)
        case .md: table.markdown
        case .latex: table.latex
        case .csv: csv
        case .json: json.serialized(pretty: true) + "\n"
        }
    }

    private var showsSeeds: Bool {
        arms.groups.contains { $0.members.count > 1 || $0.finished.count != $0.members.count }
    }
    private var showsDifference: Bool { baselines.contains { $0 != nil } }

    /// The table of people: only the parameters that differ.
    public var table: TextTable {
        let metrics = differing
        var columns = ["arm"] + arms.parameterNames
        if showsSeeds { columns.append("seeds") }
        columns += metrics.map(\.title)
        let main = metrics.first
        if showsDifference, let main, let baselineName {
            columns.insert("Δ \(main.title) vs \(baselineName)", at: columns.count - metrics.count + 1)
        }
        let best = metrics.map { self.best($0) }
        let rows = arms.groups.indices.map { index -> [TextTable.Cell] in
            let group = arms.groups[index]
            var row =
                [TextTable.Cell(group.name + (group.isDirty ? "*" : ""))] + group.parameters.map { TextTable.Cell($0) }
            if showsSeeds { row.append(TextTable.Cell(seedCount(group))) }
            for (place, metric) in metrics.enumerated() {
                row.append(TextTable.Cell(metric.shown(estimate(metric, index)), bold: best[place] == index))
                if place == 0, showsDifference { row.append(differenceCell(metric, index)) }
            }
            return row
        }
        return TextTable(columns: columns, rows: rows, notes: notes)
    }

    /// 3, or 2 of 3 where a training has not finished.
    private func seedCount(_ group: ArmGroups.Group) -> String {
        let (done, all) = (group.finished.count, group.members.count)
        return done == all ? "\(all)" : "\(done) of \(all)"
    }

    private func differenceCell(_ metric: Metric, _ index: Int) -> TextTable.Cell {
        guard let base = baselines[index], let difference = difference(metric, index, base) else {
            return TextTable.Cell("-")
        }
        let scale: Double = metric.isShare ? 100 : 1
        func number(_ x: Double) -> String {
            metric.isCount ? Text.scaled(x) : Text.fixed(x * scale, metric.isShare ? 1 : 4)
        }
        let sign = difference.mean >= 0 ? "+" : ""
        let interval = difference.halfWidth.isNaN ? "" : " ± \(number(difference.halfWidth))"
        return TextTable.Cell("\(sign)\(number(difference.mean))\(interval)", bold: difference.excludesZero)
    }

    private var notes: [String] {
        var notes = arms.notes
        let units = differing.filter { !$0.unit.isEmpty }.map { "\($0.title) in \($0.unit)" }
        if !units.isEmpty { notes.append(units.joined(separator: ", ") + ".") }
        let severalSeeds = arms.groups.contains { $0.finished.count > 1 }
        if severalSeeds {
            notes.append(
                "Mean ± sample standard deviation over seeds; bold: best, and its 95 % interval excludes the next.")
        }
        if showsDifference {
            notes.append(
                severalSeeds
                    ? "Δ: mean of the differences between runs of the same seed, ± half of its 95 % t interval; bold where that excludes zero."
                    : "One seed shows a direction, not a size: repeat with several seeds before believing a difference."
            )
        }
        let ended = arms.groups.flatMap(\.members).filter { !$0.arm.isFinished }
        for status in RunStatus.allCases {
            let count = ended.filter { $0.run.status == status }.count
            if count > 0 {
                notes.append(
                    "\(count) \(count == 1 ? "training is" : "trainings are") not counted: \(status.rawValue).")
            }
        }
        if arms.groups.contains(where: \.isDirty) { notes.append("* ran from sources with uncommitted changes.") }
        return notes
    }

    /// Every number in full, a column for mean, deviation and count each.
    private var csv: String {
        var columns = ["arm"] + arms.parameterNames + ["seeds", "finished", "dirty"]
        for metric in metrics { columns += [metric.tag, metric.tag + "/std"] }
        if showsDifference, let main = metrics.first {
            columns += ["difference/" + main.tag, "difference/low", "difference/high"]
        }
        var lines = [columns.map(Self.quoted).joined(separator: ",")]
        for index in arms.groups.indices {
            let group = arms.groups[index]
            var row = [group.name] + group.parameters
            row += ["\(group.members.count)", "\(group.finished.count)", group.isDirty ? "true" : "false"]
            for metric in metrics {
                let estimate = estimate(metric, index)
                row += [Self.number(estimate.mean), Self.number(estimate.deviation)]
            }
            if showsDifference, let main = metrics.first {
                let found = baselines[index].flatMap { difference(main, index, $0) }
                row += [
                    Self.number(found?.mean ?? .nan), Self.number((found?.mean ?? .nan) - (found?.halfWidth ?? .nan)),
                    Self.number((found?.mean ?? .nan) + (found?.halfWidth ?? .nan)),
                ]
            }
            lines.append(row.map(Self.quoted).joined(separator: ","))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func number(_ x: Double) -> String { x.isFinite ? Text.short(x) : "" }

    private static func quoted(_ text: String) -> String {
        guard text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return text }
        return "\"" + text.map { $0 == "\"" ? "\"\"" : String($0) }.joined() + "\""
    }

    /// The whole comparison as data.
    public var json: JSON {
        let groups = arms.groups.indices.map { index -> JSON in
            let group = arms.groups[index]
            var object: JSONObject = ["arm": .string(group.name)]
            object["parameters"] = .object(
                JSONObject(zip(arms.parameterNames, group.parameters).map { ($0, .string($1)) }))
            object["seeds"] = .array(group.members.map { .string($0.run.seed) })
            object["runs"] = .array(group.members.map { .string($0.arm.path) })
            object["finished"] = JSON(group.finished.count)
            object["dirty"] = .bool(group.isDirty)
            var values = JSONObject()
            for metric in metrics {
                let estimate = estimate(metric, index)
                var entry: JSONObject = ["mean": Self.value(estimate.mean), "std": Self.value(estimate.deviation)]
                entry["values"] = .array(self.values(metric, group).map { .number($0.value) })
                if let base = baselines[index], let difference = difference(metric, index, base) {
                    entry["difference"] = [
                        "mean": Self.value(difference.mean), "half_width": Self.value(difference.halfWidth),
                        "pairs": JSON(difference.pairs),
                    ]
                }
                values[metric.tag] = .object(entry)
            }
            object["metrics"] = .object(values)
            return .object(object)
        }
        return [
            "baseline": baselineName.map { .string($0) } ?? .null, "arms": .array(groups),
            "notes": .array(notes.map { .string($0) }),
        ]
    }

    private static func value(_ x: Double) -> JSON { x.isNaN ? .null : .number(x) }
}
