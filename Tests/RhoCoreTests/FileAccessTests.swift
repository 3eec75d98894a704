import Glibc
import RhoCore
import RhoTestSupport
import Testing

@Suite struct FileAccessTests {
    let directory: TemporaryDirectory
    let access: FileAccess

    init() throws {
        directory = try TemporaryDirectory()
        _ = try directory.write("own/a.txt", "a")
        _ = try directory.write("own/deep/b.txt", "b")
        _ = try directory.write("out/c.txt", "c")
        _ = try directory.write("own.txt", "d")
        try Files.makeDirectory(directory.file("run"))
        symlink("../out", directory.file("own/link"))
        symlink("../out/c.txt", directory.file("own/file"))
        symlink("../nothing", directory.file("own/dangling"))
        symlink("deep/b.txt", directory.file("own/inside"))
        access = try FileAccess(reading: [directory.file("own")], writing: [directory.file("run")])
    }

    @Test(arguments: [
        ("own", true), ("own/a.txt", true), ("own/deep/b.txt", true), ("own/deep/../a.txt", true), ("own/inside", true),
        ("own/new/x", true), ("own/", true), ("run", true), ("own/link/c.txt", false), ("own/file", false),
        ("own/dangling", false), ("own/dangling/x", false), ("out/c.txt", false), ("own/../out/c.txt", false),
        ("own.txt", false), ("own/new/../../out", false), ("", false), ("own/a\0", false), ("own/link/new", false),
    ])
    func readsBelowWhatIsNamed(_ name: String, _ allowed: Bool) {
        #expect(access.allows(name.isEmpty ? "" : directory.file(name), .read) == allowed)
    }

    @Test(arguments: [
        ("run/x", true), ("run/a/b/c", true), ("run", true), ("own/x", false), ("own/a.txt", false), ("running", false),
        ("run/../own/x", false),
    ])
    func writesBelowWhatIsNamed(_ name: String, _ allowed: Bool) {
        #expect(access.allows(directory.file(name), .write) == allowed)
    }

    @Test func whatIsNotThereCannotBeNamed() {
        #expect(throws: RhoError.self) { try FileAccess(reading: [directory.file("nothing")], writing: []) }
    }
}
