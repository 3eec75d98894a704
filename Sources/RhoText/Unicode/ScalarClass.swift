/// The Unicode general categories, numbered as in `ScalarClassData`.
package enum ScalarCategory: UInt8, Sendable, CaseIterable {
    case uppercaseLetter, lowercaseLetter, titlecaseLetter, modifierLetter, otherLetter
    case nonspacingMark, spacingMark, enclosingMark
    case decimalNumber, letterNumber, otherNumber
    case connectorPunctuation, dashPunctuation, openPunctuation, closePunctuation
    case initialPunctuation, finalPunctuation, otherPunctuation
    case mathSymbol, currencySymbol, modifierSymbol, otherSymbol
    case spaceSeparator, lineSeparator, paragraphSeparator
    case control, format, surrogate, privateUse, unassigned

    var isLetter: Bool { rawValue <= Self.otherLetter.rawValue }
    var isMark: Bool { rawValue >= Self.nonspacingMark.rawValue && rawValue <= Self.enclosingMark.rawValue }
    var isNumber: Bool { rawValue >= Self.decimalNumber.rawValue && rawValue <= Self.otherNumber.rawValue }
    var isPunctuation: Bool {
        rawValue >= Self.connectorPunctuation.rawValue && rawValue <= Self.otherPunctuation.rawValue
    }
    var isSeparator: Bool {
        rawValue >= Self.spaceSeparator.rawValue && rawValue <= Self.paragraphSeparator.rawValue
    }
}

/// What the split patterns ask of a scalar: `\p{L}`, `\p{N}`, `\s`, or none of them.
package enum ScalarClass {
    package static let letter: UInt8 = 0
    package static let number: UInt8 = 1
    package static let space: UInt8 = 2
    package static let other: UInt8 = 3
    /// A byte that is not part of valid UTF-8; no pattern matches it.
    package static let invalid: UInt8 = 4

    /// One byte for each scalar value: the class in the low two bits, the general category above them.
    ///
    /// A flat megabyte instead of a two-stage table: a text touches only the pages of its own scripts.
    static let table: ScalarTable = ScalarTable()

    /// The class of a scalar value below 0x110000.
    @inline(__always)
    package static func of(_ scalar: UInt32) -> UInt8 { table.bytes[Int(scalar)] & 3 }

    /// The general category of a scalar value below 0x110000.
    package static func category(of scalar: UInt32) -> ScalarCategory {
        ScalarCategory(rawValue: table.bytes[Int(scalar)] >> 2) ?? .unassigned
    }

    /// Whether a scalar was assigned in this major version of Unicode or before.
    static func isAssigned(_ scalar: UInt32, inVersion version: Int) -> Bool {
        guard let age = Unicode.Scalar(scalar)?.properties.age else { return false }
        return age.major <= version
    }

    static func classify(_ scalar: UInt32, _ category: ScalarCategory) -> UInt8 {
        if category.isLetter { return letter }
        if category.isNumber { return number }
        if category.isSeparator || (9...13).contains(scalar) || scalar == 0x85 { return space }
        return other
    }
}

/// The decoded table behind `ScalarClass`; made once for the life of the program.
struct ScalarTable: @unchecked Sendable {
    // Never freed: a process has one, and pieces of text are classified until it ends.
    let bytes: UnsafePointer<UInt8>

    init() {
        let count = 0x110000
        let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: count)
        var scalar = 0
        func fill(_ category: UInt8, _ length: Int) {
            let kind = ScalarCategory(rawValue: category) ?? .unassigned
            let end = min(count, scalar + max(1, length))
            if kind == .control {
                for value in scalar..<end {
                    bytes[value] = category << 2 | ScalarClass.classify(UInt32(value), kind)
                }
            } else {
                let entry = category << 2 | ScalarClass.classify(UInt32(scalar), kind)
                (bytes + scalar).initialize(repeating: entry, count: end - scalar)
            }
            scalar = end
        }
        ScalarClassData.runs.withUTF8Buffer { text in
            var category: UInt8?
            var length = 0
            for byte in text {
                if byte >= 0x30 && byte <= 0x39 {
                    length = length * 10 + Int(byte - 0x30)
                } else {
                    if let category { fill(category, length) }
                    category = byte - 0x41
                    length = 0
                }
            }
            if let category { fill(category, length) }
        }
        self.bytes = UnsafePointer(bytes)
    }
}
