import RhoCore

/// Documents from files of JSON rows, one object a line, plain, gzip or zstd (told apart by their first bytes).
///
/// A directory stands for its `.jsonl`, `.ndjson` and `.json` files, also with `.gz` or `.zst`, in the order of their names.
/// Blank lines are passed over. Strings, numbers and booleans may fill a template; null, arrays and objects may not.
public final class JSONLSource: DocumentSource {
    /// What to do with a row that is no JSON object or lacks a field that is asked for.
    public enum BadRow: String, Sendable, CaseIterable {
        /// Stop with an error that names file and line.
        case fail
        /// Count it and go on; the count is in ``report``.
        case skip
    }

    /// A condition on the whole row; slower than a ``FieldFilter``, because every field is decoded.
    public struct RowFilter {
        let key: String?
        let keeps: (JSONObject) throws -> Bool

        /// - Parameter key: a text that changes with the condition, or nil.
        public init(key: String? = nil, keeps: @escaping (JSONObject) throws -> Bool) {
            self.key = key
            self.keeps = keeps
        }
    }

    public let paths: [String]
    public let template: Template
    /// What comes before the text in every document and is read but not predicted; nil for nothing.
    public let prompt: Template?
    public let filters: [FieldFilter]
    public let onBadRow: BadRow
    /// Fields that documents carry along in ``Document/fields`` where the row has them.
    public let keptFields: [String]
    /// Asked after the filters.
    private let rowFilter: RowFilter?
    public private(set) var report = ReadReport()

    public init(
        _ paths: [String], template: String, prompt: String? = nil, onBadRow: BadRow = .fail,
        filters: [FieldFilter] = [], keeping keptFields: [String] = [], rowFilter: RowFilter? = nil
    ) throws(RhoError) {
        if paths.isEmpty { throw RhoError(.value, "a corpus of JSON rows needs at least one file, got none") }
        self.paths = try FileList.expand(
            paths, suffixes: [".jsonl", ".ndjson", ".json"].flatMap { [$0, $0 + ".gz", $0 + ".zst"] }, recursive: false)
        self.template = try Template(template)
        self.prompt = try prompt.map { (text) throws(RhoError) in try Template(text) }
        self.filters = filters
        self.onBadRow = onBadRow
        self.keptFields = keptFields
        self.rowFilter = rowFilter
    }

    public var name: String { FileList.name(paths) }

    public var cacheKey: String? {
        guard let files = FileList.key(paths) else { return nil }
        var parts = ["jsonl", template.source, onBadRow.rawValue]
        if let prompt { parts += ["prompt", prompt.source] }
        // The kept fields are no part of the text, but what is derived from the documents may read them.
        if !keptFields.isEmpty { parts.append(JSON.array(keptFields.map { JSON($0) }).canonical) }
        if let rowFilter {
            guard let key = rowFilter.key else { return nil }
            parts.append("rows: \(key)")
        }
        for filter in filters {
            guard let key = filter.key else { return nil }
            parts.append(key)
        }
        return JSON.array((parts + files).map { JSON($0) }).canonical
    }

    public func forEach(_ body: (Document) throws -> Bool) throws {
        report = ReadReport()
        let wanted = template.fields + (prompt?.fields ?? []) + filters.map(\.field) + keptFields
        var names: [String] = []
        for name in wanted where !names.contains(name) { names.append(name) }
        var reader = RowReader(
            scanner: RowScanner(names: names), names: names, template: template, prompt: prompt,
            filters: filters, keptFields: keptFields, rowFilter: rowFilter)
        var stopped = false
        for path in paths {
            try LineReader(path: path).forEach { line, number in
                if line.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) { return true }
                report.rows += 1
                let document: Document?
                do {
                    document = try reader.read(line)
                } catch let error as RhoError where error.code == .format {
                    let placed = error.at("\(path):\(number)")
                    if onBadRow == .fail { throw placed }
                    report.skipped += 1
                    if report.firstSkipped == nil { report.firstSkipped = placed }
                    return true
                }
                guard var document else {
                    report.filtered += 1
                    return true
                }
                report.documents += 1
                document.source = path
                stopped = try !body(document)
                return !stopped
            }
            if stopped { return }
        }
    }
}

/// One row to one document.
private struct RowReader {
    var scanner: RowScanner
    let names: [String]
    let template: Template
    let prompt: Template?
    let filters: [FieldFilter]
    let keptFields: [String]
    let rowFilter: JSONLSource.RowFilter?

    /// Nil where a filter drops the row. Errors of the row have the code `.format` and no place yet.
    mutating func read(_ line: UnsafeRawBufferPointer) throws -> Document? {
        guard scanner.scan(line) else { throw Self.explain(line) }
        for filter in filters {
            let value = try decoded(filter.field, line)
            if value == nil {
                if case .exists = filter.condition { return nil }
                throw Self.missing(filter.field, "the filter", line)
            }
            if try !filter.passes(value) { return nil }
        }
        if let rowFilter {
            guard let row = try Self.parse(line).objectValue, try rowFilter.keeps(row) else { return nil }
        }
        var text: [UInt8] = []
        text.reserveCapacity(line.count)
        if let prompt { try fill(prompt, line, &text) }
        let promptBytes = text.count
        try fill(template, line, &text)
        var fields: JSONObject?
        if !keptFields.isEmpty {
            var kept = JSONObject()
            for field in keptFields { kept[field] = try decoded(field, line) }
            fields = kept
        }
        guard prompt != nil else { return Document(text: text, fields: fields) }
        var labels = [UInt8](repeating: TextLabel.useful.rawValue, count: text.count)
        for index in 0..<promptBytes { labels[index] = TextLabel.prompt.rawValue }
        return Document(text: text, labels: labels, fields: fields)
    }

    private func fill(
        _ template: Template, _ line: UnsafeRawBufferPointer, _ text: inout [UInt8]
    ) throws(RhoError) {
        for piece in template.pieces {
            switch piece {
            case .text(let bytes): text.append(contentsOf: bytes)
            case .field(let index):
                let field = template.fields[index]
                guard let slot = names.firstIndex(of: field) else { continue }
                try append(field, scanner.values[slot], line, to: &text)
            }
        }
    }

    private func append(
        _ field: String, _ value: RowScanner.Value, _ line: UnsafeRawBufferPointer, to text: inout [UInt8]
    ) throws(RhoError) {
        switch value.kind {
        case .plainString, .escapedString: scanner.appendString(value, to: &text)
        case .number, .bool: text.append(contentsOf: line[value.range])
        case .missing: throw Self.missing(field, "the template", line)
        case .null: throw RhoError(.format, "field '\(field)' is null, the template needs a text or a number")
        case .array: throw RhoError(.format, "field '\(field)' is an array, the template needs a text or a number")
        case .object: throw RhoError(.format, "field '\(field)' is an object, the template needs a text or a number")
        }
    }

    private func decoded(_ field: String, _ line: UnsafeRawBufferPointer) throws(RhoError) -> JSON? {
        guard let index = names.firstIndex(of: field) else { return nil }
        let value = scanner.values[index]
        switch value.kind {
        case .missing: return nil
        case .plainString, .escapedString:
            var text: [UInt8] = []
            scanner.appendString(value, to: &text)
            return .string(String(decoding: text, as: UTF8.self))
        default: return try Self.parse(UnsafeRawBufferPointer(rebasing: line[value.range]))
        }
    }

    private static func missing(_ field: String, _ asker: String, _ line: UnsafeRawBufferPointer) -> RhoError {
        let present = (try? JSON.parse(line))?.objectValue?.keys ?? []
        let guess = suggestion(for: field, in: present)
        let listed = present.isEmpty ? "none" : present.map { "'\($0)'" }.joined(separator: ", ")
        return RhoError(.format, "\(asker) asks for field '\(field)'\(guess), the row has \(listed)")
    }

    private static func explain(_ line: UnsafeRawBufferPointer) -> RhoError {
        do {
            let value = try parse(line)
            return RhoError(.format, "expected a JSON object, got \(FieldFilter.kind(value))")
        } catch {
            return error
        }
    }

    /// The full parser, with its place cut down to the byte: a row is one line, and its number is named elsewhere.
    private static func parse(_ bytes: UnsafeRawBufferPointer) throws(RhoError) -> JSON {
        do {
            return try JSON.parse(bytes)
        } catch {
            let place = "line 1, "
            let text = error.message.hasPrefix(place) ? String(error.message.dropFirst(place.count)) : error.message
            throw RhoError(.format, "bad JSON at \(text)")
        }
    }
}
