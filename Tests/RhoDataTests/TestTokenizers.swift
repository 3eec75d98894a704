import RhoCore
import RhoText

/// A token per byte: id 0 ends a text, byte b has id b + 1. Small ids, stored in two bytes.
final class BytesForTests: Tokenizer {
    let kind = "bytes"
    let vocabularySize = 257
    let endOfText: Int32? = 0
    let beginOfText: Int32? = nil
    let fingerprint = SHA256Hasher.hex(of: "bytes for tests")

    func encode(_ bytes: UnsafeRawBufferPointer, into ids: inout [Int32]) {
        ids.append(contentsOf: bytes.lazy.map { Int32($0) + 1 })
    }
    func encodeParsingSpecials(_ bytes: UnsafeRawBufferPointer, into ids: inout [Int32]) { encode(bytes, into: &ids) }
    func encodeWithOffsets(_ bytes: UnsafeRawBufferPointer) -> EncodedOffsets {
        EncodedOffsets(ids: encode(bytes), byteEnd: bytes.indices.map { Int32($0 + 1) })
    }
    func decode(_ ids: some Sequence<Int32>) -> [UInt8] { ids.flatMap { bytes(of: $0) } }
    func bytes(of id: Int32) -> [UInt8] { (1...256).contains(id) ? [UInt8(id - 1)] : [] }
    func id(of token: String) -> Int32? { nil }
    func isSpecial(_ id: Int32) -> Bool { id == 0 }
    func tokenizerJSON() -> String { "{}" }
}

/// A token per two bytes, the last one of an odd text alone; ids above 65,535, stored in four bytes. Id 1 begins a text.
final class PairsForTests: Tokenizer {
    let kind = "pairs"
    let vocabularySize = 2 + 257 * 256
    let endOfText: Int32? = 0
    let beginOfText: Int32? = 1
    let fingerprint = SHA256Hasher.hex(of: "pairs for tests")

    func encode(_ bytes: UnsafeRawBufferPointer, into ids: inout [Int32]) {
        for at in stride(from: 0, to: bytes.count, by: 2) {
            let second = at + 1 < bytes.count ? Int32(bytes[at + 1]) + 1 : 0
            ids.append(2 + second * 256 + Int32(bytes[at]))
        }
    }
    func encodeParsingSpecials(_ bytes: UnsafeRawBufferPointer, into ids: inout [Int32]) { encode(bytes, into: &ids) }
    func encodeWithOffsets(_ bytes: UnsafeRawBufferPointer) -> EncodedOffsets {
        let ids = encode(bytes)
        return EncodedOffsets(ids: ids, byteEnd: ids.indices.map { Int32(min(bytes.count, $0 * 2 + 2)) })
    }
    func decode(_ ids: some Sequence<Int32>) -> [UInt8] { ids.flatMap { bytes(of: $0) } }
    func bytes(of id: Int32) -> [UInt8] {
        guard id >= 2 else { return [] }
        let (second, first) = (id - 2).quotientAndRemainder(dividingBy: 256)
        return second == 0 ? [UInt8(first)] : [UInt8(first), UInt8(second - 1)]
    }
    func id(of token: String) -> Int32? { nil }
    func isSpecial(_ id: Int32) -> Bool { id < 2 }
    func tokenizerJSON() -> String { "{}" }
}
