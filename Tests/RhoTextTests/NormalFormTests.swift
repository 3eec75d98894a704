import RhoCore
import RhoText
import Testing

/// Unicode normal forms against the Python package's.
@Suite struct NormalFormTests {
    @Test(arguments: NormalForm.allCases) func everyScalar(_ form: NormalForm) throws {
        var hasher = SHA256Hasher()
        // Many lines at once: a line end cannot change and parts what is before it from what follows.
        for block in stride(from: UInt32(0), to: 0x110000, by: 4_096) {
            var text: [UInt8] = []
            for value in block..<(block + 4_096) {
                guard let scalar = Unicode.Scalar(value) else { continue }
                let bytes = Array(String(scalar).utf8)
                text += bytes + [0x0A, 0x65] + bytes + Array("\u{301}\u{334}\u{AC00}".utf8) + bytes + [0x0A]
            }
            hasher.update(form.normalized(text))
        }
        #expect(hasher.finalizeHex() == (try Goldens.json("normal_forms.json"))[form.rawValue]?.stringValue)
    }

    @Test(arguments: NormalForm.allCases) func secondTimeChangesNothing(_ form: NormalForm) {
        var stream = RandomStream(seed: 21, name: "forms")
        for length in 0..<200 {
            let once = form.normalized(randomBytes(&stream, count: length))
            #expect(form.normalized(once) == once)
        }
    }
}
