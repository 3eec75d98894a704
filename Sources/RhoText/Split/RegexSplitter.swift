import CPCRE2
import RhoCore

/// Cuts text at the matches of any regular expression, by PCRE2's compiled code.
///
/// The syntax of tokenizer.json is Oniguruma's. It differs in what these files use in four points, which are mended
/// here: `\s` means the Unicode property White_Space, `\w` takes marks and connectors in, `\d` also the digits of
/// Unicode 15 and 16, and `^` and `$` match at every line. Scalars that are younger than PCRE2's Unicode tables count as unassigned in properties such as `\p{L}`.
package final class RegexSplitter: PieceSplitter, @unchecked Sendable {
    // The compiled code is never changed after init, and PCRE2 lets threads share it.
    private let code: OpaquePointer
    /// The pattern as the file has it.
    package let pattern: String

    /// Compiles `pattern`; throws `.format` naming the place where it cannot be read.
    package init(pattern: String) throws(RhoError) {
        self.pattern = pattern
        let translated = Array(Self.translated(pattern).utf8)
        var number: Int32 = 0
        var offset = 0
        let options = PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C
        guard let code = pcre2_compile_8(translated, translated.count, options, &number, &offset, nil) else {
            var text = [UInt8](repeating: 0, count: 256)
            pcre2_get_error_message_8(number, &text, text.count)
            let message = String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
            throw RhoError(.format, "the pattern '\(pattern)' cannot be read: \(message)")
        }
        self.code = code
        // Without a just-in-time compiler for this processor the matches are the same, only slower.
        _ = pcre2_jit_compile_8(code, PCRE2_JIT_COMPLETE)
    }

    deinit { pcre2_code_free_8(code) }

    static func translated(_ pattern: String) -> String {
        var result = ""
        var escaped = false
        // Inside [...] the members of a set stand without brackets of their own.
        var depth = 0
        for scalar in pattern.unicodeScalars {
            if escaped {
                result += escape(scalar, inSet: depth > 0)
                escaped = false
                continue
            }
            switch scalar {
            case "\\":
                escaped = true
                continue
            case "[": depth += 1
            case "]": depth = max(0, depth - 1)
            default: break
            }
            result.unicodeScalars.append(scalar)
        }
        return escaped ? result + "\\" : result
    }

    private static func escape(_ scalar: Unicode.Scalar, inSet: Bool) -> String {
        let digits =
            #"\p{Nd}\x{10D40}-\x{10D49}\x{116D0}-\x{116E3}\x{11BF0}-\x{11BF9}\x{11F50}-\x{11F59}\x{16130}-\x{16139}"#
            + #"\x{16D70}-\x{16D79}\x{1CCF0}-\x{1CCF9}\x{1E4F0}-\x{1E4F9}\x{1E5F1}-\x{1E5FA}"#
        let word = #"\p{L}\p{M}\p{Nl}\p{Pc}"# + digits
        switch scalar {
        case "d": return inSet ? digits : "[\(digits)]"
        case "D" where !inSet: return "[^\(digits)]"
        case "s": return #"\p{White_Space}"#
        case "S": return #"\P{White_Space}"#
        case "w": return inSet ? word : "[\(word)]"
        case "W" where !inSet: return "[^\(word)]"
        default: return "\\\(scalar)"
        }
    }

    /// Calls `body` with the bounds of every piece and whether the pattern matched it (`false`: what lies between).
    package func forEachSpan(
        _ text: UnsafePointer<UInt8>, _ count: Int, _ body: (_ start: Int, _ end: Int, _ matched: Bool) -> Void
    ) {
        guard let match = pcre2_match_data_create_8(1, nil) else {
            if count > 0 { body(0, count, false) }
            return
        }
        defer { pcre2_match_data_free_8(match) }
        var index = 0
        while index < count {
            let (end, valid) = UTF8Decoding.run(text, index, count)
            if valid {
                spans(of: text + index, end - index, match) { body(index + $0, index + $1, $2) }
            } else {
                body(index, end, false)
            }
            index = end
        }
    }

    /// `forEachSpan` over text that is valid UTF-8.
    private func spans(
        of text: UnsafePointer<UInt8>, _ count: Int, _ match: OpaquePointer, _ body: (Int, Int, Bool) -> Void
    ) {
        var done = 0
        var from = 0
        while from < count {
            var found = pcre2_match_8(code, text, count, from, PCRE2_NO_UTF_CHECK, match, nil)
            if found == PCRE2_ERROR_JIT_STACKLIMIT {
                found = pcre2_match_8(code, text, count, from, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, match, nil)
            }
            guard found >= 0, let bounds = pcre2_get_ovector_pointer_8(match) else { break }
            let (start, end) = (bounds[0], bounds[1])
            if end <= start {
                // An empty match cuts nothing; go on after the next scalar.
                from = max(from, end) + UTF8Decoding.scalar(text, min(max(from, end), count - 1), count).length
                continue
            }
            if start > done { body(done, start, false) }
            body(start, end, true)
            done = end
            from = end
        }
        if done < count { body(done, count, false) }
    }

    package func forEachPiece(
        _ text: UnsafePointer<UInt8>, _ count: Int, _ body: (_ start: Int, _ end: Int) -> Void
    ) {
        forEachSpan(text, count) { start, end, _ in body(start, end) }
    }
}
