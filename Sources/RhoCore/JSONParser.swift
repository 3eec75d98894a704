extension JSON {
    /// Arrays and objects nest at most this deep.
    public static let maximumDepth = 512

    /// Reads one JSON text as RFC 8259 defines it: no comments, no trailing commas, nothing after the value.
    ///
    /// Lone surrogate escapes and invalid UTF-8 become U+FFFD. Whole numbers outside Int64 become doubles.
    /// - Throws: `.format` with line and byte offset, as in `line 3, byte 41: expected ',' or '}', got '"'`.
    public static func parse(_ bytes: UnsafeRawBufferPointer) throws(RhoError) -> JSON {
        var parser = JSONParser(bytes: bytes)
        return try parser.parseText()
    }

    public static func parse(_ bytes: [UInt8]) throws(RhoError) -> JSON {
        let result: Result<JSON, RhoError> = bytes.withUnsafeBytes { buffer in
            do throws(RhoError) { return .success(try parse(buffer)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    public static func parse(_ text: String) throws(RhoError) -> JSON { try parse(Array(text.utf8)) }
}

/// A recursive descent over bytes. Depth is capped, so that no input can exhaust the stack.
struct JSONParser {
    let bytes: UnsafeRawBufferPointer
    var at = 0
    var depth = 0

    init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func parseText() throws(RhoError) -> JSON {
        let value = try parseValue()
        skipSpace()
        if at < bytes.count { throw failure("expected the end of the text, got \(shown(at))") }
        return value
    }

    mutating func parseValue() throws(RhoError) -> JSON {
        skipSpace()
        guard at < bytes.count else { throw failure("expected a value, got the end of the text") }
        switch bytes[at] {
        case UInt8(ascii: "{"): return try parseObject()
        case UInt8(ascii: "["): return try parseArray()
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "t"):
            try word("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try word("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try word("null")
            return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try parseNumber()
        default: throw failure("expected a value, got \(shown(at))")
        }
    }

    private mutating func enter() throws(RhoError) {
        depth += 1
        if depth > JSON.maximumDepth { throw failure("nested deeper than \(JSON.maximumDepth) levels") }
    }

    private mutating func parseObject() throws(RhoError) -> JSON {
        try enter()
        at += 1
        var object = JSONObject()
        skipSpace()
        if take("}") {
            depth -= 1
            return .object(object)
        }
        while true {
            skipSpace()
            guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else {
                throw failure("expected a key in quotes, got \(shown(at))")
            }
            let key = try parseString()
            skipSpace()
            guard take(":") else { throw failure("expected ':' after a key, got \(shown(at))") }
            object[key] = try parseValue()
            skipSpace()
            if take(",") { continue }
            guard take("}") else { throw failure("expected ',' or '}', got \(shown(at))") }
            depth -= 1
            return .object(object)
        }
    }

    private mutating func parseArray() throws(RhoError) -> JSON {
        try enter()
        at += 1
        var items: [JSON] = []
        skipSpace()
        if take("]") {
            depth -= 1
            return .array(items)
        }
        while true {
            items.append(try parseValue())
            skipSpace()
            if take(",") { continue }
            guard take("]") else { throw failure("expected ',' or ']', got \(shown(at))") }
            depth -= 1
            return .array(items)
        }
    }

    private mutating func parseNumber() throws(RhoError) -> JSON {
        let start = at
        var whole = true
        _ = take("-")
        if take("0") {
            if at < bytes.count, isDigit(bytes[at]) { throw failure("a number cannot start with 0 and go on") }
        } else if !digits() {
            throw failure("expected a digit, got \(shown(at))")
        }
        if take(".") {
            whole = false
            if !digits() { throw failure("expected a digit after '.', got \(shown(at))") }
        }
        if take("e") || take("E") {
            whole = false
            _ = take("+") || take("-")
            if !digits() { throw failure("expected a digit in the exponent, got \(shown(at))") }
        }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        // "-0" has no integer of its own; as a double it keeps its sign.
        if whole, text != "-0", let value = Int64(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else {
            at = start
            throw failure("the number \(text.prefix(40)) is out of range")
        }
        return .number(value)
    }

    private mutating func parseString() throws(RhoError) -> String {
        at += 1
        let start = at
        // Most strings hold no escape: one scan, one copy.
        while at < bytes.count {
            let byte = bytes[at]
            if byte == UInt8(ascii: "\"") {
                at += 1
                return String(decoding: bytes[start..<at - 1], as: UTF8.self)
            }
            if byte == UInt8(ascii: "\\") { break }
            if byte < 0x20 { throw failure("a string holds the raw control character \(shown(at))") }
            at += 1
        }
        var decoded = Array(bytes[start..<at])
        while at < bytes.count {
            let byte = bytes[at]
            if byte == UInt8(ascii: "\"") {
                at += 1
                return String(decoding: decoded, as: UTF8.self)
            }
            if byte < 0x20 { throw failure("a string holds the raw control character \(shown(at))") }
            if byte == UInt8(ascii: "\\") {
                if let bad = JSONEscape.decode(bytes, &at, into: &decoded) { throw failure(bad) }
            } else {
                decoded.append(byte)
                at += 1
            }
        }
        throw failure("a string is not closed")
    }

    private mutating func word(_ text: StaticString) throws(RhoError) {
        let start = at
        for i in 0..<text.utf8CodeUnitCount {
            guard at < bytes.count, bytes[at] == text.utf8Start[i] else {
                at = start
                throw failure("expected a value, got \(shown(at))")
            }
            at += 1
        }
    }

    private mutating func digits() -> Bool {
        let start = at
        while at < bytes.count, isDigit(bytes[at]) { at += 1 }
        return at > start
    }

    private func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard at < bytes.count, bytes[at] == UInt8(ascii: character) else { return false }
        at += 1
        return true
    }

    private mutating func skipSpace() {
        while at < bytes.count {
            switch bytes[at] {
            case 0x20, 0x0A, 0x0D, 0x09: at += 1
            default: return
            }
        }
    }

    private func shown(_ at: Int) -> String {
        guard at < bytes.count else { return "the end of the text" }
        return JSONEscape.shown(bytes[at])
    }

    private func failure(_ what: String) -> RhoError {
        var line = 1
        for byte in bytes[..<min(at, bytes.count)] where byte == 0x0A { line += 1 }
        return RhoError(.format, "line \(line), byte \(at): \(what)")
    }
}
