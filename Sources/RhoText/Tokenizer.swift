/// Turns bytes into token ids and back.
///
/// Text is bytes here, not `String`: a corpus holds invalid UTF-8, and its label ranges are byte ranges.
/// A special token such as `<|endoftext|>` has an id that no text can produce; a caller that wants it adds the id.
/// A tokenizer is immutable after its creation, so one instance may serve many threads at once.
public protocol Tokenizer: AnyObject, Sendable {
    /// The name of the algorithm: `bytes`, `bpe` or `unigram`.
    var kind: String { get }

    /// One more than the greatest id, special tokens included: the number of rows an embedding table needs.
    var vocabularySize: Int { get }

    /// The id that separates documents (`<|endoftext|>` and its relatives), or nil when the vocabulary has none.
    var endOfText: Int32? { get }

    /// The id that a model of this vocabulary expects before a text, or nil when it expects none.
    var beginOfText: Int32? { get }

    /// Appends the token ids of `bytes` to `ids`.
    func encode(_ bytes: UnsafeRawBufferPointer, into ids: inout [Int32])

    /// Appends the ids of `bytes` to `ids`, with special tokens in the text as their own ids: for chat templates and
    /// prompts that the program itself composed, never for data.
    func encodeParsingSpecials(_ bytes: UnsafeRawBufferPointer, into ids: inout [Int32])

    /// Returns the token ids of `bytes` and where in `bytes` each token ends.
    func encodeWithOffsets(_ bytes: UnsafeRawBufferPointer) -> EncodedOffsets

    /// Returns the bytes that `ids` stand for, a special token as its text; ids outside the vocabulary give nothing.
    func decode(_ ids: some Sequence<Int32>) -> [UInt8]

    /// Returns the bytes of one token; empty for an id outside the vocabulary.
    func bytes(of id: Int32) -> [UInt8]

    /// Returns the id of the token with this text, special tokens included.
    func id(of token: String) -> Int32?

    /// Whether `id` is a special token, which text never produces.
    func isSpecial(_ id: Int32) -> Bool

    /// The SHA-256 (hexadecimal) of the canonical form of `tokenizerJSON()`.
    var fingerprint: String { get }

    /// The tokenizer as the text of a Hugging Face `tokenizer.json` file.
    func tokenizerJSON() -> String
}

/// Token ids with their places in the source text.
public struct EncodedOffsets: Sendable, Equatable {
    /// The token ids, N of them.
    public var ids: [Int32]

    /// For each of the N tokens the byte offset just after its last byte; never decreasing.
    public var byteEnd: [Int32]

    /// Pairs `ids` with `byteEnd`, which has as many elements.
    public init(ids: [Int32] = [], byteEnd: [Int32] = []) {
        self.ids = ids
        self.byteEnd = byteEnd
    }
}

extension Tokenizer {
    /// Returns the token ids of `bytes`.
    public func encode(_ bytes: UnsafeRawBufferPointer) -> [Int32] {
        var ids: [Int32] = []
        encode(bytes, into: &ids)
        return ids
    }

    /// Returns the token ids of `text`.
    public func encode(_ text: String) -> [Int32] {
        var text = text
        return text.withUTF8 { encode(UnsafeRawBufferPointer($0)) }
    }

    /// Returns the token ids of `bytes`.
    public func encode(_ bytes: [UInt8]) -> [Int32] {
        bytes.withUnsafeBytes { encode($0) }
    }

    /// Returns the token ids of `bytes`, with special tokens in it as their own ids.
    public func encodeParsingSpecials(_ bytes: [UInt8]) -> [Int32] {
        var ids: [Int32] = []
        bytes.withUnsafeBytes { encodeParsingSpecials($0, into: &ids) }
        return ids
    }

    /// Returns the token ids of `text`, with special tokens in it as their own ids.
    public func encodeParsingSpecials(_ text: String) -> [Int32] { encodeParsingSpecials(Array(text.utf8)) }

    /// Returns the token ids of `bytes` and where in `bytes` each token ends.
    public func encodeWithOffsets(_ bytes: [UInt8]) -> EncodedOffsets {
        bytes.withUnsafeBytes { encodeWithOffsets($0) }
    }

    /// Returns the text that `ids` stand for, with U+FFFD in place of bytes that are not UTF-8.
    public func decodeString(_ ids: some Sequence<Int32>) -> String {
        String(decoding: decode(ids), as: UTF8.self)
    }
}
