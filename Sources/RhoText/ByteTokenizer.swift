import RhoCore

/// Every byte is a token: the ids 0...255 are the bytes, special tokens follow.
public final class ByteTokenizer: Tokenizer {
    public let kind = "bytes"
    private let specials: [String]
    private let matcher: AddedTokenMatcher
    public let endOfText: Int32?
    public let beginOfText: Int32? = nil
    private let document: JSON
    public let fingerprint: String

    /// A tokenizer with these special tokens at the ids 256, 257, ...
    public init(specials: [String] = ["<|endoftext|>"]) {
        self.specials = specials
        let tokens = specials.enumerated().map { AddedToken(id: Int32(256 + $0), content: $1) }
        matcher = AddedTokenMatcher(tokens) { Array($0.content.utf8) }
        endOfText = specials.firstIndex(of: "<|endoftext|>").map { Int32(256 + $0) }
        document = TokenizerWriter.bytes(specials: specials)
        fingerprint = SHA256Hasher.hex(of: document.canonical)
    }

    /// The tokenizer that `json` describes, or nil when it describes another kind.
    convenience init?(json: JSON) {
        guard let added = json["added_tokens"]?.arrayValue, json["model"]?["merges"] == .array([]) else { return nil }
        let specials = added.compactMap { $0["content"]?.stringValue }
        guard specials.count == added.count, TokenizerWriter.bytes(specials: specials).canonical == json.canonical
        else { return nil }
        self.init(specials: specials)
    }

    public var vocabularySize: Int { 256 + specials.count }

    public func encode(_ bytes: UnsafeRawBufferPointer, into ids: inout [Int32]) {
        ids.reserveCapacity(ids.count + bytes.count)
        for byte in bytes { ids.append(Int32(byte)) }
    }

    public func encodeParsingSpecials(_ bytes: UnsafeRawBufferPointer, into ids: inout [Int32]) {
        matcher.forEachPart(bytes.bindMemory(to: UInt8.self)) { range, token in
            if let token { return ids.append(token.id) }
            encode(UnsafeRawBufferPointer(rebasing: bytes[range]), into: &ids)
        }
    }

    public func encodeWithOffsets(_ bytes: UnsafeRawBufferPointer) -> EncodedOffsets {
        EncodedOffsets(ids: encode(bytes), byteEnd: bytes.indices.map { Int32($0 + 1) })
    }

    public func decode(_ ids: some Sequence<Int32>) -> [UInt8] {
        var result: [UInt8] = []
        for id in ids {
            if id >= 0 && id < 256 { result.append(UInt8(id)) } else { result.append(contentsOf: bytes(of: id)) }
        }
        return result
    }

    public func bytes(of id: Int32) -> [UInt8] {
        if id >= 0 && id < 256 { return [UInt8(id)] }
        let special = Int(id) - 256
        return specials.indices.contains(special) ? Array(specials[special].utf8) : []
    }

    public func id(of token: String) -> Int32? {
        if let special = specials.firstIndex(of: token) { return Int32(256 + special) }
        guard let bytes = ByteLevelAlphabet.bytes(of: token), bytes.count == 1 else { return nil }
        return Int32(bytes[0])
    }

    public func isSpecial(_ id: Int32) -> Bool { id >= 256 && Int(id) < vocabularySize }

    public func tokenizerJSON() -> String { document.serialized(pretty: true) + "\n" }
}
