import LuaRuntime
import RhoCore
import RhoTraining

/// A section of a report as a script describes it.
struct SectionReader {
    let place: String
    let value: LuaValue
    let session: Session

    private static let kinds = ["text", "parameters", "manifest", "table", "plot", "tokens"]

    func section() throws -> HTMLReport.Section {
        let title = text("title")
        switch text("kind") {
        case "text":
            return .text(
                title: title, paragraphs: strings("paragraphs") + (field("text").stringValue.map { [$0] } ?? []))
        case "parameters": return .parameters(title: title, rows: parameters)
        case "manifest": return .facts(title: title, rows: manifest)
        case "table":
            let rows = (field("rows").listValue ?? []).map { row in
                (row.listValue ?? []).map { $0.stringValue ?? Self.plain($0) }
            }
            return .table(
                HTMLReport.Table(
                    title: title, columns: strings("header"), rows: rows, note: strings("notes").joined(separator: " "))
            )
        case "plot":
            let path = text("path")
            guard let svg = try? Files.readText(path) else {
                return .text(title: title, paragraphs: ["No picture: \(path) is not there (gnuplot draws it)."])
            }
            return .plot(title: title, svg: svg, caption: text("caption"))
        case "tokens": return .tokens(try tokens(title))
        case let kind:
            throw RhoError(
                .value,
                "\(place): kind must be one of \(Self.kinds.joined(separator: ", ")), got '\(kind)'\(suggestion(for: kind, in: Self.kinds))"
            )
        }
    }

    private func tokens(_ title: String) throws -> TokenView {
        let arms = try (field("arms").listValue ?? []).enumerated().map { index, arm in
            let pieces = (Self.field("pieces", of: arm).listValue ?? []).map { $0.stringValue ?? "" }
            var values: [(channel: TokenView.Channel, values: [Double])] = []
            for (name, list) in Self.field("values", of: arm).recordValue ?? [] {
                let names = TokenView.Channel.allCases.map(\.rawValue)
                guard let channel = TokenView.Channel(rawValue: name) else {
                    throw RhoError(
                        .value, "\(place): no channel is called '\(name)'\(suggestion(for: name, in: names))")
                }
                let numbers = (list.listValue ?? []).map { $0.doubleValue ?? .nan }
                guard numbers.count == pieces.count else {
                    throw RhoError(
                        .shape,
                        "\(place): arm \(index + 1) has \(pieces.count) pieces, but \(numbers.count) values of \(name)")
                }
                values.append((channel, numbers))
            }
            return TokenView.Arm(name: Self.field("name", of: arm).stringValue ?? "", pieces: pieces, values: values)
        }
        // What a reference says more than the model is what selection goes by.
        let channels = arms.flatMap(\.values).map(\.channel)
        return TokenView(
            title: title, note: text("note"), arms: arms, initial: channels.contains(.excess) ? .excess : nil)
    }

    /// The parameters of the run in progress, or those that the section lists.
    private var parameters: [HTMLReport.Parameter] {
        if let rows = field("rows").listValue {
            return rows.map {
                HTMLReport.Parameter(
                    name: Self.field("name", of: $0).stringValue ?? "", value: Self.plain(Self.field("value", of: $0)),
                    meaning: Self.field("meaning", of: $0).stringValue ?? "")
            }
        }
        guard let run = session.run else { return [] }
        let config = run.directory.manifest.config.objectValue?.pairs ?? []
        return config.sorted { $0.key < $1.key }.map { pair in
            let origin = run.origins?[pair.key]?.stringValue ?? "default"
            let notes = [run.meanings[pair.key] ?? "", origin == "default" ? "" : "(\(origin))"]
            return HTMLReport.Parameter(
                name: pair.key, value: Self.plain(LuaValue(json: pair.value)),
                meaning: notes.filter { !$0.isEmpty }.joined(separator: " "))
        }
    }

    /// What the run in progress is made from.
    private var manifest: [(name: String, value: String)] {
        guard let manifest = session.run?.directory.manifest else { return [] }
        return ManifestFacts(manifest.json).rows
    }

    private func field(_ name: String) -> LuaValue { Self.field(name, of: value) }
    private func text(_ name: String) -> String { field(name).stringValue ?? "" }
    private func strings(_ name: String) -> [String] { (field(name).listValue ?? []).compactMap(\.stringValue) }

    private static func field(_ name: String, of value: LuaValue) -> LuaValue {
        value.recordValue?.first { $0.0 == name }?.1 ?? .nil
    }

    /// A value for people: 600000 and 0.6, not 600000.0.
    static func plain(_ value: LuaValue) -> String {
        if let text = value.stringValue { return text }
        if let number = value.doubleValue { return Text.short(number) }
        return (try? JSON(value).serialized()) ?? ""
    }
}
