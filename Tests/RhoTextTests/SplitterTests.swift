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

    /// Digits of Unicode 15 and 16 too, which are younger than the library's tables.
    @Test func digitsEqualTheStandardLibrary() throws {
        let scalars = (UInt32(0)..<0x110000).compactMap { Unicode.Scalar($0) }
            .filter { ($0.properties.age?.major ?? 0) <= 16 }
        func isDigit(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.generalCategory == .decimalNumber }
        let text = Array(String(String.UnicodeScalarView(scalars)).utf8)
        for (pattern, wanted) in [(#"\d"#, true), (#"[\d]"#, true), (#"\D"#, false)] {
            var matched: [UInt8] = []
            let splitter = try RegexSplitter(pattern: pattern)
            text.withUnsafeBufferPointer { bytes in
                guard let base = bytes.baseAddress else { return }
                splitter.forEachSpan(base, bytes.count) { start, end, isMatch in
                    if isMatch { matched += bytes[start..<end] }
                }
            }
            let expected = String.UnicodeScalarView(scalars.filter { isDigit($0) == wanted })
            #expect(matched == Array(String(expected).utf8), "\(pattern)")
        }
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
