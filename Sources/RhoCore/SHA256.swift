import CCrypto

/// SHA-256 over bytes that arrive in pieces. The digest arithmetic is libcrypto's.
///
/// The first `update` or `finalizeHex` makes the context; a copy shares it, so use one value in one place.
public struct SHA256Hasher {
    private final class Context {
        let raw: OpaquePointer?
        init() {
            raw = EVP_MD_CTX_new()
            EVP_DigestInit_ex(raw, EVP_sha256(), nil)
        }
        deinit { EVP_MD_CTX_free(raw) }
    }

    private let context = Context()

    public init() {}

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return }
        EVP_DigestUpdate(context.raw, base, bytes.count)
    }

    public mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

    public mutating func update(_ text: String) {
        var text = text
        text.withUTF8 { update(UnsafeRawBufferPointer($0)) }
    }

    /// Adds a number as eight little-endian bytes, for length prefixes that keep pieces apart.
    public mutating func update(_ number: UInt64) {
        withUnsafeBytes(of: number.littleEndian) { update($0) }
    }

    /// The 32 bytes of the digest; afterwards the hasher starts over.
    public mutating func finalize() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        EVP_DigestFinal_ex(context.raw, &digest, &length)
        EVP_DigestInit_ex(context.raw, EVP_sha256(), nil)
        return digest
    }

    /// The digest as 64 lower-case hexadecimal digits; afterwards the hasher starts over.
    public mutating func finalizeHex() -> String { Self.hex(finalize()) }

    public static func hex(of bytes: UnsafeRawBufferPointer) -> String {
        var hasher = SHA256Hasher()
        hasher.update(bytes)
        return hasher.finalizeHex()
    }

    public static func hex(of bytes: [UInt8]) -> String { bytes.withUnsafeBytes { hex(of: $0) } }

    public static func hex(of text: String) -> String { hex(of: Array(text.utf8)) }

    private static func hex(_ digest: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
