/// A Unicode normal form (`NFC`, `NFD`, `NFKC`, `NFKD`).
///
/// The text is handled from one scalar that cannot change to the next; only what lies between is decomposed, ordered
/// and composed again. Bytes that are not UTF-8 pass through.
struct UnicodeFormStep: NormalizerStep {
    var form: NormalForm

    func leavesUnchanged(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let base = text.baseAddress else { return true }
        // No scalar below U+00A0 is concerned, and none below U+0300 by NFC.
        let safe: UInt8 = form == .nfc ? 0xCC : 0xC2
        var index = 0
        while index < text.count && base[index] < safe { index += 1 }
        if index == text.count { return true }
        let table = NormalizationTable.shared
        while index < text.count {
            if base[index] < safe {
                index += 1
                continue
            }
            let (scalar, length) = UTF8Decoding.scalar(base, index, text.count)
            if scalar != UTF8Decoding.invalid && table.concerns(form, scalar) { return false }
            index += length
        }
        return true
    }

    func apply(_ text: AlignedText) -> AlignedText {
        let table = NormalizationTable.shared
        var result = AlignedText(like: text)
        var section = NormalSection(form: form)
        text.bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            // Text from `start` on is still to be written; it begins with a scalar that cannot change, if any.
            var start = 0
            var index = 0
            var isConcerned = false
            while index < buffer.count {
                let (scalar, length) = UTF8Decoding.scalar(base, index, buffer.count)
                let isInvalid = scalar == UTF8Decoding.invalid
                if !isInvalid && table.concerns(form, scalar) {
                    isConcerned = true
                } else {
                    if isConcerned {
                        section.append(base, start, index, end: text.sourceEnd(index), to: &result)
                    } else {
                        result.append(text, start..<index)
                    }
                    start = index
                    isConcerned = false
                }
                index += length
                if isInvalid {
                    result.append(text, start..<index)
                    start = index
                }
            }
            if isConcerned {
                section.append(base, start, index, end: text.sourceEnd(index), to: &result)
            } else {
                result.append(text, start..<index)
            }
        }
        return result
    }
}

/// Brings a few scalars that belong together into a normal form; holds memory for that.
private struct NormalSection {
    let form: NormalForm
    private let table = NormalizationTable.shared
    private var scalars: [UInt32] = []
    private var classes: [UInt8] = []

    init(form: NormalForm) { self.form = form }

    /// Appends the normal form of the valid text from `start` to `stop`, which ends at `end` in the source.
    mutating func append(
        _ text: UnsafePointer<UInt8>, _ start: Int, _ stop: Int, end: Int32, to result: inout AlignedText
    ) {
        scalars.removeAll(keepingCapacity: true)
        classes.removeAll(keepingCapacity: true)
        var index = start
        while index < stop {
            let (scalar, length) = UTF8Decoding.scalar(text, index, stop)
            table.decompose(scalar, compatible: form.isCompatible, into: &scalars)
            index += length
        }
        for scalar in scalars { classes.append(table.combiningClass(scalar)) }
        order()
        if form.composes { compose() }
        for scalar in scalars { result.append(scalar: scalar, end: end) }
    }

    /// Sorts every run of non-starters by combining class, equals in their order.
    private mutating func order() {
        var start = 0
        while start < scalars.count {
            var end = start
            while end < scalars.count && classes[end] > 0 { end += 1 }
            if end - start > 1 {
                let run = (start..<end).sorted { (classes[$0], $0) < (classes[$1], $1) }
                let (sorted, sortedClasses) = (run.map { scalars[$0] }, run.map { classes[$0] })
                scalars.replaceSubrange(start..<end, with: sorted)
                classes.replaceSubrange(start..<end, with: sortedClasses)
            }
            start = end + 1
        }
    }

    /// Joins each starter with the scalars after it that it composes with and that nothing blocks.
    private mutating func compose() {
        var kept = 0
        var starter = -1
        var lastClass = 0
        for index in scalars.indices {
            let kind = Int(classes[index])
            // Directly after the starter lastClass is -1, so that a second starter may join it too.
            if starter >= 0, lastClass < kind, let joined = table.composite(scalars[starter], scalars[index]) {
                scalars[starter] = joined
                continue
            }
            if kind == 0 { starter = kept }
            lastClass = kind == 0 ? -1 : kind
            scalars[kept] = scalars[index]
            kept += 1
        }
        scalars.removeLast(scalars.count - kept)
    }
}
