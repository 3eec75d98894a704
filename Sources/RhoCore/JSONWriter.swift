extension JSON {
    /// The value as JSON text. Numbers are the shortest that read back the same; NaN and the infinities, which JSON
    /// lacks, are the strings `"NaN"`, `"Infinity"`, `"-Infinity"`. Text outside ASCII is written as it is.
    /// - Parameters:
    ///   - sortedKeys: keys in the order of their UTF-8 bytes instead of the order they were set in.
    ///   - pretty: one member a line, indented by two spaces.
    public func serialized(sortedKeys: Bool = false, pretty: Bool = false) -> String {
        var writer = JSONWriter(sortedKeys: sortedKeys, pretty: pretty)
        writer.write(self, indent: 0)
        return String(decoding: writer.out, as: UTF8.self)
    }

    /// The one text that equal values share whatever the order of their keys; what fingerprints are made of.
    public var canonical: String { serialized(sortedKeys: true) }
}

private struct JSONWriter {
    let sortedKeys: Bool
    let pretty: Bool
    var out: [UInt8] = []

    init(sortedKeys: Bool, pretty: Bool) {
        self.sortedKeys = sortedKeys
        self.pretty = pretty
    }

    mutating func write(_ value: JSON, indent: Int) {
        switch value {
        case .null: put("null")
        case .bool(let flag): put(flag ? "true" : "false")
        case .integer(let number): put(String(number))
        case .number(let number): write(number)
        case .string(let text): write(text)
        case .array(let items):
            group("[", "]", count: items.count, indent: indent) { writer, at in
                writer.write(items[at], indent: indent + 1)
            }
        case .object(let object):
            let pairs =
                sortedKeys ? object.pairs.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) } : object.pairs
            group("{", "}", count: pairs.count, indent: indent) { writer, at in
                writer.write(pairs[at].key)
                writer.put(writer.pretty ? ": " : ":")
                writer.write(pairs[at].value, indent: indent + 1)
            }
        }
    }

    private mutating func group(
        _ open: String, _ close: String, count: Int, indent: Int, _ member: (inout JSONWriter, Int) -> Void
    ) {
        put(open)
        for at in 0..<count {
            if at > 0 { put(",") }
            newLine(indent + 1)
            member(&self, at)
        }
        if count > 0 { newLine(indent) }
        put(close)
    }

    private mutating func newLine(_ indent: Int) {
        guard pretty else { return }
        out.append(0x0A)
        out.append(contentsOf: repeatElement(0x20, count: indent * 2))
    }

    private mutating func write(_ number: Double) {
        if number.isNaN {
            put("\"NaN\"")
        } else if number.isInfinite {
            put(number > 0 ? "\"Infinity\"" : "\"-Infinity\"")
        } else {
            put(number.description)
        }
    }

    private mutating func write(_ text: String) {
        out.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): put("\\\"")
            case UInt8(ascii: "\\"): put("\\\\")
            case 0x0A: put("\\n")
            case 0x0D: put("\\r")
            case 0x09: put("\\t")
            case 0..<0x20, 0x7F:
                let digits = String(byte, radix: 16)
                put("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
            default: out.append(byte)
            }
        }
        out.append(UInt8(ascii: "\""))
    }

    private mutating func put(_ text: String) { out.append(contentsOf: text.utf8) }
}
