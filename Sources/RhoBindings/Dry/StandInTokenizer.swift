import RhoCore
import RhoText

/// Stands in for a tokenizer that has yet to be learnt: its vocabulary size is right, its tokens are bytes.
final class StandInTokenizer: Tokenizer {
    private let bytes: ByteTokenizer
    let vocabularySize: Int
    let fingerprint: String

    /// - Parameter identity: what the tokenizer will be learnt from; equal ones have equal fingerprints.
    init(vocabularySize: Int, specials: [String], identity: String) {
        bytes = ByteTokenizer(specials: specials)
        self.vocabularySize = vocabularySize
        fingerprint = SHA256Hasher.hex(of: "stand-in \(vocabularySize) \(specials) \(identity)")
    }

    var kind: String { "bpe" }
    var endOfText: Int32? { bytes.endOfText }
    var beginOfText: Int32? { nil }

    func encode(_ text: UnsafeRawBufferPointer, into ids: inout [Int32]) { bytes.encode(text, into: &ids) }
    func encodeParsingSpecials(_ text: UnsafeRawBufferPointer, into ids: inout [Int32]) {
        bytes.encodeParsingSpecials(text, into: &ids)
    }
    func encodeWithOffsets(_ text: UnsafeRawBufferPointer) -> EncodedOffsets { bytes.encodeWithOffsets(text) }
    func decode(_ ids: some Sequence<Int32>) -> [UInt8] { bytes.decode(ids) }
    func bytes(of id: Int32) -> [UInt8] { bytes.bytes(of: id) }
    func id(of token: String) -> Int32? { bytes.id(of: token) }
    func isSpecial(_ id: Int32) -> Bool { bytes.isSpecial(id) }
    func tokenizerJSON() -> String { bytes.tokenizerJSON() }
}
