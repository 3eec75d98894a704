/// The mappings of Unicode normalisation (UAX #15) at version 9.0, decoded from text at their first use.
///
/// An old version on purpose: it is that of the Hugging Face tokenizers, whose ids these must equal. Scalars that came
/// later count as starters without a decomposition.
struct NormalizationTable: @unchecked Sendable {
    static let shared = NormalizationTable()

    /// What a normal form may change about a scalar; a bit for each form.
    private let flags: UnsafeMutablePointer<UInt8>
    private var targets: [UInt32] = []
    private var entries: [UInt32: Entry] = [:]
    private var classes: [UInt32: UInt8] = [:]
    private var composites: [UInt64: UInt32] = [:]

    private struct Entry {
        var start: Int32
        var count: Int16
        var kind: UInt8
    }

    // Hangul syllables are computed (UAX #15, section 16).
    static let hangul: Range<UInt32> = 0xAC00..<0xD7A4
    static let leads: UInt32 = 0x1100
    static let vowels: UInt32 = 0x1161
    static let tails: UInt32 = 0x11A7

    /// Whether `form` can change this scalar or how it stands to the one before.
    @inline(__always)
    func concerns(_ form: NormalForm, _ scalar: UInt32) -> Bool {
        flags[Int(scalar)] & form.bit != 0
    }

    /// The canonical combining class; 0 for starters.
    func combiningClass(_ scalar: UInt32) -> UInt8 {
        scalar < 0x300 ? 0 : classes[scalar] ?? 0
    }

    /// Appends the full decomposition of a scalar.
    func decompose(_ scalar: UInt32, compatible: Bool, into result: inout [UInt32]) {
        if Self.hangul.contains(scalar) {
            let index = scalar - Self.hangul.lowerBound
            result.append(Self.leads + index / 588)
            result.append(Self.vowels + index % 588 / 28)
            if index % 28 > 0 { result.append(Self.tails + index % 28) }
            return
        }
        guard let entry = entries[scalar], entry.kind < 2 || compatible else { return result.append(scalar) }
        for target in targets[Int(entry.start)..<(Int(entry.start) + Int(entry.count))] {
            decompose(target, compatible: compatible, into: &result)
        }
    }

    /// The scalar that a starter and a following scalar compose to, or nil.
    func composite(_ first: UInt32, _ second: UInt32) -> UInt32? {
        if (Self.leads..<(Self.leads + 19)).contains(first) && (Self.vowels..<(Self.vowels + 21)).contains(second) {
            return Self.hangul.lowerBound + ((first - Self.leads) * 21 + second - Self.vowels) * 28
        }
        if Self.hangul.contains(first) && (first - Self.hangul.lowerBound) % 28 == 0
            && ((Self.tails + 1)..<(Self.tails + 28)).contains(second)
        {
            return first + second - Self.tails
        }
        return composites[UInt64(first) << 32 | UInt64(second)]
    }

    private init() {
        flags = .allocate(capacity: 0x110000)
        flags.initialize(repeating: 0, count: 0x110000)
        readClasses()
        readEntries()
        for (scalar, entry) in entries { flag(scalar, entry) }
        for scalar in classes.keys { flags[Int(scalar)] |= NormalForm.allBits }
        for scalar in Self.hangul { flags[Int(scalar)] |= NormalForm.nfd.bit | NormalForm.nfkd.bit }
        // A vowel or tail may join what is before it.
        for scalar in Array(Self.vowels..<(Self.vowels + 21)) + Array((Self.tails + 1)..<(Self.tails + 28)) {
            flags[Int(scalar)] |= NormalForm.nfc.bit | NormalForm.nfkc.bit
        }
    }

    private mutating func readClasses() {
        var numbers = NumberText(CombiningClassData.text)
        var scalar: UInt32 = 0
        while let step = numbers.next(), let length = numbers.next(), let value = numbers.next() {
            scalar += step
            for _ in 0..<length {
                classes[scalar] = UInt8(truncatingIfNeeded: value)
                scalar += 1
            }
        }
    }

    private mutating func readEntries() {
        var numbers = NumberText(DecompositionData.text)
        var scalar: UInt32 = 0
        var target: UInt32 = 0
        while let step = numbers.next(), let head = numbers.next(), let zigzag = numbers.next() {
            scalar += step
            let change = Int64(zigzag >> 1)
            target = UInt32(truncatingIfNeeded: Int64(target) + (zigzag & 1 == 0 ? change : -change - 1))
            let entry = Entry(start: Int32(targets.count), count: Int16(head / 3), kind: UInt8(head % 3))
            targets.append(target)
            for _ in 1..<max(1, Int(entry.count)) { targets.append(numbers.next() ?? 0) }
            entries[scalar] = entry
            if entry.kind == 0 && entry.count == 2 {
                composites[UInt64(target) << 32 | UInt64(targets[targets.count - 1])] = scalar
            }
        }
    }

    private func flag(_ scalar: UInt32, _ entry: Entry) {
        var bits = NormalForm.nfkd.bit
        if entry.kind < 2 { bits |= NormalForm.nfd.bit }
        if entry.kind == 1 { bits |= NormalForm.nfc.bit | NormalForm.nfkc.bit }
        if entry.kind == 2 { bits |= NormalForm.nfkc.bit }
        if entry.kind == 0 {
            var canonical: [UInt32] = []
            var compatible: [UInt32] = []
            decompose(scalar, compatible: false, into: &canonical)
            decompose(scalar, compatible: true, into: &compatible)
            if canonical != compatible { bits |= NormalForm.nfkc.bit }
            let second = targets[Int(entry.start) + Int(entry.count) - 1]
            flags[Int(second)] |= NormalForm.nfc.bit | NormalForm.nfkc.bit
        }
        flags[Int(scalar)] |= bits
    }
}
