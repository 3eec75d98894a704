import RhoCore

/// The start of this package's binary files: magic (8 bytes), version and JSON length (4 bytes each, little-endian),
/// the JSON, and zeros up to the next multiple of ``unit``. `head -c 4096 FILE` shows it.
enum FileHeader {
    static let unit = 4096

    static func encode(magic: String, version: UInt32, _ json: JSON) -> [UInt8] {
        let text = Array(json.serialized().utf8)
        var bytes = Array(magic.utf8)
        for number in [version, UInt32(text.count)] {
            for shift in stride(from: 0, to: 32, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: number >> UInt32(shift)))
            }
        }
        bytes += text
        bytes += [UInt8](repeating: 0, count: (unit - bytes.count % unit) % unit)
        return bytes
    }

    /// - Parameter what: what the file should be, with its article: `a token store`.
    /// - Returns: the header and the offset of what follows it.
    static func decode(
        _ file: MappedFile, magic: String, version: UInt32, what: String
    ) throws(RhoError) -> (json: JSON, end: Int) {
        let bytes = file.bytes
        guard bytes.count >= 8, bytes[0..<8].elementsEqual(magic.utf8) else {
            throw RhoError(.format, "\(file.path): not \(what)")
        }
        guard bytes.count >= unit else {
            throw RhoError(.format, "\(file.path): cut off, \(bytes.count) bytes do not hold the header")
        }
        let found = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
        guard found == version else {
            throw RhoError(.format, "\(file.path): \(what) of version \(found), this program reads version \(version)")
        }
        let length = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self)))
        guard length <= bytes.count - 16 else {
            throw RhoError(.format, "\(file.path): cut off, \(bytes.count) bytes do not hold the header")
        }
        do {
            let json = try JSON.parse(UnsafeRawBufferPointer(rebasing: bytes[16..<16 + length]))
            return (json, (16 + length + unit - 1) / unit * unit)
        } catch {
            throw error.at("\(file.path): broken header")
        }
    }

    /// The count under `key`: 0 or more, and small enough that sums of a few cannot overflow.
    static func count(_ key: String, in header: JSON, _ file: MappedFile) throws(RhoError) -> Int {
        guard let value = header[key]?.intValue, value >= 0, value < 1 << 48 else {
            throw RhoError(.format, "\(file.path): broken header: '\(key)' is missing or no count")
        }
        return value
    }

    /// The text under `key`.
    static func text(_ key: String, in header: JSON, _ file: MappedFile) throws(RhoError) -> String {
        guard let value = header[key]?.stringValue else {
            throw RhoError(.format, "\(file.path): broken header: '\(key)' is missing or no text")
        }
        return value
    }

    /// Checks that the file is as long as its header says.
    static func checkLength(_ file: MappedFile, expected: Int) throws(RhoError) {
        if file.bytes.count < expected {
            throw RhoError(.format, "\(file.path): cut off, \(file.bytes.count) of \(expected) bytes are there")
        }
        if file.bytes.count > expected {
            throw RhoError(.format, "\(file.path): \(file.bytes.count - expected) bytes too long for its header")
        }
    }
}

/// The first twelve digits of a hash, enough to tell two apart in a sentence.
func shortHash(_ hash: String) -> String { String(hash.prefix(12)) }
