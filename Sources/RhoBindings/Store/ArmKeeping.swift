import LuaRuntime
import RhoCheckpoint
import RhoCore
import RhoTraining

/// How a finished training goes into the store, and comes back into the folder of an arm.
struct ArmKeeping {
    let session: Session

    private static let metricsName = "metrics.jsonl"
    private static let checkpointName = "checkpoint"

    static let keepRecord = LuaRecord(
        "KeepArmOptions",
        [
            LuaField("step", .integer(min: 0), required: true, doc: "the last step"),
            LuaField("label", .string, default: "", doc: "what a person calls it"),
            LuaField("seconds", .number(min: 0), doc: "what the training took"),
        ])

    var methods: [LuaMethod<ArmBox>] { [config, take, keep] }

    private var config: LuaMethod<ArmBox> {
        LuaMethod(
            "config", doc: "Writes config.json of the folder: what is trained there, and how far.",
            parameters: [LuaField("config", .table, required: true, doc: "plain data")]
        ) { box, call in
            try box.arm.writeConfig(JSON(call.value("config"), "config").asObject)
            return []
        }
    }

    private var take: LuaMethod<ArmBox> {
        LuaMethod(
            "take",
            doc:
                "Puts a stored training into the folder: metrics and the last checkpoint, as if it had been done here.",
            parameters: [LuaField("object", .object("StoredObject"), required: true, doc: "from rho.store.find")],
            returns: [LuaResult(.integer(), "its last step")]
        ) { box, call in
            let object = try call.object("object", as: StoredBox.self).object
            guard let step = try object.value()?["step"]?.intValue else {
                throw RhoError(.format, "\(object.path) is no stored training")
            }
            let arm = box.arm
            // The checkpoint comes last and in one move: a folder that was cut off on the way has none.
            try Files.remove(tree: arm.checkpointsPath)
            try Files.remove(tree: arm.metricsPath)
            try object.place(Self.metricsName, to: arm.metricsPath)
            let name = TrainState.directoryName(step: step)
            let checkpoint = try AtomicDirectory(path: "\(arm.checkpointsPath)/\(name)")
            try object.place(Self.checkpointName, at: checkpoint.temporaryPath)
            try checkpoint.commit()
            try Files.writeAtomically("\(arm.checkpointsPath)/latest", name + "\n")
            return [.integer(step)]
        }
    }

    private var keep: LuaMethod<ArmBox> {
        LuaMethod(
            "keep",
            doc:
                "Keeps the finished training of the folder in the store. A store that cannot be written is a line on stderr: the training itself is safe.",
            parameters: [
                LuaField("key", .object("StoreKey"), required: true, doc: "what it is kept under"),
                LuaField("options", .options(Self.keepRecord.name), required: true, doc: "what it is"),
            ]
        ) { box, call in
            let options = try call.options("options")
            let key = try call.object("key", as: KeyBox.self).key
            let name = TrainState.directoryName(step: try options.int("step"))
            do throws(RhoError) {
                let draft = try session.store.draft()
                try draft.add(box.arm.metricsPath, as: Self.metricsName)
                try draft.add("\(box.arm.checkpointsPath)/\(name)", as: Self.checkpointName)
                try draft.commit(
                    key, value: ["step": JSON(options.int("step"))], label: options.string("label"),
                    seconds: options.optionalDouble("seconds"))
            } catch {
                guard error.code == .io else { throw error }
                Logging.line("\(box.arm.name) is not kept in the store: \(error.message)")
            }
            return []
        }
    }
}
