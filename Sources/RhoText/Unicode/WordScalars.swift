/// The scalars that belong to words, as Rust's `\w` has them, which Hugging Face's tokenizers use outside patterns:
/// letters and what else is alphabetic, marks, decimal digits, connectors such as `_`, and the two joiners.
enum WordScalars {
    static func contains(_ scalar: UInt32) -> Bool {
        if scalar > 0x10FFFF { return false }
        let category = ScalarClass.category(of: scalar)
        if category.isLetter || category.isMark || category == .decimalNumber || category == .letterNumber
            || category == .connectorPunctuation
        {
            return true
        }
        // Circled and squared letters are alphabetic though their category is that of symbols.
        return category == .otherSymbol && circled.contains { $0.contains(scalar) } || scalar == 0x200C
            || scalar == 0x200D
    }

    private static let circled: [ClosedRange<UInt32>] = [
        0x24B6...0x24E9, 0x1F130...0x1F149, 0x1F150...0x1F169, 0x1F170...0x1F189,
    ]
}
