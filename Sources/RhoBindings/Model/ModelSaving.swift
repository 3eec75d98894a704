import LuaRuntime
import RhoCheckpoint
import RhoCore

/// `model:save`.
enum ModelSaving {
    static let record = LuaRecord(
        "SaveModelOptions",
        [
            LuaField(
                "type", .oneOf(["f32", "bf16", "f16", "q8_0"]), doc: "number format (default: f32, of GGUF: f16)"),
            LuaField(
                "shard_bytes", .integer(min: 1), default: .integer(HFCheckpoint.shardBytes), unit: "bytes",
                doc: "weights beyond this are split over several files"),
        ])

    static var method: LuaMethod<ModelBox> {
        LuaMethod(
            "save",
            doc: """
                Writes config.json, model.safetensors and tokenizer.json, as Hugging Face tools read them; the directory \
                appears whole or not at all. Chat template and generation settings that came with the model go with it. A path \
                that ends in .gguf gets one file in that form, f32, f16 or q8_0.
                """,
            parameters: [
                LuaField("path", .string, required: true, doc: "the directory, or a file that ends in .gguf"),
                LuaField("options", .options(record.name), doc: "number format and size of files"),
            ]
        ) { box, call in
            let (path, options) = (try call.string("path"), try call.options("options"))
            let given = try options.optionalString("type")
            if box.isStandIn { return [] }
            if path.hasSuffix(".gguf") {
                guard let format = GGUFModel.Format(rawValue: given ?? "f16") else {
                    throw RhoError(
                        .value, "\(call.place): a GGUF file is written as f32, f16 or q8_0, got \(given ?? "")")
                }
                try Files.makeDirectory(Files.parent(of: path))
                try GGUFModel.save(
                    box.model(), tokenizer: box.tokenizer, to: path, format: format, companions: box.companions)
            } else {
                guard let type = ElementType(rawValue: (given ?? "f32").uppercased()) else {
                    throw RhoError(
                        .value, "\(call.place): \(given ?? "") is a format of .gguf files; there are f32, bf16, f16")
                }
                try HFCheckpoint.save(
                    box.model(), tokenizer: box.tokenizer, to: path, type: type,
                    shardBytes: options.int("shard_bytes"), companions: box.companions)
            }
            return []
        }
    }
}
