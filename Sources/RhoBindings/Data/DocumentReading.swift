import LuaRuntime
import RhoCore
import RhoData

/// Documents as Lua functions return them.
///
///     "text"                                     a document without labels
///     { "text", "useful", "more", "noise" }      labelled spans, flat
///     { { "text", "useful" }, { "more", "noise" } }
///     { text = "...", source = "..." }           or with spans = one of the two forms above
enum DocumentReading {
    /// Returns the document, or nil for nil. `place` names the function in errors; `source` is where a document that does
    /// not say so comes from.
    static func document(_ value: LuaValue, _ place: String, source: String? = nil) throws(RhoError) -> Document? {
        guard var document = try read(value, place) else { return nil }
        if document.source == nil { document.source = source }
        return document
    }

    private static func read(_ value: LuaValue, _ place: String) throws(RhoError) -> Document? {
        switch value {
        case .nil: return nil
        case .string, .bytes: return Document(text: value.bytesValue ?? [])
        case .table(let table): return try document(table, place)
        case .list(let items): return try spans(items, place)
        case .record(let pairs): return try record(pairs, place)
        default: throw wrong(place, value.typeName)
        }
    }

    private static func document(_ table: LuaTable, _ place: String) throws(RhoError) -> Document {
        let items = try table.list()
        if !items.isEmpty { return try spans(items, place) }
        return try record(try table.stringPairs(), place)
    }

    private static func record(_ pairs: [(String, LuaValue)], _ place: String) throws(RhoError) -> Document {
        let known = ["text", "spans", "source"]
        for (key, _) in pairs where !known.contains(key) {
            throw RhoError(.value, "\(place): a document has no field '\(key)'\(suggestion(for: key, in: known))")
        }
        func field(_ name: String) -> LuaValue { pairs.first { $0.0 == name }?.1 ?? .nil }
        var document: Document
        if let text = field("text").bytesValue {
            document = Document(text: text)
        } else if let table = field("spans").tableValue {
            document = try spans(try table.list(), place)
        } else if let list = field("spans").listValue {
            document = try spans(list, place)
        } else {
            throw wrong(place, "a table without text or spans")
        }
        document.source = field("source").stringValue
        return document
    }

    private static func spans(_ items: [LuaValue], _ place: String) throws(RhoError) -> Document {
        var text: [UInt8] = []
        var labels: [UInt8] = []
        func append(_ piece: LuaValue, _ label: LuaValue, _ index: Int) throws(RhoError) {
            guard let bytes = piece.bytesValue else {
                throw RhoError(.value, "\(place): span \(index) must start with a text, got \(piece.typeName)")
            }
            guard let name = label.stringValue, let known = TextLabel(name: name) else {
                let got = label.stringValue.map { "'\($0)'" } ?? label.typeName
                let names = TextLabel.allCases.map(\.name)
                throw RhoError(
                    .value,
                    "\(place): the label of span \(index) must be one of \(names.joined(separator: ", ")), got \(got)"
                        + (label.stringValue.map { suggestion(for: $0, in: names) } ?? ""))
            }
            text.append(contentsOf: bytes)
            labels.append(contentsOf: repeatElement(known.rawValue, count: bytes.count))
        }
        if items.first?.bytesValue != nil {
            guard items.count % 2 == 0 else {
                throw RhoError(
                    .value, "\(place): flat spans come in pairs of text and label, got \(items.count) entries")
            }
            for index in stride(from: 0, to: items.count, by: 2) {
                try append(items[index], items[index + 1], index / 2 + 1)
            }
        } else {
            for (index, item) in items.enumerated() {
                let pair = try item.tableValue?.list() ?? item.listValue ?? []
                guard pair.count == 2 else {
                    throw RhoError(.value, "\(place): span \(index + 1) must be {text, label}")
                }
                try append(pair[0], pair[1], index + 1)
            }
        }
        return Document(text: text, labels: labels)
    }

    private static func wrong(_ place: String, _ got: String) -> RhoError {
        RhoError(.value, "\(place): a document must be a string or a list of labelled spans, got \(got)")
    }

    /// The document as a table: text, source, and spans where it has labels.
    static func value(_ document: Document) -> LuaValue {
        var pairs: [(String, LuaValue)] = [("text", .bytes(document.text))]
        if let source = document.source { pairs.append(("source", .string(source))) }
        if let fields = document.fields { pairs.append(("fields", LuaValue(json: .object(fields)))) }
        if let labels = document.labels {
            var spans: [LuaValue] = []
            var start = 0
            for index in 1...max(labels.count, 1) where index >= labels.count || labels[index] != labels[start] {
                guard start < labels.count else { break }
                let name = TextLabel(rawValue: labels[start])?.name ?? "useful"
                spans.append(.list([.bytes(Array(document.text[start..<index])), .string(name)]))
                start = index
            }
            pairs.append(("spans", .list(spans)))
        }
        return .record(pairs)
    }
}
