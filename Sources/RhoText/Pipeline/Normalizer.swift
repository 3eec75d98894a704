/// One step that rewrites text before it is cut into pieces.
protocol NormalizerStep: Sendable {
    /// Whether the step is known to leave this text as it is; a false answer costs only time.
    func leavesUnchanged(_ text: UnsafeBufferPointer<UInt8>) -> Bool

    /// Returns the rewritten text.
    func apply(_ text: AlignedText) -> AlignedText
}

/// Puts a string before the text (`Prepend`); nothing before an empty text.
struct PrependStep: NormalizerStep {
    var prefix: [UInt8]

    func leavesUnchanged(_ text: UnsafeBufferPointer<UInt8>) -> Bool { text.isEmpty || prefix.isEmpty }

    func apply(_ text: AlignedText) -> AlignedText {
        if text.count == 0 { return text }
        var result = AlignedText(like: text)
        result.append(prefix, end: text.sourceEnd(0))
        result.append(text, 0..<text.count)
        return result
    }
}

/// Replaces each occurrence of a string (`Replace` with a `String` pattern).
struct ReplaceStringStep: NormalizerStep {
    /// Not empty.
    var target: [UInt8]
    var replacement: [UInt8]

    func leavesUnchanged(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = target.first else { return true }
        return !text.contains(first)
    }

    func apply(_ text: AlignedText) -> AlignedText {
        var result = AlignedText(like: text)
        let bytes = text.bytes
        var index = 0
        while index < bytes.count {
            if bytes[index] == target[0] && bytes[index...].starts(with: target) {
                result.append(replacement, end: text.sourceEnd(index + target.count))
                index += target.count
            } else {
                result.append(bytes[index], end: text.sourceEnd(index + 1))
                index += 1
            }
        }
        return result
    }
}

/// Replaces each match of a regular expression (`Replace` with a `Regex` pattern) by a fixed string.
struct ReplaceRegexStep: NormalizerStep {
    var splitter: RegexSplitter
    var replacement: [UInt8]

    func leavesUnchanged(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var found = false
        if let base = text.baseAddress {
            splitter.forEachSpan(base, text.count) { _, _, matched in found = found || matched }
        }
        return !found
    }

    func apply(_ text: AlignedText) -> AlignedText {
        var result = AlignedText(like: text)
        text.bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            splitter.forEachSpan(base, buffer.count) { start, end, matched in
                if matched {
                    result.append(replacement, end: text.sourceEnd(end))
                } else {
                    result.append(text, start..<end)
                }
            }
        }
        return result
    }
}

/// Lower case, scalar by scalar with Unicode's full mappings (`Lowercase`).
struct LowercaseStep: NormalizerStep {
    func leavesUnchanged(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        text.allSatisfy { $0 < 0x80 && !(0x41...0x5A).contains($0) }
    }

    func apply(_ text: AlignedText) -> AlignedText {
        var result = AlignedText(like: text)
        text.forEachScalar { scalar, range, end in
            if scalar < 0x80 {
                let isCapital = scalar >= 0x41 && scalar <= 0x5A
                result.append(UInt8(isCapital ? scalar + 0x20 : scalar), end: end)
            } else if let valid = Unicode.Scalar(scalar) {
                result.append(valid.properties.lowercaseMapping.utf8, end: end)
            } else {
                result.append(text, range)
            }
        }
        return result
    }
}

/// Removes white space at the ends (`Strip`).
struct StripStep: NormalizerStep {
    var left: Bool
    var right: Bool

    func leavesUnchanged(_ text: UnsafeBufferPointer<UInt8>) -> Bool { text.isEmpty }

    func apply(_ text: AlignedText) -> AlignedText {
        var start = left ? text.count : 0
        var end = right ? 0 : text.count
        text.forEachScalar { scalar, range, _ in
            let isSpace = scalar != UTF8Decoding.invalid && ScalarClass.of(scalar) == ScalarClass.space
            if isSpace { return }
            if left { start = min(start, range.lowerBound) }
            if right { end = max(end, range.upperBound) }
        }
        var result = AlignedText(like: text)
        if start < end { result.append(text, start..<end) }
        return result
    }
}

/// Removes marks (`StripAccents`); of use after a decomposition. Marks younger than Unicode 9.0 stay, as in the
/// Hugging Face tokenizers.
struct StripAccentsStep: NormalizerStep {
    func leavesUnchanged(_ text: UnsafeBufferPointer<UInt8>) -> Bool { text.allSatisfy { $0 < 0xCC } }

    func apply(_ text: AlignedText) -> AlignedText {
        var result = AlignedText(like: text)
        text.forEachScalar { scalar, range, _ in
            if scalar != UTF8Decoding.invalid && ScalarClass.category(of: scalar).isMark
                && ScalarClass.isAssigned(scalar, inVersion: 9)
            {
                return
            }
            result.append(text, range)
        }
        return result
    }
}
