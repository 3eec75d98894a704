import RhoCore
import RhoData
import RhoTestSupport
import Testing

@Suite struct JSONLSourceTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    func texts(_ source: any DocumentSource) throws -> [String] { try source.documents().map(\.string) }

    @Test func templatesFillIn() throws {
        let path = try directory.write(
            "a.jsonl",
            """
            {"question": "1+1?", "id": 7, "solution": "2\\n\\u00e9 \\"q\\"", "more": {"x": [1, {"y": null}]}}\r

            {"solution": "b", "deep": [[[]]], "id": -1.5e3, "question": "a", "ok": true}
            """)
        let source = try JSONLSource([path], template: "{{{id}}} {question}\n{solution}")
        #expect(try texts(source) == ["{7} 1+1?\n2\né \"q\"", "{-1.5e3} a\nb"])
        #expect(source.report.rows == 2 && source.report.documents == 2)
        #expect(try source.documents()[0].source == path)
        #expect(try texts(JSONLSource([path], template: "{question}{question}")) == ["1+1?1+1?", "aa"])
    }

    @Test func marksOfOtherSystemsDoNoHarm() throws {
        let path = try directory.write(
            "bom.jsonl", [0xEF, 0xBB, 0xBF] + Array("{\"text\":\"a\"}\r\n{\"text\":\"b\"}".utf8))
        #expect(try texts(JSONLSource([path], template: "{text}")) == ["a", "b"])
    }

    @Test func invalidBytesSurvive() throws {
        let path = try directory.write("raw.jsonl", Array("{\"text\":\"".utf8) + [0xFF, 0xC3] + Array("\"}".utf8))
        #expect(try JSONLSource([path], template: "{text}").documents()[0].text == [0xFF, 0xC3])
    }

    @Test func longRowsCrossPieces() throws {
        let long = String(repeating: "0123456789abcdef", count: 200_000)
        let path = try directory.write(
            "long.jsonl", "{\"text\":\"\(long)\"}\n{\"text\":\"short\"}\n{\"text\":\"\(long)x\"}")
        #expect(try texts(JSONLSource([path], template: "{text}")) == [long, "short", long + "x"])
    }

    @Test func directoriesAndSeveralFiles() throws {
        for name in ["b.jsonl", "a.json", "c.txt", ".hidden.jsonl", "d.jsonl.gz"] {
            let text = "{\"text\":\"\(name)\"}\n"
            _ = try directory.write("dir/\(name)", name.hasSuffix("gz") ? Gzip.pack(text) : Array(text.utf8))
        }
        let source = try JSONLSource([directory.file("dir")], template: "{text}")
        #expect(try texts(source) == ["a.json", "b.jsonl", "d.jsonl.gz"])
        #expect(source.name == "a.json and 2 more")
        let empty = directory.file("empty")
        try Files.makeDirectory(empty)
        #expect(
            throws: RhoError(
                .value,
                "directory \(empty) holds no file that ends in .jsonl, .jsonl.gz, .jsonl.zst, .ndjson, .ndjson.gz, "
                    + ".ndjson.zst, .json, .json.gz, .json.zst")
        ) { try JSONLSource([empty], template: "{text}") }
    }

    @Test func missingFile() throws {
        let path = try directory.write("train.jsonl", "{}")
        #expect(
            throws: RhoError(
                .io,
                "cannot open \(directory.path)/trian.jsonl: No such file or directory (did you mean 'train.jsonl'?)")
        ) { try JSONLSource([directory.file("trian.jsonl")], template: "{text}") }
        #expect(throws: RhoError(.value, "a corpus of JSON rows needs at least one file, got none")) {
            try JSONLSource([], template: "{text}")
        }
        _ = path
    }

    /// A broken row far into the file, in every way a row can be broken.
    @Test(arguments: [
        ("{\"text\": \"x\"", "bad JSON at byte 12: expected ',' or '}', got the end of the text"),
        ("{\"text\": \"x\", \"n\": 01}", "bad JSON at byte 20: a number cannot start with 0 and go on"),
        ("{\"text\": \"x\", \"other\": \"\\q\"}", "bad JSON at byte 24: unknown escape \\'q'"),
        ("[1]", "expected a JSON object, got an array"),
        ("3", "expected a JSON object, got a number"),
        (
            "{\"txt\": \"x\", \"id\": 1}",
            "the template asks for field 'text' (did you mean 'txt'?), the row has 'txt', 'id'"
        ),
        ("{}", "the template asks for field 'text', the row has none"),
        ("{\"text\": null}", "field 'text' is null, the template needs a text or a number"),
        ("{\"text\": [1]}", "field 'text' is an array, the template needs a text or a number"),
        ("{\"text\": {}}", "field 'text' is an object, the template needs a text or a number"),
    ])
    func badRows(row: String, message: String) throws {
        var text = ""
        for i in 1..<70_000 { text += "{\"text\": \"\(i)\"}\n" }
        let path = try directory.write("bad.jsonl", text + row + "\n{\"text\": \"last\"}\n")
        let failing = try JSONLSource([path], template: "{text}")
        #expect(throws: RhoError(.format, "\(path):70000: \(message)")) { try failing.contentHash() }
        let skipping = try JSONLSource([path], template: "{text}", onBadRow: .skip)
        var last = ""
        try skipping.forEach {
            last = $0.string
            return true
        }
        #expect(last == "last")
        #expect(skipping.report.skipped == 1)
        #expect(skipping.report.documents == 70_000)
        #expect(
            skipping.report.summary == "70001 rows read, 1 bad row skipped, the first: \(path):70000: \(message)")
    }

    @Test func filters() throws {
        let path = try directory.write(
            "f.jsonl",
            """
            {"text": "a", "level": 5, "kind": "algebra"}
            {"text": "b", "level": 3, "kind": "geometry"}
            {"text": "c", "level": 4.0, "kind": "algebra", "extra": 1}
            """)
        func kept(_ filters: FieldFilter...) throws -> [String] {
            try texts(JSONLSource([path], template: "{text}", filters: filters))
        }
        #expect(try kept(FieldFilter("level", .equals(4))) == ["c"])
        #expect(try kept(FieldFilter("level", .atLeast(4))) == ["a", "c"])
        #expect(try kept(FieldFilter("level", .atMost(4)), FieldFilter("kind", .equals("algebra"))) == ["c"])
        #expect(try kept(FieldFilter("kind", .differs(from: "algebra"))) == ["b"])
        #expect(try kept(FieldFilter("kind", .contains("geo"))) == ["b"])
        #expect(try kept(FieldFilter("level", .oneOf([3, 5]))) == ["a", "b"])
        #expect(try kept(FieldFilter("extra", .exists), FieldFilter("extra", .equals(1))) == ["c"])
        #expect(try kept(FieldFilter("text", .matches { $0.stringValue == "a" })) == ["a"])
        let rows = try JSONLSource([path], template: "{text}", rowFilter: JSONLSource.RowFilter { $0.count == 4 })
        #expect(try texts(rows) == ["c"])
        #expect(rows.report.filtered == 2)
        #expect(
            throws: RhoError(
                .format,
                "\(path):1: the filter asks for field 'levl' (did you mean 'level'?), the row has 'text', 'level', 'kind'"
            )
        ) { try kept(FieldFilter("levl", .equals(4))) }
        #expect(throws: RhoError(.format, "\(path):1: field 'kind' is a string, the filter needs a number")) {
            try kept(FieldFilter("kind", .atLeast(4)))
        }
    }

    @Test func keptFields() throws {
        let path = try directory.write(
            "k.jsonl", "{\"text\":\"a\",\"answer\":\"\\u0034\",\"n\":[1]}\n{\"text\":\"b\"}\n")
        let documents = try JSONLSource([path], template: "{text}", keeping: ["answer", "n"]).documents()
        #expect(documents[0].fields == ["answer": "4", "n": [1]])
        #expect(documents[1].fields == [:])
    }

    @Test func cacheKeysNameFieldsAndConditions() throws {
        let path = try directory.write("k.jsonl", "{\"text\":\"a\"}\n")
        func key(
            _ filters: [FieldFilter] = [], keeping: [String] = [], rows: JSONLSource.RowFilter? = nil
        ) throws -> String? {
            try JSONLSource([path], template: "{text}", filters: filters, keeping: keeping, rowFilter: rows).cacheKey
        }
        let keys = try [
            key(), key(keeping: ["answer"]), key(keeping: ["solution"]), key([FieldFilter("answer", .exists)]),
            key(rows: JSONLSource.RowFilter(key: "a") { _ in true }),
            key(rows: JSONLSource.RowFilter(key: "b") { _ in true }),
        ]
        #expect(!keys.contains(nil))
        #expect(Set(keys).count == keys.count)
        #expect(try key() == key())
        #expect(try key(rows: JSONLSource.RowFilter { _ in true }) == nil)
    }

    @Test(arguments: [
        ("{question", "template \"{question\": the '{' at byte 0 is not closed; a brace itself is written '{{'"),
        ("a}b", "template \"a}b\": the '}' at byte 1 closes nothing; a brace itself is written '}}'"),
        ("a{}", "template \"a{}\": the field at byte 1 has no name; a brace itself is written '{{'"),
        ("plain", "template \"plain\": it names no field, such as '{text}'"),
        ("", "template \"\": it names no field, such as '{text}'"),
    ])
    func badTemplates(template: String, message: String) {
        #expect(throws: RhoError(.value, message)) { try Template(template) }
    }

    /// The row scanner accepts exactly the rows that the full parser reads as objects, and finds the same strings.
    @Test func scannerAgreesWithParser() throws {
        var stream = RandomStream(seed: 6, name: "rows")
        let scraps = [
            "{", "}", "[", "]", ",", ":", "\"a\"", "\"text\"", "\"\\n\\u0041x\"",
            "\"\\ud83d\\ude00 long enough for words\"",
            "1", "[-0.5e2]", "true", "null", "fals", " ", "\"", "\\", "01", "{}", "[]", "\u{1}",
        ]
        var rows: [String] = []
        var expected: [String] = []
        for _ in 0..<40_000 {
            // Most rows start out well-formed, or hardly any random row would be an object.
            var row = stream.below(4) > 0 ? "{\"text\":\"t\",\"b\":" : ""
            for _ in 0..<(stream.below(2) + stream.below(2) * stream.below(8)) {
                row += scraps[stream.below(scraps.count)]
            }
            if stream.below(4) > 0 { row += "}" }
            rows.append(row)
            guard let object = (try? JSON.parse(row))?.objectValue, let text = object["text"] else { continue }
            if let shown = text.stringValue ?? plain(text) { expected.append(shown) }
        }
        let path = try directory.write("rows.jsonl", rows.joined(separator: "\n"))
        #expect(try texts(JSONLSource([path], template: "{text}", onBadRow: .skip)) == expected)
        #expect(expected.count > 2000)
    }

    /// Whole numbers and booleans also fill templates, as they are written.
    private func plain(_ value: JSON?) -> String? {
        switch value {
        case .bool(let flag): "\(flag)"
        case .integer(let number): "\(number)"
        default: nil
        }
    }
}
