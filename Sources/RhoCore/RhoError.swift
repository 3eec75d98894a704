/// The one error type of the package: a code for programs and a sentence for people.
///
/// A message names the place, the value that was given and what was expected: `keep must be in (0, 1], got 60`.
/// Layers that know the place add it with ``at(_:)`` while the error travels outwards.
public struct RhoError: Error, Sendable, CustomStringConvertible, Equatable {
    /// What kind of thing went wrong; scripts compare its raw value, the command line maps it to an exit code.
    public enum Code: String, Sendable, CaseIterable {
        case usage, value, io, format, shape, checkpoint, mismatch, diverged, interrupted, unsupported, memory, script
        /// Under `rhoscript check`: what comes next needs what only a run has.
        case dry
        case `internal`
    }

    public var code: Code
    public var message: String
    /// What to try next, where that is known; a sentence of its own.
    public var hint: String?

    public init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message.utf8.count <= Self.longest ? message : Self.cut(message)
        self.hint = hint
    }

    /// A sentence quotes what a file or a script gave, which may be a megabyte.
    private static let longest = 2000

    private static func cut(_ text: String) -> String {
        let bytes = Array(text.utf8)
        let (head, tail) = (bytes.prefix(longest * 2 / 3), bytes.suffix(longest / 4))
        return "\(String(decoding: head, as: UTF8.self)) [...] \(String(decoding: tail, as: UTF8.self))"
    }

    /// Returns the same error with `place: ` before its message.
    public func at(_ place: String) -> RhoError {
        RhoError(code, "\(place): \(message)", hint: hint)
    }

    public var description: String {
        guard let hint else { return message }
        return "\(message); \(hint)"
    }
}
