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
            let rows = try options.int("batch")
            let (tokens, overflow) = rows.multipliedReportingOverflow(by: context)
            guard !overflow, tokens < 1 << 40 else {
                throw RhoError(.value, "\(call.place): \(rows) rows of \(context) tokens are too many to count")
            }
            let estimate = box.config.trainingMemory(tokens: tokens)
            let copies = try options.int("copies") * estimate.weights
            let total = estimate.total + copies
            let available = AvailableMemory.bytes
            let text = """
                about \(size(total)): weights \(size(estimate.weights)), gradients \(size(estimate.gradients)), AdamW \
                \(size(estimate.optimiser)), activations of \(rows) x \(context) tokens \(size(estimate.activations))\
                \(copies > 0 ? ", other models \(size(copies))" : ""); \
                \(available.map { "\(size($0)) available" } ?? "what is available is not known")
                """
            if try options.bool("require"), let available, total > available {
                throw RhoError(
                    .memory, "training needs \(text)",
                    hint: "take a smaller batch or context, accumulate, LoRA adapters, or a smaller model")
            }
            var pairs: [(String, LuaValue)] = [
                ("weights", .integer(estimate.weights)), ("gradients", .integer(estimate.gradients)),
                ("optimiser", .integer(estimate.optimiser)), ("activations", .integer(estimate.activations)),
                ("copies", .integer(copies)), ("total", .integer(total)), ("text", .string(text)),
            ]
            if let available { pairs.append(("available", .integer(available))) }
            return [.record(pairs)]
        }
    }

    /// 1.25 GiB, 540 MiB.
    private static func size(_ bytes: Int) -> String {
        bytes >= 1 << 30 ? "\(Text.fixed(Double(bytes) / Double(1 << 30), 2)) GiB" : "\(bytes >> 20) MiB"
    }
}
