import Glibc
import RhoCore

/// Finds the wanted fields of one JSON object without decoding the others.
///
/// The whole row is checked against the grammar on the way, so a bad row never passes because its bad part was not
/// wanted. Only top-level fields are found; of repeated keys the last counts, as in ``JSON/parse(_:)``.
struct RowScanner {
    enum Kind { case missing, plainString, escapedString, number, bool, null, array, object }

    /// A field's place in the row: the inside of the quotes for strings, the whole value otherwise.
    struct Value {
        var kind = Kind.missing
        var range = 0..<0
    }

    let names: [[UInt8]]
    private(set) var values: [Value]
    private var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    private var at = 0

    init(names: [String]) {
        self.names = names.map { Array($0.utf8) }
        values = Array(repeating: Value(), count: names.count)
    }

    /// Fills `values` from `row`. False where the row is no JSON object; ``JSON/parse(_:)`` then says why.
    mutating func scan(_ row: UnsafeRawBufferPointer) -> Bool {
        bytes = row
        at = 0
        for i in values.indices { values[i] = Value() }
        skipSpace()
        guard take("{") else { return false }
        skipSpace()
        if !take("}") {
            repeat {
                skipSpace()
                guard let key = string() else { return false }
                let wanted = index(of: key)
                skipSpace()
                guard take(":") else { return false }
                skipSpace()
                guard let value = value(depth: 1) else { return false }
                if let wanted { values[wanted] = value }
                skipSpace()
            } while take(",")
            guard take("}") else { return false }
        }
        skipSpace()
        return at == row.count
    }

    /// Appends the text of a string value of the row scanned last.
    func appendString(_ value: Value, to out: inout [UInt8]) {
        guard value.kind == .escapedString else {
            out.append(contentsOf: bytes[value.range])
            return
        }
        Self.decode(UnsafeRawBufferPointer(rebasing: bytes[value.range]), into: &out)
    }

    private static func decode(_ text: UnsafeRawBufferPointer, into out: inout [UInt8]) {
        var at = 0
        while let base = text.baseAddress, at < text.count {
            let rest = text.count - at
            let run =
                memchr(base + at, Int32(UInt8(ascii: "\\")), rest).map { UnsafeRawPointer($0) - base - at } ?? rest
            out.append(contentsOf: text[at..<at + run])
            at += run
            if at < text.count { _ = JSONEscape.decode(text, &at, into: &out) }
        }
    }

    private func index(of key: Value) -> Int? {
        if key.kind == .plainString {
            return names.firstIndex { $0.count == key.range.count && bytes[key.range].elementsEqual($0) }
        }
        var decoded: [UInt8] = []
        appendString(key, to: &decoded)
        return names.firstIndex(of: decoded)
    }

    private mutating func value(depth: Int) -> Value? {
        guard at < bytes.count, depth <= JSON.maximumDepth else { return nil }
        let start = at
        switch bytes[at] {
        case UInt8(ascii: "\""): return string()
        case UInt8(ascii: "{"):
            return group("}", keyed: true, depth: depth).map { Value(kind: .object, range: start..<at) }
        case UInt8(ascii: "["):
            return group("]", keyed: false, depth: depth).map { Value(kind: .array, range: start..<at) }
        case UInt8(ascii: "t"): return word("true") ? Value(kind: .bool, range: start..<at) : nil
        case UInt8(ascii: "f"): return word("false") ? Value(kind: .bool, range: start..<at) : nil
        case UInt8(ascii: "n"): return word("null") ? Value(kind: .null, range: start..<at) : nil
        default: return number() ? Value(kind: .number, range: start..<at) : nil
        }
    }

    private mutating func group(_ close: Unicode.Scalar, keyed: Bool, depth: Int) -> Void? {
        at += 1
        skipSpace()
        if take(close) { return () }
        repeat {
            skipSpace()
            if keyed {
                guard string() != nil else { return nil }
                skipSpace()
                guard take(":") else { return nil }
                skipSpace()
            }
            guard value(depth: depth + 1) != nil else { return nil }
            skipSpace()
        } while take(",")
        return take(close) ? () : nil
    }

    private mutating func string() -> Value? {
        guard take("\"") else { return nil }
        let start = at
        var kind = Kind.plainString
        while true {
            at = endOfRun(at)
            guard at < bytes.count else { return nil }
            switch bytes[at] {
            case UInt8(ascii: "\""):
                at += 1
                return Value(kind: kind, range: start..<at - 1)
            case UInt8(ascii: "\\"):
                kind = .escapedString
                guard skipEscape() else { return nil }
            default: return nil
            }
        }
    }

    /// The first place from `start` on that holds a quote, a backslash or a control character: eight bytes at a time.
    private func endOfRun(_ start: Int) -> Int {
        var at = start
        let ones: UInt64 = 0x0101_0101_0101_0101
        while at + 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            let quote = word ^ (ones &* 0x22)
            let slash = word ^ (ones &* 0x5C)
            // A high bit marks a zero byte of quote or slash, or a byte of word below 0x20; the lowest mark is exact.
            let marks =
                ((quote &- ones) & ~quote | (slash &- ones) & ~slash | (word &- ones &* 0x20) & ~word)
                & (ones &* 0x80)
            if marks != 0 { return at + marks.trailingZeroBitCount >> 3 }
            at += 8
        }
        while at < bytes.count, bytes[at] != 0x22, bytes[at] != 0x5C, bytes[at] >= 0x20 { at += 1 }
        return at
    }

    private mutating func skipEscape() -> Bool {
        guard at + 1 < bytes.count else { return false }
        switch bytes[at + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "n"), UInt8(ascii: "t"),
            UInt8(ascii: "r"), UInt8(ascii: "b"), UInt8(ascii: "f"):
            at += 2
            return true
        case UInt8(ascii: "u"):
            guard at + 6 <= bytes.count else { return false }
            for byte in bytes[at + 2..<at + 6] {
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
                    UInt8(ascii: "A")...UInt8(ascii: "F"):
                    break
                default: return false
                }
            }
            at += 6
            return true
        default: return false
        }
    }

    private mutating func number() -> Bool {
        _ = take("-")
        if take("0") {
            if at < bytes.count, isDigit(bytes[at]) { return false }
        } else if !digits() {
            return false
        }
        if take("."), !digits() { return false }
        if take("e") || take("E") {
            _ = take("+") || take("-")
            if !digits() { return false }
        }
        return true
    }

    private mutating func digits() -> Bool {
        let start = at
        while at < bytes.count, isDigit(bytes[at]) { at += 1 }
        return at > start
    }

    private func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    private mutating func word(_ text: StaticString) -> Bool {
        guard at + text.utf8CodeUnitCount <= bytes.count else { return false }
        for i in 0..<text.utf8CodeUnitCount where bytes[at + i] != text.utf8Start[i] { return false }
        at += text.utf8CodeUnitCount
        return true
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard at < bytes.count, bytes[at] == UInt8(ascii: character) else { return false }
        at += 1
        return true
    }

    private mutating func skipSpace() {
        while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x0A || bytes[at] == 0x0D || bytes[at] == 0x09 {
            at += 1
        }
    }
}
