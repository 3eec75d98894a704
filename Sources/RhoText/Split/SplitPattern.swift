/// How text is cut into pieces before the merges; no token crosses a cut.
///
/// Each case stands for a regular expression that tokenizer files carry; `pattern` is its text. Bytes that are not
/// UTF-8 match no pattern: a run of them is a piece of its own, and the text before it ends there.
public enum SplitPattern: String, Sendable, CaseIterable {
    /// GPT-2: contractions, then letters, numbers or other signs with one leading space, then white space.
    case gpt2
    /// GPT-4 (`cl100k`) and Llama 3: contractions in either case, numbers of up to three digits, line ends together.
    case gpt4
    /// Qwen 2: as GPT-4, but every digit stands alone.
    case qwen2

    /// The regular expression in the syntax of tokenizer.json.
    public var pattern: String {
        switch self {
        case .gpt2:
            return #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
        case .gpt4:
            return Self.head + #"\p{N}{1,3}"# + Self.tail
        case .qwen2:
            return Self.head + #"\p{N}"# + Self.tail
        }
    }

    private static let head = #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"#
    private static let tail = #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

    /// Returns the case whose regular expression this is.
    static func named(byPattern pattern: String) -> SplitPattern? {
        allCases.first { $0.pattern == pattern }
    }
}
