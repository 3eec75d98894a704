import RhoCheckpoint
import RhoCore
import RhoModels
import RhoTensor
import RhoTraining

/// A checkpoint whose trainer_state.json, or one of its files of weights, is damaged.
final class StateTarget: FuzzTarget {
    private let root: String
    private let place: String
    private let model: any LanguageModel
    private let optimiser: AdamW
    private let state: [UInt8]
    private let moments: [UInt8]

    init(folder: String) throws {
        root = "\(folder)/checkpoints"
        model = try TinyModel.make()
        optimiser = try AdamW(model.parameters)
        place = try TrainState(
            step: 3, values: ["identity": "abc", "state": ["tokens": 24, "random": "1 7", "guard": ["bad": 0]]]
        ).save(root: root, model: model, optimiser: optimiser, tokenizer: nil)
        state = try Files.read("\(place)/trainer_state.json")
        moments = try Files.read("\(place)/optimizer.safetensors")
    }

    /// First byte: which file.
    func input(_ random: inout FuzzRandom) -> [UInt8] {
        if random.chance(4) {
            var bytes = moments
            Mutation.damage(&bytes, &random)
            return [1] + bytes
        }
        if random.chance(2), let json = try? JSON.parse(state) {
            return [0] + Array(Mutation.damage(json, &random).serialized().utf8)
        }
        var bytes = state
        Mutation.damage(&bytes, &random)
        return [0] + bytes
    }

    func run(_ bytes: [UInt8]) throws {
        let damaged = Array(bytes.dropFirst())
        try Files.writeScratch("\(place)/trainer_state.json", bytes.first == 0 ? damaged : state)
        try Files.writeScratch("\(place)/optimizer.safetensors", bytes.first == 1 ? damaged : moments)
        _ = try TrainState.restoreLatest(root: root, model: model, optimiser: optimiser)
    }
}

/// The documents of a run directory, as `status`, `compare` and a resumed run read them.
final class RunTarget: FuzzTarget {
    private let run: String
    private let names = [
        "run.json", "lock.json", "identity.json", "arm/metrics.jsonl", "arm/summary.json", "verbs.jsonl",
    ]
    private let seeds: [[UInt8]]

    init(folder: String) throws {
        run = "\(folder)/run"
        let directory = try RunDirectory(
            path: run,
            manifest: Manifest(
                experiment: "x", seed: 1, config: ["keep": 0.6], arguments: [], threads: 1, versions: [:], git: nil))
        let arm = try directory.arm("arm")
        for step in [1, 2] {
            try arm.metrics().append(step: step, tokens: step * 10, ["train/loss": 2.5, "perf/tokens_per_second": 100])
        }
        try arm.metrics().appendEvent("resume", step: 2)
        try arm.writeSummary(["steps": 2, "tokens": 20, "final": ["eval/clean/loss": 1.5]])
        let identity = RunIdentity(experiment: "x", params: ["keep": 0.6], code: "c", engine: "e")
        try identity.write(to: run)
        try Files.writeScratch(
            "\(run)/verbs.jsonl", Array("{\"verb\":\"rho.train\",\"label\":\"arm\",\"outcome\":\"miss\"}\n".utf8))
        seeds = try names.map { name throws(RhoError) in try Files.read("\(folder)/run/\(name)") }
        directory.lock.release()
    }

    /// First byte: which file.
    func input(_ random: inout FuzzRandom) -> [UInt8] {
        let which = random.below(names.count)
        var bytes = seeds[which]
        if random.chance(2), let json = try? JSON.parse(bytes) {
            bytes = Array(Mutation.damage(json, &random).serialized().utf8)
        } else {
            Mutation.damage(&bytes, &random, other: random.pick(seeds))
        }
        return [UInt8(which)] + bytes
    }

    func run(_ bytes: [UInt8]) throws {
        let which = Int(bytes.first ?? 0) % names.count
        for (index, name) in names.enumerated() {
            try Files.writeScratch("\(run)/\(name)", index == which ? Array(bytes.dropFirst()) : seeds[index])
        }
        _ = RunStatus.of(directory: run)
        _ = try? VerbRecord.read(from: run)
        _ = RunLock.owner(of: run)?.isAlive()
        if let identity = RunIdentity.of(directory: run) { _ = identity.digest }
        let record = try RunRecord(path: run)
        _ = StatusView.table([record], below: run).text(ink: .decided(false))
        _ = StatusView.json([record]).serialized()
        try MetricsLog.truncate("\(run)/arm/metrics.jsonl", afterStep: 1)
        _ = try MetricsLog.read("\(run)/arm/metrics.jsonl")
    }
}

/// Event files: whatever the tags and numbers, the records that come out are whole.
final class EventsTarget: FuzzTarget {
    init(folder: String) {}

    func input(_ random: inout FuzzRandom) -> [UInt8] { (0..<random.below(64)).map { _ in random.byte() } }

    func run(_ bytes: [UInt8]) throws {
        let tag = String(decoding: bytes, as: UTF8.self)
        let step = bytes.reduce(0) { $0 &* 257 &+ Int($1) }
        let value = Float(bitPattern: UInt32(truncatingIfNeeded: step))
        let time = Double(bitPattern: UInt64(bitPattern: Int64(step)))
        let file =
            EventRecord.version(wallTime: time) + EventRecord.sessionStart(wallTime: time, step: step)
            + EventRecord.scalars([(tag, value), ("x", 1)], wallTime: time, step: step)
        var (at, records) = (0, 0)
        while at < file.count {
            guard at + 12 <= file.count else { throw Finding("a record without its head") }
            let length = (0..<8).reduce(0) { $0 | Int(file[at + $1]) << (8 * $1) }
            guard length >= 0, at + 16 + length <= file.count else { throw Finding("a record of \(length) bytes") }
            let data = Array(file[(at + 12)..<(at + 12 + length)])
            guard EventRecord.framed(data) == Array(file[at..<(at + 16 + length)]) else {
                throw Finding("a record with a wrong checksum")
            }
            if records == 2, !tag.isEmpty, data.firstRange(of: Array(tag.utf8)) == nil {
                throw Finding("the tag is not there")
            }
            records += 1
            at += 16 + length
        }
        guard records == 3 else { throw Finding("\(records) records") }
    }
}
