/// Turns tokens back into bytes, as the `decoder` part of a tokenizer file says.
struct TokenDecoder: Sendable {
    enum Step: Sendable, Equatable {
        /// Printable characters are bytes.
        case byteLevel
        /// `<0x0A>` is the byte 10.
        case byteFallback
        case replace([UInt8], with: [UInt8])
        /// The tokens become one text; what follows is done to that.
        case fuse
        /// Removes up to `start` copies of a character at the beginning and `stop` at the end.
        case strip([UInt8], start: Int, stop: Int)
    }
    var steps: [Step] = []

    /// The bytes of one token of the model, before anything that concerns the whole text.
    func bytes(ofToken token: String) -> [UInt8] {
        var bytes = Array(token.utf8)
        for step in steps {
            switch step {
            case .byteLevel:
                if let raw = ByteLevelAlphabet.bytes(of: String(decoding: bytes, as: UTF8.self)) { bytes = raw }
            case .byteFallback:
                if let byte = Self.fallbackByte(bytes) { return [byte] }
            case .replace(let target, let replacement):
                bytes = Self.replacing(target, with: replacement, in: bytes)
            case .fuse:
                return bytes
            case .strip(let character, let start, let stop):
                bytes = Self.stripped(bytes, character, start: start, stop: stop)
            }
        }
        return bytes
    }

    /// How many copies of which character the whole text loses at its beginning.
    var leadingStrip: (character: [UInt8], count: Int)? {
        guard let fuse = steps.firstIndex(of: .fuse) else { return nil }
        for case .strip(let character, let start, _) in steps[fuse...] where start > 0 { return (character, start) }
        return nil
    }

    /// The byte that `<0xHH>` names.
    static func fallbackByte(_ token: [UInt8]) -> UInt8? {
        guard token.count == 6, token.starts(with: Array("<0x".utf8)), token[5] == 0x3E else { return nil }
        return UInt8(String(decoding: token[3..<5], as: UTF8.self), radix: 16)
    }

    private static func replacing(_ target: [UInt8], with replacement: [UInt8], in bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress, !target.isEmpty else { return result = bytes }
            SplitStep.forEachSpan(of: target, base, buffer.count) { start, end, matched in
                result.append(contentsOf: matched ? replacement[...] : bytes[start..<end])
            }
        }
        return result
    }

    private static func stripped(_ bytes: [UInt8], _ character: [UInt8], start: Int, stop: Int) -> [UInt8] {
        if character.isEmpty { return bytes }
        var slice = bytes[...]
        for _ in 0..<start where slice.starts(with: character) { slice = slice.dropFirst(character.count) }
        for _ in 0..<stop where slice.suffix(character.count).elementsEqual(character) {
            slice = slice.dropLast(character.count)
        }
        return Array(slice)
    }
}
