import RhoCore
import RhoData
import RhoTestSupport
import RhoText
import Testing

@Suite struct TokenStoreTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    /// Random texts, some empty, some of more than a chunk, some labelled.
    func documents(_ count: Int, seed: UInt64, labels: Bool) -> [Document] {
        var stream = RandomStream(seed: seed, name: "documents")
        return (0..<count).map { index in
            let size = index % 50 == 7 ? 700_000 : stream.below(5) == 0 ? 0 : stream.below(300)
            let text = (0..<size).map { _ in UInt8(truncatingIfNeeded: stream.next()) }
            let known = labels && stream.below(2) == 0 ? text.map { _ in UInt8(stream.below(3)) } : nil
            return Document(text: text, labels: known)
        }
    }

    @Test(arguments: [false, true], [false, true])
    func holdsTheStreamOfAllDocuments(pairs: Bool, labels: Bool) throws {
        let tokenizer: any Tokenizer = pairs ? PairsForTests() : BytesForTests()
        let documents = documents(120, seed: 1, labels: labels)
        let source = ListSource(documents, name: "list")
        let store = try TokenStore.build(source, tokenizer: tokenizer, path: directory.file("s"), threads: 3)
        var stream: [Int32] = []
        var expectedLabels: [UInt8] = []
        for (index, document) in documents.enumerated() {
            #expect(store.documentRange(index).lowerBound == stream.count)
            if let begin = tokenizer.beginOfText {
                stream.append(begin)
                expectedLabels.append(0)
            }
            let width = pairs ? 2 : 1
            stream += tokenizer.encode(document.text)
            for at in stride(from: 0, to: document.text.count, by: width) {
                expectedLabels.append(document.labels?[at..<min(at + width, document.text.count)].max() ?? 0)
            }
            stream.append(0)
            expectedLabels.append(0)
            #expect(store.documentRange(index).upperBound == stream.count)
        }
        #expect(store.tokens(0..<store.tokenCount) == stream)
        #expect(store.tokenCount == stream.count)
        #expect(store.tokens(-5..<3) == Array(stream[..<3]))
        #expect(store.hasLabels == labels)
        #expect(
            (0..<store.tokenCount).map { store.label($0) } == (labels ? expectedLabels : expectedLabels.map { _ in 0 }))
        #expect(store.documentCount == documents.count)
        #expect(store.byteCount == documents.reduce(0) { $0 + $1.text.count })
        #expect(store.corpusHash == (try source.contentHash()))
        #expect(store.name == "list")
        for token in stride(from: 0, to: store.tokenCount, by: 997) {
            let document = store.document(of: token)
            #expect(store.documentRange(document).contains(token))
            #expect(store.documentStart(for: token) == store.documentRange(document).lowerBound)
        }
        #expect(try Files.list(directory.path) == ["s"])
    }

    @Test func doesNotDependOnThreads() throws {
        let source = ListSource(documents(100, seed: 2, labels: true))
        var files: [[UInt8]] = []
        for threads in [1, 2, 5] {
            let path = directory.file("t\(threads)")
            _ = try TokenStore.build(source, tokenizer: PairsForTests(), path: path, threads: threads)
            files.append(try Files.read(path))
        }
        #expect(files[0] == files[1] && files[0] == files[2])
    }

    @Test func aTokenIsAsBadAsItsWorstByte() throws {
        let document = Document(spans: [("a", .useful), ("b", .noise), ("c", .wrong), ("d", .noise), ("ef", .useful)])
        let store = try TokenStore.build(ListSource([document]), tokenizer: PairsForTests(), path: directory.file("l"))
        #expect((0..<store.tokenCount).map { store.label($0) } == [0, 1, 2, 0, 0])
    }

    @Test func cachedStoresAreFoundAgain() throws {
        var made = 0
        func source(_ key: String?) -> GeneratedSource {
            GeneratedSource(name: "g", count: 3, cacheKey: key) {
                made += 1
                return Document("document \($0)")
            }
        }
        let first = try TokenStore.cached(source("1"), tokenizer: BytesForTests(), directory: directory.file("c"))
        #expect(made == 3)
        let again = try TokenStore.cached(source("1"), tokenizer: BytesForTests(), directory: directory.file("c"))
        #expect(made == 3 && again.path == first.path)
        _ = try TokenStore.cached(source("1"), tokenizer: PairsForTests(), directory: directory.file("c"))
        #expect(made == 6)
        _ = try TokenStore.cached(source(nil), tokenizer: BytesForTests(), directory: directory.file("c"))
        _ = try TokenStore.cached(source(nil), tokenizer: BytesForTests(), directory: directory.file("c"))
        #expect(made == 6 + 6 + 3)
        // A damaged file is made anew.
        _ = try Files.writeAtomically(first.path, Array(Files.read(first.path).dropLast()))
        _ = try TokenStore.cached(source("1"), tokenizer: BytesForTests(), directory: directory.file("c"))
        #expect(made == 6 + 6 + 3 + 3)
    }

    @Test func emptyCorpora() throws {
        let path = directory.file("e")
        #expect(throws: RhoError(.value, "corpus list is empty: 0 rows read")) {
            try TokenStore.build(ListSource([], name: "list"), tokenizer: BytesForTests(), path: path)
        }
        let rows = try directory.write(
            "rows.jsonl", "{\"text\":\"a\",\"n\":1}\n{\"txt\":\"b\",\"n\":2}\n{\"text\":\"c\",\"n\":1}\n")
        let filtered = try JSONLSource(
            [rows], template: "{text}", onBadRow: .skip, filters: [FieldFilter("n", .equals(2))])
        #expect(
            throws: RhoError(
                .value,
                "corpus rows.jsonl is empty: 3 rows read, 2 filtered out, 1 bad row skipped, the first: "
                    + "\(rows):2: the template asks for field 'text' (did you mean 'txt'?), the row has 'txt', 'n'")
        ) { try TokenStore.build(filtered, tokenizer: BytesForTests(), path: path) }
        #expect(!Files.exists(path))
    }

    @Test func skippedRowsAreRemembered() throws {
        let rows = try directory.write("rows.jsonl", "{\"text\":\"a\"}\nbroken\n")
        let source = try JSONLSource([rows], template: "{text}", onBadRow: .skip)
        #expect(try TokenStore.build(source, tokenizer: BytesForTests(), path: directory.file("k")).skippedRows == 1)
    }

    @Test func errorsLeaveNothingBehind() throws {
        let source = GeneratedSource(name: "g", count: 100_000) { index in
            if index == 90_000 { throw RhoError(.script, "stop") }
            return Document(String(repeating: "x", count: 100))
        }
        #expect(throws: RhoError(.script, "stop")) {
            try TokenStore.build(source, tokenizer: BytesForTests(), path: directory.file("x"), threads: 2)
        }
        let labels = ListSource([Document(text: [1, 2], labels: [0])], name: "odd")
        #expect(throws: RhoError(.value, "a document of odd has 1 labels for 2 bytes")) {
            try TokenStore.build(labels, tokenizer: BytesForTests(), path: directory.file("x"))
        }
        #expect(throws: RhoError(.interrupted, "interrupted")) {
            try TokenStore.build(
                ListSource([Document("a")]), tokenizer: BytesForTests(), path: directory.file("x"),
                progress: { _ in throw RhoError(.interrupted, "interrupted") })
        }
        #expect(throws: RhoError(.io, "cannot write \(directory.path)/no/x: No such file or directory")) {
            try TokenStore.build(ListSource([]), tokenizer: BytesForTests(), path: directory.file("no/x"))
        }
        #expect(try Files.list(directory.path).isEmpty)
    }

    @Test func damagedFiles() throws {
        let path = directory.file("d")
        let store = try TokenStore.build(
            ListSource([Document("hello"), Document("")]), tokenizer: BytesForTests(), path: path)
        let whole = try Files.read(path)
        func expect(_ bytes: [UInt8], _ message: String) throws {
            try Files.writeAtomically(path, bytes)
            #expect(throws: RhoError(.format, "\(path): \(message)")) { try TokenStore(path: path) }
        }
        try expect(Array(whole.dropLast()), "cut off, \(whole.count - 1) of \(whole.count) bytes are there")
        try expect(whole + [0], "1 bytes too long for its header")
        try expect(Array(whole[..<100]), "cut off, 100 bytes do not hold the header")
        try expect([], "not a token store")
        try expect(Array("{\"text\": 1}".utf8), "not a token store")
        var wrong = whole
        wrong[8] = 9
        try expect(wrong, "a token store of version 9, this program reads version 1")
        wrong = whole
        wrong[16] = UInt8(ascii: "[")
        try expect(wrong, "broken header: line 1, byte 7: expected ',' or ']', got ':'")
        wrong = whole
        wrong[whole.count - 9] = 1
        try expect(wrong, "broken: document 1 starts at token \(6 + 1 << 56)")
        #expect(store.tokens(0..<7).count == 7)
        // No single changed byte of the header is more than an error.
        for at in 0..<400 {
            var broken = whole
            broken[at] ^= 0x11
            try Files.writeAtomically(path, broken)
            if let opened = try? TokenStore(path: path) { _ = opened.tokens(0..<opened.tokenCount) }
        }
    }

    @Test func mismatchedTokenizer() throws {
        let path = directory.file("m")
        _ = try TokenStore.build(ListSource([Document("a")]), tokenizer: BytesForTests(), path: path)
        let (bytes, pairs) = (BytesForTests().fingerprint.prefix(12), PairsForTests().fingerprint.prefix(12))
        #expect(
            throws: RhoError(
                .mismatch,
                "\(path): tokenised with \(bytes), but the tokenizer in use is \(pairs); tokenise the corpus again")
        ) { try TokenStore(path: path, tokenizer: PairsForTests()) }
    }

    /// 100 MB of text go through a process of its own, whose peak of resident memory stays far below.
    @Test func memoryStaysBounded() async {
        await #expect(processExitsWith: .success) {
            let directory = try TemporaryDirectory()
            var stream = RandomStream(seed: 3, name: "bulk")
            let body = (0..<10_000).map { _ in UInt8(32 + stream.below(90)) }
            let before = try peakResidentBytes()
            let source = GeneratedSource(name: "bulk", count: 10_000) { _ in Document(text: body) }
            let store = try TokenStore.build(
                source, tokenizer: BytesForTests(), path: directory.file("bulk"), threads: 2)
            try #require(store.tokenCount == 10_000 * 10_001)
            // Neither the building nor a pass over the file of 200 MB, in order or not, holds more of it than this.
            for order in [DataLoader.Order.sequential, .shuffled(seed: 1)] {
                let loader = try DataLoader(Corpus(store), batch: 64, tokens: 256, order: order)
                for step in 0..<loader.stepsPerPass { try #require(loader.batch(step: step).validCount > 0) }
            }
            try #require(try peakResidentBytes() - before < 100 << 20)
        }
    }
}

/// The most memory this process ever had resident, from the kernel's own count (`VmHWM`, in kibibytes).
private func peakResidentBytes() throws -> Int {
    let line = try Files.readText("/proc/self/status").split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    let words = try #require(line).split(whereSeparator: { $0 == " " || $0 == "\t" })
    return try #require(Int(words[1])) * 1024
}
