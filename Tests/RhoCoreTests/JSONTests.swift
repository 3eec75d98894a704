import RhoCore
import Testing

@Suite struct JSONTests {
    @Test func readsEveryKind() throws {
        let value = try JSON.parse(
            #" {"a": [1, -2.5e3, true, null, "x\n\u00e9\ud83d\ude00"], "b": {"c": 9223372036854775807}} "#)
        #expect(value["a"]?[0] == 1)
        #expect(value["a"]?[1] == -2500.0)
        #expect(value["a"]?[2]?.boolValue == true)
        #expect(value["a"]?[3] == .null)
        #expect(value["a"]?[4]?.stringValue == "x\né😀")
        #expect(value["b"]?["c"] == .integer(.max))
        #expect(value["nothing"] == nil)
    }

    @Test func keepsTheOrderOfKeys() throws {
        let text = #"{"z":1,"a":2,"m":{"y":1,"b":2}}"#
        let value = try JSON.parse(text)
        #expect(value.serialized() == text)
        #expect(value.canonical == #"{"a":2,"m":{"b":2,"y":1},"z":1}"#)
        #expect(value.objectValue?.keys == ["z", "a", "m"])
    }

    @Test func pretty() {
        let value: JSON = ["a": [1, 2], "b": [:], "c": []]
        #expect(value.serialized(pretty: true) == "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {},\n  \"c\": []\n}")
    }

    @Test func largeObjectsStayOrderedAndFindKeys() {
        var object = JSONObject()
        for i in 0..<1000 { object["key\(i)"] = JSON(i) }
        object["key500"] = nil
        object["key7"] = "changed"
        #expect(object.count == 999)
        #expect(object["key999"] == 999)
        #expect(object["key500"] == nil)
        #expect(object["key7"] == "changed")
        #expect(object.keys.first == "key0" && object.keys.last == "key999")
    }

    /// Unicode's canonical equivalence is none of JSON's business.
    @Test func keysAndStringsAreBytes() throws {
        let value = try JSON.parse("{\"\u{E9}\": 1, \"e\u{301}\": 2}")
        #expect(value.objectValue?.count == 2)
        #expect(value["\u{E9}"] == 1 && value["e\u{301}"] == 2)
        #expect(JSON("\u{E9}") != JSON("e\u{301}"))
        var large = JSONObject((0..<50).map { ("k\($0)", JSON($0)) })
        large["\u{E9}"] = 1
        large["e\u{301}"] = 2
        #expect(large.count == 52 && large["\u{E9}"] == 1)
    }

    @Test func numbersRoundTrip() throws {
        var stream = RandomStream(seed: 3, name: "json")
        for _ in 0..<2000 {
            let value = Double(bitPattern: stream.next())
            guard value.isFinite else { continue }
            #expect(try JSON.parse(JSON(value).serialized()).doubleValue == value)
        }
        #expect(try JSON.parse("-0") == .number(-0.0))
        #expect(try JSON.parse("18446744073709551616") == .number(18_446_744_073_709_551_616))
        #expect(JSON(Double.nan).serialized() == "\"NaN\"")
        #expect(try JSON.parse("\"-Infinity\"").doubleValue == -.infinity)
        #expect(JSON.number(3).intValue == 3)
        #expect(JSON.number(3.5).intValue == nil)
    }

    @Test func stringsRoundTrip() throws {
        for text in ["", "\"\\/\u{8}\u{c}\n\r\t", "\u{1}\u{7f}\u{2028}", "naïve 😀 中文"] {
            #expect(try JSON.parse(JSON(text).serialized()) == .string(text))
        }
        #expect(try JSON.parse(#""\ud800""#).stringValue == "\u{FFFD}")
        #expect(try JSON.parse(#""\ud800\u0041""#).stringValue == "\u{FFFD}A")
        #expect(try JSON.parse([UInt8(ascii: "\""), 0xFF, UInt8(ascii: "\"")]).stringValue == "\u{FFFD}")
    }

    @Test(arguments: [
        ("", "line 1, byte 0: expected a value, got the end of the text"),
        ("{\"a\": 1,}", "line 1, byte 8: expected a key in quotes, got '}'"),
        ("[1 2]", "line 1, byte 3: expected ',' or ']', got '2'"),
        ("{\"a\" 1}", "line 1, byte 5: expected ':' after a key, got '1'"),
        ("{\n\"a\": tru}", "line 2, byte 7: expected a value, got 't'"),
        ("01", "line 1, byte 1: a number cannot start with 0 and go on"),
        ("1.", "line 1, byte 2: expected a digit after '.', got the end of the text"),
        ("-", "line 1, byte 1: expected a digit, got the end of the text"),
        ("1e999", "line 1, byte 0: the number 1e999 is out of range"),
        ("\"a", "line 1, byte 2: a string is not closed"),
        ("\"a\tb\"", "line 1, byte 2: a string holds the raw control character byte 0x09"),
        ("\"\\x\"", "line 1, byte 1: unknown escape \\'x'"),
        ("\"\\u12g4\"", "line 1, byte 1: \\u needs four hexadecimal digits"),
        ("1 1", "line 1, byte 2: expected the end of the text, got '1'"),
        ("NaN", "line 1, byte 0: expected a value, got 'N'"),
    ])
    func errors(text: String, message: String) {
        #expect(throws: RhoError(.format, message)) { try JSON.parse(text) }
    }

    @Test func depthIsCapped() throws {
        let deep = { (n: Int) in String(repeating: "[", count: n) + String(repeating: "]", count: n) }
        #expect(throws: RhoError(.format, "line 1, byte 512: nested deeper than 512 levels")) {
            try JSON.parse(deep(100_000))
        }
        _ = try JSON.parse(deep(512))
    }

    /// Any bytes give a value or an error, never a crash; what was read is written and read back equal.
    @Test func arbitraryBytes() throws {
        var stream = RandomStream(seed: 4, name: "fuzz")
        let alphabet = Array("{}[]\",:\\u0123eE+-.truefalsn \n\u{1}é".utf8)
        for _ in 0..<20_000 {
            let bytes = (0..<stream.below(24)).map { _ in alphabet[stream.below(alphabet.count)] }
            guard let value = try? JSON.parse(bytes) else { continue }
            #expect(try JSON.parse(value.serialized()) == value)
        }
    }
}
