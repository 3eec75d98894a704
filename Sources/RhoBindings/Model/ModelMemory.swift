import LuaRuntime
import RhoCore
import RhoModels
import RhoTraining

/// `model:memory`.
enum ModelMemory {
    static let record = LuaRecord(
        "MemoryOptions",
        [
            LuaField("batch", .integer(min: 1), default: 32, unit: "rows", doc: "rows of a forward and backward pass"),
            LuaField(
                "context", .integer(min: 1), unit: "tokens", doc: "tokens of a row (default: the model's context)"),
            LuaField(
                "copies", .integer(min: 0), default: 0,
                doc: "further models of this size that are held meanwhile, weights only"
            ),
            LuaField("require", .boolean, default: false, doc: "an error, with the numbers, where it does not fit"),
        ])

    static var method: LuaMethod<ModelBox> {
        LuaMethod(
            "memory",
            doc: """
                What training takes: weights, gradients and AdamW's two moments, what the forward pass keeps for the backward \
                pass, and what this machine has left.
                """,
            parameters: [LuaField("options", .options(record.name), doc: "batch, and what else is held")],
            returns: [
                LuaResult(
                    .table,
                    "bytes: { weights =, gradients =, optimiser =, activations =, copies =, total =, available = }, and a text"
                )
            ],
            example: "print(model:memory { batch = 8, require = true }.text)"
        ) { box, call in
            let options = try call.options("options")
            let context = try options.optionalInt("context") ?? box.config.context
            let (rows, copies) = (try options.int("batch"), try options.int("copies"))
            let memory: TrainingMemory
            do throws(RhoError) {
                memory = try TrainingMemory(box.config, rows: rows, context: context, copies: copies)
            } catch { throw error.at(call.place) }
            let available = AvailableMemory.bytes
            if try options.bool("require") { try memory.require(available) }
            let left = available.map { "\(TrainingMemory.size($0)) available" } ?? "what is available is not known"
            let estimate = memory.estimate
            var pairs: [(String, LuaValue)] = [
                ("weights", .integer(estimate.weights)), ("gradients", .integer(estimate.gradients)),
                ("optimiser", .integer(estimate.optimiser)), ("activations", .integer(estimate.activations)),
                ("copies", .integer(memory.copies)), ("total", .integer(memory.total)),
                ("text", .string("\(memory.text); \(left)")),
            ]
            if let available { pairs.append(("available", .integer(available))) }
            return [.record(pairs)]
        }
    }
}
