import RhoCore
import RhoTestSupport
import Testing

@Suite struct FilesTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    @Test func writesReadsAndReplaces() throws {
        let path = directory.file("a.txt")
        try Files.writeAtomically(path, "one")
        try Files.writeAtomically(path, "two")
        #expect(try Files.readText(path) == "two")
        #expect(try Files.size(path) == 3)
        #expect(try Files.list(directory.path) == ["a.txt"])
    }

    @Test func readsFilesWithoutASize() throws {
        #expect(try Files.read("/proc/self/status").count > 100)
    }

    @Test func uncommittedFilesLeaveNothing() throws {
        let path = directory.file("part")
        do {
            let file = try AtomicFile(path: path)
            try file.write([1, 2, 3])
        }
        #expect(try Files.list(directory.path).isEmpty)
    }

    @Test func largeWritesAndOverwrites() throws {
        let path = directory.file("large")
        let file = try AtomicFile(path: path)
        var expected: [UInt8] = []
        var stream = RandomStream(seed: 5, name: "file")
        for _ in 0..<200 {
            let piece = [UInt8](repeating: UInt8(stream.below(256)), count: stream.below(20_000))
            try file.write(piece)
            expected += piece
        }
        try file.write([UInt8](repeating: 9, count: 1 << 19))
        expected += [UInt8](repeating: 9, count: 1 << 19)
        try file.overwrite(at: 10, [7, 7, 7])
        expected.replaceSubrange(10..<13, with: [7, 7, 7])
        #expect(file.count == expected.count)
        try file.commit()
        #expect(try Files.read(path) == expected)
        let mapped = try MappedFile(path: path)
        #expect(mapped.bytes.elementsEqual(expected))
    }

    @Test func mapsEmptyFiles() throws {
        #expect(try MappedFile(path: directory.write("empty", "")).bytes.count == 0)
    }

    @Test func directories() throws {
        let deep = directory.file("x/y/z")
        try Files.makeDirectory(deep)
        try Files.makeDirectory(deep)
        #expect(Files.isDirectory(deep))
        _ = try directory.write("x/y/b", "1")
        #expect(try Files.list(directory.file("x/y")) == ["b", "z"])
        try Files.remove(tree: directory.file("x"))
        #expect(!Files.exists(directory.file("x")))
        try Files.remove(tree: directory.file("x"))
    }

    @Test func paths() {
        #expect(Files.parent(of: "a/b/c") == "a/b")
        #expect(Files.parent(of: "a/b/") == "a")
        #expect(Files.parent(of: "c") == ".")
        #expect(Files.parent(of: "/c") == "/")
        #expect(Files.name(of: "a/b/c") == "c")
        #expect(Files.name(of: "c") == "c")
    }

    @Test func errorsNameThePathAndTheReason() throws {
        _ = try directory.write("web.jsonl", "{}")
        let path = directory.path
        #expect(
            throws: RhoError(.io, "cannot open \(path)/web.jsnl: No such file or directory (did you mean 'web.jsonl'?)")
        ) {
            try Files.read("\(path)/web.jsnl")
        }
        #expect(throws: RhoError(.io, "cannot open \(path)/zzzzzzz: No such file or directory")) {
            try MappedFile(path: "\(path)/zzzzzzz")
        }
        #expect(throws: RhoError(.io, "cannot map \(path): not a regular file")) { try MappedFile(path: path) }
        #expect(throws: RhoError(.io, "cannot write \(path)/none/f: No such file or directory")) {
            try Files.writeAtomically("\(path)/none/f", "")
        }
        #expect(throws: RhoError(.io, "cannot make directory \(path)/web.jsonl: File exists")) {
            try Files.makeDirectory("\(path)/web.jsonl")
        }
        #expect(throws: RhoError(.io, "cannot rename \(path)/no to \(path)/b: No such file or directory")) {
            try Files.rename("\(path)/no", "\(path)/b")
        }
    }
}
