import LuaRuntime
import RhoCore
import RhoModels
import RhoText
import RhoTraining

/// `model:generate`.
enum ModelGeneration {
    static let record = LuaRecord(
        "GenerateOptions",
        [
            LuaField(
                "prompts", .anyOf([.string, .list(.string)]), required: true, positional: true,
                doc: "one text or several"),
            LuaField("max_tokens", .integer(min: 0), default: 64, unit: "tokens", doc: "at most so many new tokens"),
            LuaField("temperature", .number(min: 0), default: 0, doc: "0 takes the most probable token"),
            LuaField("top_k", .integer(min: 1), doc: "draw from the k most probable tokens only"),
            LuaField(
                "top_p", .number(min: 0, max: 1, openMin: true), default: 1,
                doc: "draw from the most probable tokens that make up this share"),
            LuaField(
                "repetition_penalty", .number(min: 0, openMin: true), default: 1,
                doc:
                    "divides positive and multiplies negative logits of tokens that are there already (arXiv:1909.05858)"
            ),
            LuaField(
                "stop", .anyOf([.string, .list(.string)]), doc: "texts that end a continuation; they are not part of it"
            ),
            LuaField("seed", .integer(), default: 0, doc: "of the draws"),
            LuaField(
                "on_text", .function,
                doc: "on_text(piece, prompt) sees each continuation as it grows; returning false ends that one"),
        ])

    static var method: LuaMethod<ModelBox> {
        LuaMethod(
            "generate",
            doc: """
                Continues texts. Several prompts run together. The draw for prompt r at position p depends on the seed, r and \
                p only.
                """,
            parameters: [
                LuaField("options", .options(record.name), required: true, doc: "prompts and how to draw")
            ],
            returns: [LuaResult(.anyOf([.string, .list(.string)]), "the continuation, or one for each prompt")],
            example: "print(model:generate { prompts = \"The farm has 35 hens and\", max_tokens = 20 })"
        ) { box, call in
            let options = try call.options("options")
            let given = try options.value("prompts")
            let generation = TextGeneration(
                model: try box.model(), tokenizer: try box.needTokenizer(),
                options: GenerationOptions(
                    maxNewTokens: try options.int("max_tokens"), temperature: try options.double("temperature"),
                    topK: try options.optionalInt("top_k"), topP: try options.double("top_p"),
                    repetitionPenalty: try options.double("repetition_penalty"),
                    seed: UInt64(bitPattern: Int64(try options.int("seed")))),
                stops: texts(try options.value("stop")))
            let outputs = try run(generation, texts(given), watching: options.optionalFunction("on_text"))
            let results = outputs.map { LuaValue.bytes($0.text) }
            return [given.bytesValue != nil ? results.first ?? .nil : .list(results)]
        }
    }

    private static func texts(_ value: LuaValue) -> [[UInt8]] {
        value.bytesValue.map { [$0] } ?? (value.listValue ?? []).compactMap(\.bytesValue)
    }

    /// An error of the function, or Ctrl-C, ends every continuation and is thrown when the batch has come to rest.
    private static func run(
        _ generation: TextGeneration, _ prompts: [[UInt8]], watching function: LuaFunction?
    ) throws -> [TextGeneration.Output] {
        var failure: (any Error)?
        let outputs = try generation.run(prompts) { prompt, piece in
            guard failure == nil else { return false }
            do {
                try Interruption.check()
                guard let function else { return true }
                return try function.call([.bytes(Array(piece)), .integer(prompt + 1)]).first?.boolValue ?? true
            } catch {
                failure = error
                return false
            }
        }
        if let failure { throw failure }
        return outputs
    }
}
