import RhoCore
import RhoTestSupport
import RhoTraining
import Testing

@Suite struct MetricsLogTests {
    @Test func theFileHasExactlyTheseBytes() throws {
        let directory = try TemporaryDirectory()
        let log = try MetricsLog(path: directory.file("arm/metrics.jsonl"))
        try log.append(step: 1, tokens: 4096, ["train/loss": 3.25, "perf/seconds": 0.1, "train/kept": .number(.nan)])
        try log.appendEvent("resume", step: 1)
        try log.append(step: 2, tokens: 8192, ["train/loss": .number(.infinity), "select/selected": 12])
        #expect(
            try Files.readText(log.path) == """
                {"step":1,"tokens":4096,"perf/seconds":0.1,"train/kept":"NaN","train/loss":3.25}
                {"event":"resume","step":1}
                {"step":2,"tokens":8192,"select/selected":12,"train/loss":"Infinity"}

                """)
        #expect(try log.byteCount() == Files.size(log.path))
        let records = try MetricsLog.read(log.path)
        #expect(records.map(\.step) == [1, 2] && records[0]["train/loss"] == 3.25)
        #expect(records[0]["train/kept"]?.isNaN == true && records[1]["train/loss"] == .infinity)
    }

    @Test func numbersReadBackBitForBit() throws {
        let directory = try TemporaryDirectory()
        let log = try MetricsLog(path: directory.file("metrics.jsonl"))
        let values = [0.1, 1.0 / 3, 1e-300, 123456789.123456789, -0.0, .leastNonzeroMagnitude, 4.0]
        for (step, value) in values.enumerated() { try log.append(step: step, tokens: 0, ["x": .number(value)]) }
        let read = try MetricsLog.read(log.path).map { $0["x"]?.bitPattern }
        #expect(read == values.map { Optional($0.bitPattern) })
    }

    @Test func resumeCutsTheLinesAfterTheCheckpoint() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("metrics.jsonl")
        let log = try MetricsLog(path: path)
        for step in 1...5 { try log.append(step: step, tokens: step, ["a": 1]) }
        try MetricsLog.truncate(path, afterStep: 3)
        try log.append(step: 4, tokens: 4, ["a": 2])
        #expect(try MetricsLog.read(path).map(\.step) == [1, 2, 3, 4])
        try MetricsLog.truncate(path, afterStep: 99)
        #expect(try MetricsLog.read(path).count == 4)
        try MetricsLog.truncate(path, afterStep: -1)
        #expect(try Files.size(path) == 0)
        try MetricsLog.truncate(directory.file("absent.jsonl"), afterStep: 3)
    }

    @Test func aLineCutShortByACrashIsRemoved() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("metrics.jsonl", "{\"step\":1,\"tokens\":1}\n{\"step\":2,\"tok")
        #expect(try MetricsLog.read(path).map(\.step) == [1])
        try MetricsLog.truncate(path, afterStep: 5)
        #expect(try Files.readText(path) == "{\"step\":1,\"tokens\":1}\n")
    }

    @Test func reservedTagsAndBadLinesAreRefused() throws {
        let directory = try TemporaryDirectory()
        let log = try MetricsLog(path: directory.file("metrics.jsonl"))
        #expect(throws: RhoError(.value, "a metric cannot be called 'step': every line has that key already")) {
            try log.append(step: 1, tokens: 1, ["step": 2])
        }
        let bad = try directory.write("bad.jsonl", "{\"step\":1,\"tokens\":1}\n{oops}\n")
        #expect { try MetricsLog.read(bad) } throws: { ($0 as? RhoError)?.message.hasPrefix("\(bad):2: ") == true }
    }
}
