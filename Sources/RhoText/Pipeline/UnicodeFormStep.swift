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
        var section: [UInt32] = []
        var sectionEnd: Int32 = 0
        var isConcerned = false
        func flush() {
            if isConcerned {
                append(section, end: sectionEnd, to: &result, table)
            } else {
                for scalar in section { result.append(scalar: scalar, end: sectionEnd) }
            }
            section.removeAll(keepingCapacity: true)
            isConcerned = false
        }
        text.forEachScalar { scalar, range, end in
            if scalar == UTF8Decoding.invalid {
                flush()
                result.append(text, range)
                return
            }
            let concerned = table.concerns(form, scalar)
            if !concerned { flush() }
            section.append(scalar)
            sectionEnd = end
            isConcerned = isConcerned || concerned
        }
        flush()
        return result
    }

    private func append(
        _ section: [UInt32], end: Int32, to result: inout AlignedText, _ table: NormalizationTable
    ) {
        var scalars: [UInt32] = []
        for scalar in section { table.decompose(scalar, compatible: form.isCompatible, into: &scalars) }
        order(&scalars, table)
        if form.composes { compose(&scalars, table) }
        for scalar in scalars { result.append(scalar: scalar, end: end) }
    }

    /// Sorts every run of non-starters by combining class, equals in their order.
    private func order(_ scalars: inout [UInt32], _ table: NormalizationTable) {
        var start = 0
        while start < scalars.count {
            var end = start
            while end < scalars.count && table.combiningClass(scalars[end]) > 0 { end += 1 }
            if end - start > 1 {
                let run = scalars[start..<end].map { (scalar: $0, kind: table.combiningClass($0)) }
                let sorted = run.enumerated().sorted { ($0.element.kind, $0.offset) < ($1.element.kind, $1.offset) }
                scalars.replaceSubrange(start..<end, with: sorted.map(\.element.scalar))
            }
            start = end + 1
        }
    }

    /// Joins each starter with the scalars after it that it composes with and that nothing blocks.
    private func compose(_ scalars: inout [UInt32], _ table: NormalizationTable) {
        var kept: [UInt32] = []
        var starter: Int?
        var lastClass = 0
        for scalar in scalars {
            let kind = Int(table.combiningClass(scalar))
            // Directly after the starter lastClass is -1, so that a second starter may join it too.
            if let place = starter, lastClass < kind, let joined = table.composite(kept[place], scalar) {
                kept[place] = joined
                continue
            }
            if kind == 0 {
                starter = kept.count
                lastClass = -1
            } else {
                lastClass = kind
            }
            kept.append(scalar)
        }
        scalars = kept
    }
}
