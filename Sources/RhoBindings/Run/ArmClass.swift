import LuaRuntime
import RhoCheckpoint
import RhoCore
import RhoTraining

/// The folder of one trained model as scripts hold it.
final class ArmBox {
    let arm: ArmDirectory
    let run: RunBox
    /// For speed in metrics: when and at how many tokens the last line was written.
    var lastLine: (seconds: Double, tokens: Int)?
    /// The event file, begun with the first line where the session wants one.
    var events: EventFile?

    init(_ arm: ArmDirectory, run: RunBox) {
        self.arm = arm
        self.run = run
    }
}

/// Class `Arm`.
struct ArmClass {
    let session: Session

    private static let checkpointRecord = LuaRecord(
        "CheckpointOptions",
        [
            LuaField("step", .integer(min: 0), required: true, doc: "steps done"),
            LuaField("model", .object("Model"), required: true, doc: "weights to keep"),
            LuaField("optimiser", .object("Optimiser"), doc: "its moments and counters"),
            LuaField("policy", .object("Policy"), doc: "its state, where it has one"),
            LuaField("state", .table, doc: "plain data that restore gives back, numbers bit for bit"),
            LuaField(
                "identity", .any,
                doc: "plain data that tells this training from others; restore refuses another one's checkpoint"),
            LuaField("keep", .integer(min: 1), default: 2, doc: "checkpoints to keep"),
        ])
    private static let restoreRecord = LuaRecord(
        "RestoreOptions",
        [
            LuaField("model", .object("Model"), required: true, doc: "receives the weights"),
            LuaField("optimiser", .object("Optimiser"), doc: "receives moments and counters"),
            LuaField("policy", .object("Policy"), doc: "receives its state"),
            LuaField("identity", .any, doc: "as given to checkpoint"),
            LuaField(
                "mark", .boolean, default: true,
                doc: "write a line into the metrics that says where the training went on"),
        ])
    static let records = [checkpointRecord, restoreRecord, ArmKeeping.keepRecord]

    var declaration: LuaClassDeclaration<ArmBox> {
        LuaClassDeclaration(
            "Arm", doc: "The folder of one trained model inside a run.",
            methods: [
                LuaMethod("dir", doc: "Path of the folder.", returns: [LuaResult(.string, "the path")]) { box, _ in
                    [.string(box.arm.path)]
                },
                LuaMethod("name", doc: "Name of the arm.", returns: [LuaResult(.string, "the name")]) { box, _ in
                    [.string(box.arm.name)]
                },
                log, checkpoint, restore, at, finish,
                LuaMethod("describe", doc: "Name, path and checkpoints.", returns: [LuaResult(.table, "the table")]) {
                    box, _ in
                    [
                        .record([
                            ("name", .string(box.arm.name)), ("dir", .string(box.arm.path)),
                            ("checkpoints", .list(try TrainState.checkpoints(in: box.arm.checkpointsPath))),
                        ])
                    ]
                },
            ] + ArmKeeping(session: session).methods, describe: { "arm '\($0.arm.name)' in \($0.arm.path)" })
    }

    private var log: LuaMethod<ArmBox> {
        LuaMethod(
            "log",
            doc:
                "Appends a line to metrics.jsonl: step, tokens, and a number for each tag. Adds speed and memory under perf/.",
            parameters: [
                LuaField("line", .table, required: true, doc: "{ step =, tokens =, [\"train/loss\"] =, ... }")
            ],
            example: "arm:log { step = 10, tokens = 40960, [\"train/loss\"] = 3.2 }"
        ) { box, call in
            var values = JSONObject()
            var (step, tokens): (Int?, Int?)
            for (key, value) in try call.table("line").entries() {
                guard let tag = key.stringValue else { throw RhoError(.value, "tags are strings, got \(key.display)") }
                switch tag {
                case "step": step = value.intValue
                case "tokens": tokens = value.intValue
                default: values[tag] = try JSON(value, tag)
                }
            }
            guard let step, let tokens else { throw RhoError(.usage, "a line needs step and tokens, whole numbers") }
            let now = Clock.monotonicSeconds()
            if let last = box.lastLine, now > last.seconds, tokens > last.tokens {
                values["perf/tokens_per_second"] = .number(
                    (Double(tokens - last.tokens) / (now - last.seconds)).rounded())
            }
            values["perf/peak_bytes"] = JSON(Machine.peakResidentBytes)
            box.lastLine = (now, tokens)
            try box.arm.metrics().append(step: step, tokens: tokens, values)
            if session.tensorboard {
                let events = try box.events ?? EventFile(directory: box.arm.path, step: step)
                box.events = events
                try events.append(step: step, tokens: tokens, values)
            }
            return []
        }
    }

    private static func digest(_ identity: LuaValue) throws -> String? {
        identity.isNil ? nil : Fingerprint.of(try JSON(identity, "identity"))
    }

    /// The identity in the newest checkpoint, if it says one.
    private static func knownIdentity(_ root: String) throws(RhoError) -> String? {
        guard let newest = try TrainState.checkpoints(in: root).first,
            let bytes = try? Files.read("\(root)/\(newest)/trainer_state.json"), let json = try? JSON.parse(bytes)
        else { return nil }
        return json["values"]?["identity"]?.stringValue
    }

    private var checkpoint: LuaMethod<ArmBox> {
        LuaMethod(
            "checkpoint", doc: "Writes model, optimiser and state in one move; a crash leaves the checkpoint before.",
            parameters: [
                LuaField("options", .options(Self.checkpointRecord.name), required: true, doc: "what to keep")
            ],
            returns: [LuaResult(.string, "path of the checkpoint")]
        ) { box, call in
            let options = try call.options("options")
            let model = try options.object("model", as: ModelBox.self)
            var values: JSONObject = ["state": try StoredValue.encode(options.value("state"), "state")]
            if let identity = try Self.digest(options.value("identity")) { values["identity"] = JSON(identity) }
            let policy = try options.optionalObject("policy", as: PolicyBox.self)
            let path = try TrainState(step: options.int("step"), values: .object(values)).save(
                root: box.arm.checkpointsPath, model: model.model(),
                optimiser: options.optionalObject("optimiser", as: OptimiserBox.self)?.optimiser,
                tokenizer: model.tokenizer, keeping: options.int("keep")
            ) { directory throws(RhoError) in
                if let policy { try PolicyState.write(policy, into: directory) }
            }
            session.lastCheckpoint = path
            box.run.directory.manifest.setModel(box.arm.name, fingerprint: try model.fingerprint())
            return [.string(path)]
        }
    }

    private var restore: LuaMethod<ArmBox> {
        LuaMethod(
            "restore",
            doc: "Puts the newest checkpoint back and cuts the metrics to its step; without one, empties the metrics.",
            parameters: [LuaField("options", .options(Self.restoreRecord.name), required: true, doc: "what to fill")],
            returns: [LuaResult(.table, "the state that checkpoint was given, or nil")]
        ) { box, call in
            let options = try call.options("options")
            let identity = try Self.digest(options.value("identity"))
            let root = box.arm.checkpointsPath
            if let identity, let other = try Self.knownIdentity(root), other != identity {
                Logging.line(
                    "\(box.arm.name): the checkpoint in \(root) is of a training with other options; starting over")
                try Files.remove(tree: root)
            }
            let model = try options.object("model", as: ModelBox.self)
            var memory: PolicyState?
            guard
                let restored = try TrainState.restoreLatest(
                    root: root, model: model.model(),
                    optimiser: options.optionalObject("optimiser", as: OptimiserBox.self)?.optimiser,
                    also: { directory throws(RhoError) in
                        memory = try PolicyState(directory, tokenizer: model.tokenizer)
                    })
            else {
                try box.arm.restartMetrics()
                return [.nil]
            }
            for warning in restored.warnings { Logging.line("\(box.arm.name): \(warning)") }
            try box.arm.resumeMetrics(at: restored.state.step, marked: options.bool("mark"))
            session.lastCheckpoint = restored.path
            if let policy = try options.optionalObject("policy", as: PolicyBox.self) {
                try memory?.apply(to: policy, in: call.state)
            }
            return [StoredValue.decode(restored.state.values["state"] ?? .object([:]))]
        }
    }

    private var at: LuaMethod<ArmBox> {
        LuaMethod(
            "at", doc: "Step of the newest checkpoint of that training, or nil.",
            parameters: [LuaField("identity", .any, required: true, doc: "as given to checkpoint")],
            returns: [LuaResult(.integer(), "steps done, or nil")]
        ) { box, call in
            let root = box.arm.checkpointsPath
            guard let newest = try TrainState.checkpoints(in: root).first,
                try Self.knownIdentity(root) == Self.digest(call.value("identity")),
                let step = Int(newest.dropFirst("step-".count))
            else { return [.nil] }
            return [.integer(step)]
        }
    }

    private var finish: LuaMethod<ArmBox> {
        LuaMethod(
            "finish", doc: "Writes summary.json and adds the arm's tokens to the manifest.",
            parameters: [
                LuaField("summary", .table, required: true, doc: "plain data; tokens and selected are counted")
            ]
        ) { box, call in
            let summary = try JSON(call.value("summary"), "summary").asObject
            box.run.directory.manifest.tokensSeen += summary["tokens"]?.intValue ?? 0
            box.run.directory.manifest.tokensSelected += summary["selected"]?.intValue ?? 0
            try box.arm.writeSummary(summary)
            try box.run.directory.writeManifest()
            return []
        }
    }
}
