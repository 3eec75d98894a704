import Glibc
import RhoCore
import RhoTestSupport
import RhoTraining
import Testing

@Suite struct RunDirectoryTests {
    private func manifest(_ config: JSON = ["keep": 0.6, "dim": 64]) -> Manifest {
        Manifest(experiment: "slm vs clm", seed: 1, config: config, arguments: ["rhoscript", "x.lua"], startedAt: 0)
    }

    @Test func layoutAndContents() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("out")
        let run = try RunDirectory(path: path, manifest: manifest(), overrides: ["keep": "x.lua:3"])
        #expect(!run.isResumed && RunStatus.of(directory: path) == .running)
        try run.addSource("../lib/helper.lua", Array("return 1".utf8))
        run.log("hello\n")
        run.log("world\n")
        let arm = try run.arm("SLM 0.6")
        try arm.metrics().append(step: 1, tokens: 10, ["train/loss": 2])
        try arm.writeSummary(["loss": 1.5])
        run.manifest.compute.add(.training, flops: 1e9, tokens: 10)
        run.manifest.setData("web", hash: "abc", documents: 3)
        try run.finish(.done, summary: ["ok": true])
        #expect(
            try Files.list(path) == [
                "config.json", "log.txt", "overrides.json", "run.json", "slm-0.6", "source", "summary.json",
            ])
        #expect(try Files.readText("\(path)/config.json") == "{\n  \"dim\": 64,\n  \"keep\": 0.6\n}\n")
        #expect(try Files.readText("\(path)/log.txt") == "hello\nworld\n")
        #expect(try Files.readText("\(path)/source/lib/helper.lua") == "return 1")
        #expect(try arm.summary() == ["loss": 1.5])
        #expect(RunStatus.of(directory: path) == .done)
        let json = try JSON.parse(Files.readText("\(path)/run.json"))
        #expect(json["ended"] == "done" && json["seed"] == 1 && json["started"] == "1970-01-01T00:00:00Z")
        #expect(json["data"]?["web"]?["hash"] == "abc")
        #expect(json["code"]?["lib/helper.lua"]?.stringValue == SHA256Hasher.hex(of: "return 1"))
        #expect(json["compute"]?["training"]?["flops"] == 1e9)
        #expect((json["peak_resident_bytes"]?.intValue ?? 0) > 1 << 20)
    }

    @Test func anotherConfigurationIsNotOverwritten() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("out")
        try RunDirectory(path: path, manifest: manifest()).finish(.failed)
        // 64 and 64.0 are the same number.
        let again = try RunDirectory(path: path, manifest: manifest(["dim": 64.0, "keep": 0.6]))
        #expect(again.isResumed)
        try again.finish(.failed)
        #expect(
            throws: RhoError(
                .mismatch, "\(path) holds a run with another configuration: it differs at dim",
                hint: "choose another directory with --out")
        ) { try RunDirectory(path: path, manifest: manifest(["dim": 65, "keep": 0.6])) }
    }

    @Test func aDirectoryWithOtherThingsIsRefused() throws {
        let directory = try TemporaryDirectory()
        _ = try directory.write("thesis.txt", "mine")
        #expect(throws: RhoError.self) { try RunDirectory(path: directory.path, manifest: manifest()) }
    }

    @Test func defaultNamesSortByTimeAndAreSafe() {
        let path = RunDirectory.defaultPath(
            experiment: "slm/vs clm", slug: "../Keep 0.6!", fingerprint: "0123456789abcdef", at: 0)
        #expect(path.hasPrefix("runs/slm-vs-clm/19700101-") || path.hasPrefix("runs/slm-vs-clm/19691231-"))
        #expect(path.hasSuffix("-keep-0.6-01234567"))
    }

    @Test func locksOfDeadProcessesAreReplaced() throws {
        let directory = try TemporaryDirectory()
        let current = RunLock.Owner.current(at: 100)
        #expect(current.isAlive(at: 100))
        var dead = current
        dead.processStart += 1
        #expect(!dead.isAlive(at: 100))
        dead = current
        dead.bootID = "another boot"
        #expect(!dead.isAlive(at: 100))
        var remote = current
        remote.host = "elsewhere"
        #expect(remote.isAlive(at: 200) && !remote.isAlive(at: 300))
        // A live process elsewhere is respected; its last heartbeat decides.
        let json =
            "{\"host\":\"elsewhere\",\"boot_id\":\"b\",\"pid\":7,\"process_start\":1,"
            + "\"heartbeat\":\(Clock.wallSeconds())}"
        _ = try directory.write("lock.json", json)
        #expect(throws: RhoError.self) { try RunLock(directory: directory.path) }
        _ = try directory.write("lock.json", "not json")
        let lock = try RunLock(directory: directory.path)
        #expect(RunLock.owner(of: directory.path)?.process == current.process)
        lock.release()
        #expect(RunLock.owner(of: directory.path) == nil)
        #expect(RunStatus.of(directory: directory.path) == .interrupted)
    }

    /// The heartbeat needs nobody's call, and ends with the lock.
    @Test func locksBeatByThemselves() throws {
        let directory = try TemporaryDirectory()
        let lock = try RunLock(directory: directory.path, beatingEvery: 0.05)
        let first = try #require(RunLock.owner(of: directory.path)).heartbeat
        let deadline = Clock.monotonicSeconds() + 20
        while RunLock.owner(of: directory.path)?.heartbeat == first, Clock.monotonicSeconds() < deadline {
            usleep(20_000)
        }
        #expect(RunLock.owner(of: directory.path).map { $0.heartbeat > first } == true)
        lock.release()
        usleep(200_000)
        #expect(try Files.list(directory.path).isEmpty)
    }

    @Test func fingerprintsFollowContentOnly() {
        #expect(Fingerprint.of(["a": 1, "b": 2.0]) == Fingerprint.of(["b": 2, "a": 1.0]))
        #expect(Fingerprint.of(["a": 1]) != Fingerprint.of(["a": 2]))
        #expect(Fingerprint.firstDifference(["m": ["dim": 1]], ["m": ["dim": 2]]) == "m.dim")
        #expect(Fingerprint.firstDifference(["m": 1], ["m": 1, "x": 2]) == "x")
        #expect(Fingerprint.firstDifference(["m": 1], ["m": 1.0]) == nil)
        #expect(manifest().fingerprint == manifest().fingerprint)
    }

    @Test func gitStateIsReadOrAbsent() throws {
        let directory = try TemporaryDirectory()
        #expect(GitState.read(directory: directory.path) == nil)
    }
}
