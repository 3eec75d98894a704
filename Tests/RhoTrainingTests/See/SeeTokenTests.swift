import RhoCore
import RhoTestSupport
import RhoTraining
import Testing

@Suite struct SeeTokenTests {
    /// "aé\n" in three tokens, the second of which is half a character.
    private let reading = TokenReading(
        arm: "slm", pieces: [[0x61], [0xC3], [0xA9, 0x0A]], loss: [.nan, 1, 4], reference: [.nan, 2, 1],
        kept: [.nan, 0, 1])

    @Test func numbers() {
        #expect(
            reading.numbers.text(ink: Ink(false)) == """
                token        loss  reference  excess  kept
                "a"             -          -       -  -
                "\\xc3"      1.000      2.000  -1.000  dropped
                "\\xa9\\x0a"  4.000      1.000   3.000  kept

                """)
    }

    @Test func colours() throws {
        let text = try reading.coloured(.kept)
        #expect(
            text == "slm: \u{1B}[38;5;16;48;5;157mkept\u{1B}[0m \u{1B}[90mdropped\u{1B}[0m\n"
                + "a\u{1B}[38;5;16;48;5;157mé\u{1B}[0m\u{1B}[90m↵\u{1B}[0m\n")
        let excess = try reading.coloured(.excess)
        #expect(excess.hasPrefix("slm: excess loss  −1.0 "))
        #expect(excess.contains("48;5;208mé"))
    }

    @Test func controlCharactersDoNotReachTheTerminal() throws {
        let text = try TokenReading(arm: "a", pieces: [Array("x\u{1B}[2J\u{9B}y".utf8)], loss: [0]).coloured(.loss)
        #expect(text.hasSuffix("\nx\u{FFFD}[2J\u{FFFD}y\n"))
    }

    @Test func whatIsMissingIsSaid() {
        let bare = TokenReading(arm: "clm", pieces: [[0x61]], loss: [1])
        let message =
            "arm 'clm' has no excess to colour by: the run has no reference model that reads the same tokens"
        #expect(throws: RhoError(.usage, message)) { try bare.coloured(.excess) }
    }
}
