/// The four normal forms.
package enum NormalForm: String, Sendable, CaseIterable {
    case nfc = "NFC", nfd = "NFD", nfkc = "NFKC", nfkd = "NFKD"

    var composes: Bool { self == .nfc || self == .nfkc }
    var isCompatible: Bool { self == .nfkc || self == .nfkd }

    var bit: UInt8 {
        switch self {
        case .nfc: return 1
        case .nfd: return 2
        case .nfkc: return 4
        case .nfkd: return 8
        }
    }

    static let allBits: UInt8 = 15

    /// Returns `text` in this form.
    package func normalized(_ text: [UInt8]) -> [UInt8] {
        let step = UnicodeFormStep(form: self)
        if text.withUnsafeBufferPointer({ step.leavesUnchanged($0) }) { return text }
        return text.withUnsafeBytes { step.apply(AlignedText($0, tracksEnds: false)).bytes }
    }
}
