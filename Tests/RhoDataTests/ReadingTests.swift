import RhoCore
import RhoData
import RhoTestSupport
import Testing

@Suite struct GzipTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    func rows(_ count: Int) -> String {
        var stream = RandomStream(seed: 8, name: "gzip")
        return (0..<count).map { "{\"text\":\"row \($0) \(stream.next())\"}\n" }.joined()
    }

    func read(_ bytes: [UInt8]) throws -> Int {
        try JSONLSource([directory.write("x.jsonl", bytes)], template: "{text}").documents().count
    }

    @Test func readsMembersInARowAndPadding() throws {
        let text = rows(50_000)
        #expect(try read(Gzip.pack(text)) == 50_000)
        #expect(try read(Gzip.pack(text) + Gzip.pack(text)) == 100_000)
        #expect(try read(Gzip.pack(text) + [UInt8](repeating: 0, count: 1000)) == 50_000)
        #expect(try read(Gzip.pack("")) == 0)
        #expect(try read([]) == 0)
    }

    @Test func brokenData() throws {
        var packed = Gzip.pack(rows(50_000))
        let whole = packed.count
        let path = directory.file("x.jsonl")
        #expect(
            throws: RhoError(.format, "\(path): the gzip data ends early, at byte \(whole / 2); is the file cut off?")
        ) {
            try read(Array(packed[..<(whole / 2)]))
        }
        #expect(throws: RhoError(.format, "\(path): the gzip data ends early, at byte 2; is the file cut off?")) {
            try read([0x1F, 0x8B])
        }
        #expect(throws: RhoError(.format, "\(path): bytes that are not gzip follow the gzip data at byte \(whole)")) {
            try read(packed + Array("junk".utf8))
        }
        packed[whole - 6] ^= 1
        #expect(throws: RhoError(.format, "\(path): broken gzip data at byte \(whole - 4): incorrect data check")) {
            try read(packed)
        }
        #expect(throws: RhoError(.format, "\(path): broken gzip data at byte 4: unknown compression method")) {
            try read([0x1F, 0x8B, 0x07, 0, 0])
        }
    }

    /// One flipped bit anywhere gives an error or the same rows (in a name field of the header), never other rows.
    @Test func flippedBits() throws {
        let text = rows(20)
        let packed = Gzip.pack(text)
        let path = try directory.write("f.jsonl", packed)
        let expected = try JSONLSource([path], template: "{text}").documents()
        for at in 2..<packed.count {
            var broken = packed
            broken[at] ^= 4
            _ = try directory.write("f.jsonl", broken)
            if let got = try? JSONLSource([path], template: "{text}").documents() { #expect(got == expected) }
        }
    }
}

@Suite(.enabled(if: ZstdLibrary.shared != nil, "libzstd.so.1 is not installed")) struct ZstdTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    /// Twenty rows, `{"text":"row 0 of a small packed file"}` and so on, as `zstd -19` packs them.
    static let packed: [UInt8] = {
        let digits = Array(
            ("28B52FFD0468250300B4037B2274657874223A22726F772030206F66206120736D616C6C207061636B65642066696C65"
                + "227D0A3132333435363738393131313131313131313114A810F8FA7F07006326FA107E46F867C4FB019D73BEB92633C7"
                + "FC52CB5796322100D804168032EB7D42D3").utf8)
        return stride(from: 0, to: digits.count, by: 2).map { at in
            UInt8(String(decoding: digits[at...at + 1], as: UTF8.self), radix: 16) ?? 0
        }
    }()

    func read(_ bytes: [UInt8]) throws -> [String] {
        try JSONLSource([directory.write("x.jsonl.zst", bytes)], template: "{text}").documents().map(\.string)
    }

    @Test func readsFramesInARow() throws {
        let once = try read(Self.packed)
        #expect(once.count == 20)
        #expect(once.last == "row 19 of a small packed file")
        #expect(try read(Self.packed + Self.packed) == once + once)
        #expect(try JSONLSource([directory.path], template: "{text}").documents().count == 40)
    }

    @Test func brokenData() throws {
        let path = directory.file("x.jsonl.zst")
        let whole = Self.packed.count
        for length in [5, 40, whole - 1] {
            let early = RhoError(
                .format, "\(path): the zstd data ends early, at byte \(length); is the file cut off?")
            #expect(throws: early) { try read(Array(Self.packed[..<length])) }
        }
        var broken = Self.packed
        broken[whole - 2] ^= 1
        #expect(
            throws: RhoError(
                .format, "\(path): broken zstd data after byte 0: Restored data doesn't match checksum")
        ) { try read(broken) }
        #expect(throws: RhoError.self) { try read(Self.packed + Array("junk".utf8)) }
    }

    /// One flipped bit anywhere gives an error or the same rows, never other rows.
    @Test func flippedBits() throws {
        let expected = try read(Self.packed)
        for at in 4..<Self.packed.count {
            var broken = Self.packed
            broken[at] ^= 4
            if let got = try? read(broken) { #expect(got == expected) }
        }
    }
}

@Suite struct TextSourceTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    @Test func filesAndDirectories() throws {
        for name in ["t/b.txt", "t/a/z.md", "t/c.bin", "t/.x.txt"] { _ = try directory.write(name, "text of \(name)") }
        _ = try directory.write("t/d.txt.gz", Gzip.pack("packed"))
        _ = try directory.write("t/e.txt", "")
        let source = try TextSource([directory.file("t")])
        #expect(try source.documents().map(\.string) == ["text of t/a/z.md", "text of t/b.txt", "packed"])
        #expect(try TextSource([directory.file("t/c.bin")]).documents().count == 1)
        #expect(try TextSource([directory.file("t")], suffixes: [".bin"]).documents().count == 1)
    }

    @Test func separators() throws {
        let path = try directory.write("s.txt", "one---two------three")
        #expect(try TextSource([path], separator: "---").documents().map(\.string) == ["one", "two", "three"])
        #expect(try TextSource([path], separator: "no").documents().map(\.string) == ["one---two------three"])
        #expect(throws: RhoError(.value, "the separator between documents must not be empty")) {
            try TextSource([path], separator: "")
        }
        #expect(throws: RhoError(.value, "a corpus of text needs at least one file, got none")) { try TextSource([]) }
    }

    /// Separators are found wherever the reading pieces of one megabyte happen to end.
    @Test func separatorsAcrossPieces() throws {
        let piece = 1 << 20
        for shift in -4...1 {
            let text = String(repeating: "a", count: piece + shift) + "<sep>" + String(repeating: "b", count: piece)
            let path = try directory.write("p.txt", text)
            let lengths = try TextSource([path], separator: "<sep>").documents().map(\.text.count)
            #expect(lengths == [piece + shift, piece])
        }
    }

    @Test func longTextsAreCutAtLines() throws {
        var text = ""
        for i in 0..<400_000 { text += "line \(i) of a very long file that is one document\n" }
        let path = try directory.write("long.txt", text)
        let documents = try TextSource([path]).documents()
        #expect(documents.count > 1)
        #expect(documents.allSatisfy { $0.text.count <= TextSource.maximumDocument && $0.text.last == 0x0A })
        #expect(documents.flatMap(\.text) == Array(text.utf8))
        let noLines = try directory.write("wide.txt", String(repeating: "é", count: 5 << 20))
        let pieces = try TextSource([noLines]).documents()
        #expect(pieces.count == 2)
        #expect(pieces.allSatisfy { !$0.string.contains("\u{FFFD}") })
    }
}

@Suite struct DerivedSourceTests {
    let base = GeneratedSource(name: "numbers", count: 2000, cacheKey: "1") {
        $0 % 10 == 9 ? nil : Document("text \($0)")
    }

    @Test func generated() throws {
        #expect(try base.documents().count == 1800)
        #expect(base.report.rows == 2000 && base.report.filtered == 200)
    }

    @Test func splitsAreDisjointAndComplete() throws {
        let train = try SplitSource(base, heldOut: 0.1, side: .train).documents()
        let held = try SplitSource(base, heldOut: 0.1, side: .heldOut).documents()
        #expect(train.count + held.count == 1800)
        #expect(abs(held.count - 180) < 60)
        #expect(Set(train.map(\.text)).isDisjoint(with: Set(held.map(\.text))))
        let other = try SplitSource(base, heldOut: 0.1, side: .heldOut, salt: "2").documents()
        #expect(other != held)
        // A document keeps its side when the corpus grows and when the share does.
        let longer = GeneratedSource(name: "numbers", count: 4000) { Document("text \($0)") }
        let more = try Set(SplitSource(longer, heldOut: 0.2, side: .heldOut).documents().map(\.text))
        #expect(held.allSatisfy { more.contains($0.text) })
        for share in [0, 1, -0.5, 1.5, Double.nan] {
            let shown = JSON(share).serialized()
            #expect(throws: RhoError(.value, "the held-out share must be in (0, 1), got \(shown)")) {
                try SplitSource(base, heldOut: share, side: .train)
            }
        }
    }

    @Test func takes() throws {
        #expect(try TakenSource(base, documents: 5).documents().map(\.string) == (0..<5).map { "text \($0)" })
        #expect(try TakenSource(base, bytes: 13).documents().count == 3)
        #expect(try TakenSource(base, documents: 9999).documents().count == 1800)
        #expect(throws: RhoError(.value, "the number of documents to take must be at least 1, got 0")) {
            try TakenSource(base, documents: 0)
        }
        #expect(throws: RhoError(.value, "the number of bytes to take must be at least 1, got -1")) {
            try TakenSource(base, bytes: -1)
        }
    }

    @Test func mapsFiltersAndConcatenates() throws {
        let even = FilteredSource(base) { $0.text.last.map { $0 % 2 == 0 } ?? false }
        let shouted = MappedSource(even) { document, index in
            index % 2 == 0 ? Document(document.string.uppercased()) : nil
        }
        let both = ConcatenatedSource([shouted, try TakenSource(base, documents: 1)])
        let texts = try both.documents().map(\.string)
        #expect(texts.prefix(3) == ["TEXT 0", "TEXT 4", "TEXT 8"])
        #expect(texts.last == "text 0")
        #expect(both.report.documents == texts.count)
        #expect(both.name == "numbers + numbers")
        #expect(try both.documents(limit: 2).count == 2)
    }

    @Test func cacheKeysChangeWithWhatTheyName() throws {
        let keys = try [
            base, TakenSource(base, documents: 5), TakenSource(base, documents: 6),
            SplitSource(base, heldOut: 0.1, side: .train),
            SplitSource(base, heldOut: 0.1, side: .heldOut), FilteredSource(base, key: "a") { _ in true },
            FilteredSource(base, key: "b") { _ in true }, MappedSource(base, key: "a") { document, _ in document },
            ConcatenatedSource([base, base]), GeneratedSource(name: "numbers", count: 2000, cacheKey: "2") { _ in nil },
            ListSource([Document("a")]), ListSource([Document("b")]),
        ].map { (source: any DocumentSource) in source.cacheKey }
        #expect(!keys.contains(nil))
        #expect(Set(keys).count == keys.count)
        #expect(FilteredSource(base) { _ in true }.cacheKey == nil)
        #expect(ConcatenatedSource([base, GeneratedSource(name: "x", count: 1) { _ in nil }]).cacheKey == nil)
    }

    @Test func contentHashIsOfContent() throws {
        let hash = try base.contentHash()
        #expect(try ListSource(base.documents()).contentHash() == hash)
        #expect(try TakenSource(base, documents: 10).contentHash() != hash)
        // Where one text ends and the next begins counts, and so do labels.
        #expect(
            try ListSource([Document("ab"), Document("c")]).contentHash()
                != ListSource([Document("a"), Document("bc")]).contentHash())
        let labelled = Document(text: [1], labels: [0])
        #expect(try ListSource([labelled]).contentHash() != ListSource([Document(text: [1])]).contentHash())
    }
}
