import RhoCore
import Synchronization

/// A tokenizer as a Hugging Face `tokenizer.json` describes it: normalisers, pre-tokenisers, a model, added tokens,
/// a post-processor and a decoder.
///
/// `encode` reads special tokens in a text as ordinary text; `encodeParsingSpecials` gives them their ids.
/// Any bytes round-trip where the file describes a byte-level vocabulary without normalisers, as trained ones are.
///
/// The ids are those of the Python package `tokenizers` with `encode_special_tokens` set, with these differences:
/// - The package takes valid text only, so a program has to put U+FFFD in place of other bytes. Here a run of bytes that
///   are not UTF-8 is a piece of its own, and its bytes become tokens where the vocabulary is over bytes or falls back
///   to them.
/// - A special token is no piece of a unigram vocabulary, so `<s>` in a text is spelt out; there it is the token.
/// - An added token with `rstrip` takes the white space after it away from an added token that consists of it; there
///   that space appears twice.
/// - Patterns other than those of `SplitPattern` know scalars up to PCRE2's version of Unicode.
/// - `decode` joins tokens without spaces where the file has no decoder, and a `Metaspace` decoder takes one leading
///   space away, not all.
public final class PipelineTokenizer: Tokenizer {
    let parts: TokenizerParts
    let pool: ScratchPool
    /// The bytes of every id.
    let pieces: Vocabulary
    private let names: Vocabulary
    private let specialIDs: Set<Int32>
    /// The added tokens that plain text can contain, in the source and after the normalisers.
    let plainMatchers: Matchers
    /// As `plainMatchers`, with the special tokens.
    let allMatchers: Matchers
    /// The file: what `tokenizerJSON` gives back, and cheaper to keep than its parsed form.
    private let document: String
    private let digest = Mutex<String?>(nil)

    /// Finds added tokens before and after the normalisers.
    struct Matchers: Sendable {
        var source: AddedTokenMatcher
        var normalized: AddedTokenMatcher
        var isEmpty: Bool { source.isEmpty && normalized.isEmpty }
    }

    public let kind: String
    public let vocabularySize: Int
    public let endOfText: Int32?
    public let beginOfText: Int32?

    /// Reads the parsed text of a `tokenizer.json`; see `TokenizerCatalog` for files.
    /// - Throws: `.format` for a malformed file, `.unsupported` for a part that is not built in, named with those that
    ///   are.
    public convenience init(json: JSON) throws(RhoError) {
        try self.init(json: json, document: json.serialized(pretty: true) + "\n")
    }

    /// As `init(json:)` where `document` is the text that was parsed.
    init(json: JSON, document: String) throws(RhoError) {
        var parts = try TokenizerReader(json).parts()
        let built = TokenNames(parts)
        parts.entries = []
        self.parts = parts
        self.document = document
        kind = parts.model.kind
        pool = ScratchPool(cacheBits: 15)
        pieces = built.pieces
        names = built.names
        vocabularySize = built.pieces.idLimit
        let specials = parts.addedTokens.filter(\.special)
        specialIDs = Set(specials.map(\.id))
        endOfText = Self.endNames.lazy.compactMap { name in specials.first { $0.content == name }?.id }.first
        beginOfText = parts.prefix.first
        plainMatchers = Self.matchers(parts.addedTokens.filter { !$0.special }, parts.normalizers)
        allMatchers = Self.matchers(parts.addedTokens, parts.normalizers)
    }

    /// The names under which vocabularies keep the token that ends a document, the most telling first.
    private static let endNames = [
        "<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>", "<|eos|>", "[EOS]", "<|im_end|>",
    ]

    private static func matchers(_ tokens: [AddedToken], _ normalizers: [any NormalizerStep]) -> Matchers {
        Matchers(
            source: AddedTokenMatcher(tokens.filter { !$0.normalized }) { Array($0.content.utf8) },
            normalized: AddedTokenMatcher(tokens.filter(\.normalized)) { token in
                var text = Array(token.content.utf8).withUnsafeBytes { AlignedText($0, tracksEnds: false) }
                for step in normalizers { text = step.apply(text) }
                return text.bytes
            })
    }

    public func bytes(of id: Int32) -> [UInt8] { Array(pieces.bytes(of: id)) }

    public func id(of token: String) -> Int32? { names.id(of: Array(token.utf8)) }

    public func isSpecial(_ id: Int32) -> Bool { specialIDs.contains(id) }

    /// Returns `ids` between the tokens that the file's post-processor puts around one text.
    public func addingSpecials(_ ids: [Int32]) -> [Int32] { parts.prefix + ids + parts.suffix }

    public func decode(_ ids: some Sequence<Int32>) -> [UInt8] {
        var bytes: [UInt8] = []
        var strip = parts.decoder.leadingStrip
        for id in ids {
            var piece = pieces.bytes(of: id)
            if let pending = strip, !piece.isEmpty, !specialIDs.contains(id) {
                // The one space that the normalisers put before the text goes again.
                for _ in 0..<pending.count where piece.starts(with: pending.character) {
                    piece = piece.dropFirst(pending.character.count)
                }
                strip = nil
            }
            bytes.append(contentsOf: piece)
        }
        return bytes
    }

    public var fingerprint: String {
        digest.withLock { digest in
            if let digest { return digest }
            // What was parsed once parses again.
            let canonical = (try? JSON.parse(document))?.canonical ?? document
            let made = SHA256Hasher.hex(of: canonical)
            digest = made
            return made
        }
    }

    public func tokenizerJSON() -> String { document }
}

/// The texts of all tokens: as names in the file and as bytes.
struct TokenNames {
    var pieces: Vocabulary
    var names: Vocabulary

    init(_ parts: TokenizerParts) {
        pieces = Vocabulary(capacity: 16)
        names = Vocabulary(capacity: parts.entries.count + parts.addedTokens.count)
        let added = Set(parts.addedTokens.map(\.id))
        for entry in parts.entries {
            names.add(Array(entry.token.utf8), id: entry.id)
            if !added.contains(entry.id) {
                pieces.addUnlisted(parts.decoder.bytes(ofToken: entry.token), id: entry.id)
            }
        }
        for token in parts.addedTokens {
            names.add(Array(token.content.utf8), id: token.id)
            pieces.addUnlisted(Array(token.content.utf8), id: token.id)
        }
    }
}
