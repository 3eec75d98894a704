import RhoCore
import Testing

@Suite struct RhoErrorTests {
    @Test func placesNest() {
        let error = RhoError(.value, "keep must be in (0, 1], got 60", hint: "write 0.6").at("rho.select").at(
            "x.lua:14")
        #expect(error.message == "x.lua:14: rho.select: keep must be in (0, 1], got 60")
        #expect(error.description == "x.lua:14: rho.select: keep must be in (0, 1], got 60; write 0.6")
        #expect(error.code == .value)
    }
}

@Suite struct NearestNameTests {
    @Test(arguments: [
        ("raito", "ratio"), ("kep", "keep"), ("treshold", "threshold"), ("thresh", "threshold"), ("keeps", "keep"),
        ("ab", "aa"),
    ])
    func finds(name: String, expected: String) {
        #expect(nearestName(to: name, in: ["keep", "ratio", "threshold", "ac", "aa"]) == expected)
    }

    @Test func givesUp() {
        #expect(nearestName(to: "banana", in: ["keep", "ratio"]) == nil)
        #expect(nearestName(to: "", in: ["keep"]) == nil)
        #expect(nearestName(to: "xy", in: ["ab"]) == nil)
        #expect(nearestName(to: "keep", in: [String]()) == nil)
        #expect(suggestion(for: "banana", in: ["keep"]) == "")
        #expect(suggestion(for: "kep", in: ["keep"]) == " (did you mean 'keep'?)")
    }
}

@Suite struct SHA256Tests {
    /// FIPS 180-4 examples.
    @Test func knownAnswers() {
        #expect(SHA256Hasher.hex(of: "") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(SHA256Hasher.hex(of: "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test func piecesEqualTheWhole() {
        var hasher = SHA256Hasher()
        hasher.update("a")
        hasher.update("")
        hasher.update([UInt8(ascii: "b"), UInt8(ascii: "c")])
        #expect(hasher.finalizeHex() == SHA256Hasher.hex(of: "abc"))
        #expect(hasher.finalizeHex() == SHA256Hasher.hex(of: ""))
    }
}

@Suite struct HalfPrecisionTests {
    @Test func everyHalfRoundTrips() {
        for bits in UInt16.min...UInt16.max {
            let value = Float16Bits.decode(bits)
            if value.isNaN {
                #expect(Float16Bits.decode(Float16Bits.encode(value)).isNaN)
            } else if Float16Bits.encode(value) != bits {
                Issue.record("half \(bits) came back as \(Float16Bits.encode(value))")
            }
        }
    }

    /// Every half, both neighbours of the midpoint to the next, and the midpoint itself, which goes to the even one.
    @Test func roundsToNearestEven() {
        for bits in UInt16(0)..<0x7BFF {
            let low = Float16Bits.decode(bits)
            let high = Float16Bits.decode(bits + 1)
            let middle = (low + high) / 2
            let right =
                Float16Bits.encode(middle.nextDown) == bits && Float16Bits.encode(middle.nextUp) == bits + 1
                && Float16Bits.encode(middle) == (bits & 1 == 0 ? bits : bits + 1)
                && Float16Bits.encode(-middle) == Float16Bits.encode(middle) | 0x8000
            if !right { Issue.record("rounding near half \(bits)") }
        }
    }

    @Test func edges() {
        #expect(Float16Bits.encode(1) == 0x3C00)
        #expect(Float16Bits.encode(65504) == 0x7BFF)
        #expect(Float16Bits.encode(65519.996) == 0x7BFF)
        #expect(Float16Bits.encode(65520) == 0x7C00)
        #expect(Float16Bits.encode(-.infinity) == 0xFC00)
        #expect(Float16Bits.encode(.greatestFiniteMagnitude) == 0x7C00)
        #expect(Float16Bits.encode(-0) == 0x8000 || Float16Bits.encode(-0) == 0)
        #expect(Float16Bits.encode(Float(sign: .minus, exponent: -200, significand: 1)) == 0x8000)
        #expect(Float16Bits.decode(Float16Bits.encode(.nan)).isNaN)
        #expect(BFloat16Bits.decode(BFloat16Bits.encode(1.5)) == 1.5)
        #expect(BFloat16Bits.encode(Float(bitPattern: 0x3F80_8000)) == 0x3F80)
        #expect(BFloat16Bits.encode(Float(bitPattern: 0x3F81_8000)) == 0x3F82)
        #expect(BFloat16Bits.decode(BFloat16Bits.encode(.nan)).isNaN)
    }
}

@Suite struct ClockTests {
    @Test func runsForward() {
        let start = Clock.monotonicSeconds()
        #expect(Clock.monotonicSeconds() >= start)
        #expect(Clock.wallSeconds() > 1.6e9)
    }
}
