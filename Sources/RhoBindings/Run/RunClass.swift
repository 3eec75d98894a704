import LuaRuntime
import RhoCore
import RhoTraining

/// A run directory as scripts hold it.
package final class RunBox {
    let directory: RunDirectory
    let origins: JSON?
    /// What the parameters stand for, by name.
    let meanings: [String: String]

    init(_ directory: RunDirectory, origins: JSON?, meanings: [String: String] = [:]) {
        self.directory = directory
        self.origins = origins
        self.meanings = meanings
    }
}

/// Class `RunDirectory`.
struct RunClass {
    let session: Session

    var declaration: LuaClassDeclaration<RunBox> {
        LuaClassDeclaration(
            "RunDirectory",
            doc: "What one run of an experiment writes: manifest, configuration, sources, and a folder for each arm.",
            methods: [
                LuaMethod("dir", doc: "Path of the directory.", returns: [LuaResult(.string, "the path")]) { box, _ in
                    [.string(box.directory.path)]
                },
                LuaMethod(
                    "resumed", doc: "Whether an earlier process began this run.",
                    returns: [LuaResult(.boolean, "whether")]
                ) { box, _ in
                    [.boolean(box.directory.isResumed)]
                },
                arm, compute, finish,
                LuaMethod("describe", doc: "The manifest.", returns: [LuaResult(.table, "the table")]) { box, _ in
                    [LuaValue(json: box.directory.manifest.json)]
                },
            ], describe: { "run directory \($0.directory.path)" })
    }

    private var arm: LuaMethod<RunBox> {
        LuaMethod(
            "arm", doc: "The folder of one trained model: metrics.jsonl, summary.json, checkpoints.",
            parameters: [LuaField("name", .string, required: true, doc: "letters, digits, - and _")],
            returns: [LuaResult(.object("Arm"), "the folder")]
        ) { box, call in
            [.object(ArmBox(try box.directory.arm(call.string("name")), run: box), class: "Arm")]
        }
    }

    private var compute: LuaMethod<RunBox> {
        LuaMethod(
            "compute", doc: "Adds operations to the manifest's account.",
            parameters: [
                LuaField(
                    "purpose", .oneOf(Compute.Purpose.allCases.map(\.rawValue)), required: true,
                    doc: "what they were for"),
                LuaField("flops", .number(min: 0), required: true, doc: "floating-point operations"),
                LuaField("tokens", .integer(min: 0), default: 0, doc: "tokens they were spent on"),
            ]
        ) { box, call in
            if let purpose = Compute.Purpose(rawValue: try call.string("purpose")) {
                box.directory.manifest.compute.add(
                    purpose, flops: try call.double("flops"), tokens: try call.int("tokens"))
            }
            return []
        }
    }

    private var finish: LuaMethod<RunBox> {
        LuaMethod(
            "finish", doc: "Writes summary.json and the final manifest, and gives the directory up.",
            parameters: [
                LuaField("summary", .table, doc: "plain data"),
                LuaField(
                    "status", .oneOf(["done", "failed", "diverged", "stopped"]), default: "done",
                    doc: "how the run ended"),
            ]
        ) { box, call in
            for source in session.sources(call.state) { try box.directory.addSource(source.name, source.bytes) }
            let summary = try call.isSet("summary") ? JSON(call.value("summary"), "summary").asObject : nil
            try box.directory.finish(RunStatus(rawValue: call.string("status")) ?? .done, summary: summary)
            return []
        }
    }
}

extension JSON {
    /// An empty Lua table as an object, where an object is meant.
    var asObject: JSON { self == .array([]) ? .object(JSONObject()) : self }
}
