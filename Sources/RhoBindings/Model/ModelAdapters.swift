import LuaRuntime
import RhoCheckpoint
import RhoCore
import RhoModels

/// Methods of `Model` for low-rank adaptation.
enum ModelAdapters {
    static let record = LuaRecord(
        "LoraOptions",
        [
            LuaField("rank", .integer(min: 1), default: 8, doc: "inner width of the adapters"),
            LuaField(
                "alpha", .number(min: 0, openMin: true),
                doc: "the change is scaled by alpha / rank (default: twice the rank)"
            ),
            LuaField(
                "targets", .list(.oneOf(LoRASettings.supported)), default: ["q_proj", "v_proj"],
                doc: "which matrices of each layer are adapted"),
            LuaField("seed", .integer(), default: 0, doc: "of the adapters' first factors; the second start at zero"),
        ])

    static var methods: [LuaMethod<ModelBox>] { [lora, merge, saveAdapter] }

    private static var lora: LuaMethod<ModelBox> {
        LuaMethod(
            "lora",
            doc: """
                A copy whose matrices are frozen and carry low-rank adapters, W + (alpha / rank) B A (arXiv:2106.09685). \
                rho.train trains the adapters alone. It starts as the model itself: B is zero.
                """,
            parameters: [LuaField("options", .options(record.name), doc: "size and places of the adapters")],
            returns: [LuaResult(.object("Model"), "the adapted model")],
            example: "local small = model:lora { rank = 8, targets = { \"q_proj\", \"v_proj\" } }"
        ) { box, call in
            let options = try call.options("options")
            let rank = try options.int("rank")
            let settings = LoRASettings(
                rank: rank, alpha: try options.optionalDouble("alpha") ?? Double(2 * rank),
                targets: try options.list("targets").compactMap(\.stringValue))
            let seed = UInt64(bitPattern: Int64(try options.int("seed")))
            return [box.box(try box.model().adapted(settings, seed: seed)).value]
        }
    }

    private static var merge: LuaMethod<ModelBox> {
        LuaMethod(
            "merge", doc: "A model without adapters that computes the same: each W + (alpha / rank) B A as one matrix.",
            returns: [LuaResult(.object("Model"), "the merged model")]
        ) { box, _ in [box.box(try box.model().merged()).value] }
    }

    private static var saveAdapter: LuaMethod<ModelBox> {
        LuaMethod(
            "save_adapter",
            doc: "Writes the adapters alone, as PEFT reads them: adapter_config.json and adapter_model.safetensors.",
            parameters: [
                LuaField("path", .string, required: true, doc: "the directory"),
                LuaField("base", .string, default: "", doc: "name or path of the model they belong to"),
            ]
        ) { box, call in
            try AdapterFiles.save(box.model(), base: call.string("base"), to: call.string("path"))
            return []
        }
    }
}
