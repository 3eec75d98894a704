import Glibc
import RhoCore
import RhoTestSupport
import RhoTraining
import Testing

@Suite struct ObjectStoreTests {
    private func key(_ parts: JSONObject, verb: String = "rho.score", engine: String = "e") -> ObjectKey {
        ObjectKey(verb: verb, engine: engine, parts: parts)
    }

    /// Stores one payload file under a key.
    @discardableResult
    private func put(_ store: ObjectStore, _ key: ObjectKey, _ text: String, value: JSON? = nil) throws -> StoredObject
    {
        let draft = try store.draft()
        try Files.writeAtomically("\(draft.path)/data.txt", text)
        return try draft.commit(key, value: value, label: text, seconds: 1.5)
    }

    @Test func keysSayWhatTheyAreMadeOf() {
        #expect(key(["lr": 1, "n": 2]).digest == key(["n": 2, "lr": 1.0]).digest)
        #expect(key(["lr": 1]).digest != key(["lr": 2]).digest)
        #expect(key(["lr": 1]).digest != key(["lr": 1], verb: "rho.train").digest)
        #expect(key(["lr": 1]).digest != key(["lr": 1], engine: "f").digest)
        let noted = ObjectKey(verb: "v", engine: "e", parts: ["a": 1], notes: ["data": "web"])
        #expect(noted.digest == ObjectKey(verb: "v", engine: "e", parts: ["a": 1]).digest)
        #expect(ObjectKey(json: noted.json) == noted)
        var forged = noted.json
        forged["parts"] = ["a": 2]
        #expect(ObjectKey(json: forged) == nil)
    }

    @Test func differencesAreNamedToTheLeaf() {
        let before = key(["lr": 0.003, "model": ["dim": 64, "layers": 2], "data": ["a", "b"], "gone": true])
        let after = key(
            ["lr": 0.001, "model": ["dim": 64, "layers": 3], "data": ["a", "c"], "new": "x"], engine: "f")
        #expect(
            after.differences(from: before).map(\.text) == [
                "data[2]: \"b\" -> \"c\"", "gone: true -> (not there)", "lr: 0.003 -> 0.001", "model.layers: 2 -> 3",
                "new: (not there) -> \"x\"", "engine: \"e\" -> \"f\"",
            ])
        let hashes = (String(repeating: "a", count: 64), String(repeating: "b", count: 64))
        #expect(
            key(["data": JSON(hashes.1)]).differences(from: key(["data": JSON(hashes.0)])).map(\.text)
                == ["data: aaaaaaaaaaaa -> bbbbbbbbbbbb"])
    }

    @Test func storedResultsAreFoundAgain() throws {
        let directory = try TemporaryDirectory()
        let store = ObjectStore(root: directory.file("cache"))
        #expect(store.find(key(["a": 1])) == nil)
        try put(store, key(["a": 1]), "hen", value: ["loss": 2.5])
        let found = try #require(ObjectStore(root: store.root).find(key(["a": 1])))
        #expect(try Files.readText(found.file("data.txt")) == "hen")
        #expect(try found.value() == ["loss": 2.5])
        #expect(found.label == "hen" && found.seconds == 1.5)
        #expect(store.find(key(["a": 2])) == nil)
        #expect(try Files.list("\(store.root)/objects").allSatisfy { !$0.hasPrefix(".") })
    }

    @Test func theFirstOfTwoStays() throws {
        let directory = try TemporaryDirectory()
        let store = ObjectStore(root: directory.file("cache"))
        let (slow, fast) = (try store.draft(), try store.draft())
        try Files.writeAtomically("\(slow.path)/data.txt", "slow")
        try Files.writeAtomically("\(fast.path)/data.txt", "fast")
        try fast.commit(key(["a": 1]))
        let object = try slow.commit(key(["a": 1]))
        #expect(try Files.readText(object.file("data.txt")) == "fast")
        #expect(try Files.list("\(store.root)/objects") == [key(["a": 1]).digest])
    }

    @Test func whatIsNotCommittedLeavesNothing() throws {
        let directory = try TemporaryDirectory()
        let store = ObjectStore(root: directory.file("cache"))
        do {
            let draft = try store.draft()
            try Files.writeAtomically("\(draft.path)/data.txt", "half")
        }
        #expect(try Files.list("\(store.root)/objects").isEmpty)
        // What a killed process left is swept by the next one; what a live one writes stays.
        let dead = "\(store.root)/objects/.tmp-elsewhere-1-1-1"
        try Files.makeDirectory(dead)
        var old = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 1, tv_nsec: 0)]
        utimensat(AT_FDCWD, dead, &old, 0)
        let live = try ObjectStore(root: store.root).draft()
        #expect(!Files.exists(dead))
        _ = try ObjectStore(root: store.root).draft()
        #expect(Files.exists(live.path))
    }

    @Test func damageIsFoundAndMadeGood() throws {
        let directory = try TemporaryDirectory()
        let store = ObjectStore(root: directory.file("cache"))
        let whole = try put(store, key(["a": 1]), "whole")
        let short = try put(store, key(["a": 2]), "short")
        let other = try put(store, key(["a": 3]), "other")
        try Files.writeAtomically(short.file("data.txt"), "sho")
        try Files.writeAtomically(other.file("data.txt"), "OTHER")
        #expect(store.find(key(["a": 2])) == nil)
        let report = try store.verify(repairing: true)
        #expect(report.checked == 3)
        #expect(
            Set(report.damaged.map(\.reason)) == [
                "data.txt has 3 bytes instead of 5", "data.txt has another content than when it was stored",
            ])
        #expect(try Files.list("\(store.root)/objects") == [Files.name(of: whole.path)])
        try put(store, key(["a": 2]), "short")
        #expect(store.find(key(["a": 2])) != nil)
    }

    @Test func aDamagedObjectMakesRoomForAWholeOne() throws {
        let directory = try TemporaryDirectory()
        let store = ObjectStore(root: directory.file("cache"))
        let object = try put(store, key(["a": 1]), "whole")
        try Files.remove(tree: object.file("data.txt"))
        try put(store, key(["a": 1]), "again")
        #expect(try Files.readText(try #require(store.find(key(["a": 1]))).file("data.txt")) == "again")
    }

    @Test func theLeastRecentlyUsedGoFirst() throws {
        let directory = try TemporaryDirectory()
        let store = ObjectStore(root: directory.file("cache"))
        for index in 1...4 {
            let object = try put(store, key(["a": JSON(index)]), String(repeating: "x", count: 100))
            var times = [timespec(tv_sec: 1000 * index, tv_nsec: 0), timespec(tv_sec: 1000 * index, tv_nsec: 0)]
            utimensat(AT_FDCWD, object.file("meta.json"), &times, 0)
        }
        // Finding an object counts as use.
        #expect(store.find(key(["a": 1])) != nil)
        let result = try store.collect(limit: 250, sparing: 0)
        #expect(result.removed == 2 && result.removedBytes == 200)
        #expect(result.kept == 2 && result.keptBytes == 200)
        #expect(store.find(key(["a": 2])) == nil && store.find(key(["a": 3])) == nil)
        #expect(store.find(key(["a": 1])) != nil && store.find(key(["a": 4])) != nil)
        // Objects in recent use stay whatever the limit.
        #expect(try store.collect(limit: 0).removed == 0)
    }

    @Test func theNearestObjectIsTheOneWithTheFewestChanges() throws {
        let directory = try TemporaryDirectory()
        let store = ObjectStore(root: directory.file("cache"))
        try put(store, key(["lr": 1, "n": 1]), "near")
        try put(store, key(["lr": 3, "n": 3]), "far")
        try put(store, key(["lr": 2, "n": 1], verb: "rho.train"), "other verb")
        let nearest = try #require(store.nearest(to: key(["lr": 2, "n": 1])))
        #expect(nearest.object.label == "near")
        #expect(nearest.differences.map(\.text) == ["lr: 1 -> 2"])
    }

    @Test func aStoreThatCannotBeWrittenSaysSo() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write("file", "no directory")
        let store = ObjectStore(root: "\(file)/cache")
        #expect(store.find(key(["a": 1])) == nil)
        let error = #expect(throws: RhoError.self) { try store.draft() }
        #expect(error?.code == .io)
        #expect(
            error?.message == "the store \(file)/cache cannot be written: cannot make directory \(file): File exists")
        #expect(error?.hint == "choose another with --cache DIR or RHO_CACHE")
    }

    @Test func linksSaveCopies() throws {
        let directory = try TemporaryDirectory()
        let store = ObjectStore(root: directory.file("cache"))
        let weights = try directory.write("weights", String(repeating: "w", count: 1 << 17))
        let log = try directory.write("metrics.jsonl", "{}\n")
        let draft = try store.draft()
        try draft.add(weights, as: "checkpoint/weights")
        try draft.add(log, as: "metrics.jsonl")
        let object = try draft.commit(key(["a": 1]))
        func inode(_ path: String) -> UInt {
            var status = stat()
            return stat(path, &status) == 0 ? UInt(status.st_ino) : 0
        }
        #expect(inode(object.file("checkpoint/weights")) == inode(weights))
        #expect(inode(object.file("metrics.jsonl")) != inode(log))
        try object.place("checkpoint", at: directory.file("out"))
        #expect(inode(directory.file("out/weights")) == inode(weights))
        #expect(!Files.exists(directory.file("out/metrics.jsonl")))
    }

    @Test func hashesOfFilesAreRemembered() throws {
        let directory = try TemporaryDirectory()
        let memos = ContentMemo(root: directory.file("cache"))
        let file = try directory.write("data", "one")
        #expect(try FileHash.memoised(file, in: memos) == SHA256Hasher.hex(of: "one"))
        var past = [timespec(tv_sec: 1000, tv_nsec: 0), timespec(tv_sec: 1000, tv_nsec: 0)]
        utimensat(AT_FDCWD, file, &past, 0)
        #expect(try FileHash.memoised(file, in: memos) == SHA256Hasher.hex(of: "one"))
        #expect(try Files.list(directory.file("cache/memos")).count == 1)
        try Files.writeAtomically(file, "two")
        #expect(try FileHash.memoised(file, in: memos) == SHA256Hasher.hex(of: "two"))
    }

    @Test func manyWritersOfOneKeyLeaveOneWholeObject() async throws {
        let directory = try TemporaryDirectory()
        let root = directory.file("cache")
        let wanted = key(["a": 1])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<16 {
                group.addTask {
                    let draft = try ObjectStore(root: root).draft()
                    try Files.writeAtomically("\(draft.path)/data.txt", "writer \(index)")
                    try draft.commit(wanted)
                }
            }
            try await group.waitForAll()
        }
        #expect(try Files.list("\(root)/objects") == [wanted.digest])
        #expect(try ObjectStore(root: root).verify(repairing: false).damaged.isEmpty)
    }
}
