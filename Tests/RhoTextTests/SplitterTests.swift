import RhoCore
import RhoText
import Testing

/// The hand-written splitters against the patterns they stand for.
@Suite struct SplitterTests {
    @Test(arguments: SplitPattern.allCases) func equalsPattern(_ pattern: SplitPattern) throws {
        let reference = try RegexSplitter(pattern: pattern.pattern)
        var stream = RandomStream(seed: 5, name: "splits")
        var texts = try Goldens.samples().map { Array($0.utf8) }
        for length in 1..<800 { texts.append(randomBytes(&stream, count: length % 90 + 1)) }
        for text in texts {
            #expect(
                pieces(text) { pattern.forEachPiece($0, $1, $2) } == pieces(text) { reference.forEachPiece($0, $1, $2) }
            )
        }
    }

    @Test func classesEqualTheStandardLibrary() {
        var wrong: [UInt32] = []
        for value in UInt32(0)..<0x110000 {
            guard let scalar = Unicode.Scalar(value) else { continue }
            // Scalars assigned after Unicode 16.0 stay unassigned here.
            if let age = scalar.properties.age, age.major > 16 {
                if ScalarClass.category(of: value) != .unassigned { wrong.append(value) }
                continue
            }
            if ScalarClass.of(value) != expectedClass(scalar) { wrong.append(value) }
        }
        #expect(wrong.isEmpty)
    }

    @Test func badPatternIsNamed() {
        #expect(throws: RhoError(.format, "the pattern '(a' cannot be read: missing closing parenthesis")) {
            try RegexSplitter(pattern: "(a")
        }
    }

    private func expectedClass(_ scalar: Unicode.Scalar) -> UInt8 {
        if scalar.properties.isWhitespace { return ScalarClass.space }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            return ScalarClass.letter
        case .decimalNumber, .letterNumber, .otherNumber:
            return ScalarClass.number
        default:
            return ScalarClass.other
        }
    }

    private func pieces(
        _ text: [UInt8], _ split: (UnsafePointer<UInt8>, Int, (Int, Int) -> Void) -> Void
    ) -> [ArraySlice<UInt8>] {
        var result: [ArraySlice<UInt8>] = []
        text.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            split(base, buffer.count) { result.append(text[$0..<$1]) }
        }
        return result
    }
}
