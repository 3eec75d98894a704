import LuaRuntime
import RhoCore
import RhoModels
import RhoTensor
import RhoText

/// Methods of `Model` that go from text to text, or to numbers about text.
enum ModelText {
    static var methods: [LuaMethod<ModelBox>] { [logits, tokenLosses, generate] }

    private static var logits: LuaMethod<ModelBox> {
        LuaMethod(
            "logits", doc: "Logits after each token of one row, [tokens, vocabulary].",
            parameters: [
                LuaField(
                    "ids", .anyOf([.list(.integer(min: 0)), .string]), required: true, doc: "token ids, or a text")
            ],
            returns: [LuaResult(.object("Tensor"), "logits")]
        ) { box, call in
            let ids: [Int32]
            if let text = try call.value("ids").bytesValue {
                ids = try box.needTokenizer().encode(text)
            } else {
                ids = try call.ints("ids").map { Int32(clamping: $0) }
            }
            let model = try box.model()
            Work.add(box.config, positions: ids.count, context: ids.count)
            return [TensorValues.value(try model.logits(TokenGrid(batch: 1, tokens: ids.count, ids: ids)))]
        }
    }

    private static var tokenLosses: LuaMethod<ModelBox> {
        LuaMethod(
            "token_losses",
            doc: """
                A text token by token: pieces, and the loss and entropy of each. The first token has nothing before it unless \
                the tokenizer has <|endoftext|>, which then stands for the start.
                """,
            parameters: [LuaField("text", .string, required: true, doc: "the text")],
            returns: [LuaResult(.table, "{ pieces = {...}, loss = {...}, entropy = {...}, ids = {...} }")]
        ) { box, call in
            let text = try call.bytes("text")
            let losses = try TextLosses.of(text, box)
            return [
                .record([
                    ("pieces", .list(losses.pieces.map { LuaValue.bytes($0) })), ("loss", .list(losses.loss)),
                    ("entropy", .list(losses.entropy)), ("ids", .list(losses.ids.map(Int.init))),
                ])
            ]
        }
    }

    static let generateRecord = LuaRecord(
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
                "stop", .anyOf([.string, .list(.string)]), doc: "texts that end a continuation; they are not part of it"
            ),
            LuaField("seed", .integer(), default: 0, doc: "of the draws"),
        ])

    private static var generate: LuaMethod<ModelBox> {
        LuaMethod(
            "generate", doc: "Continues texts.",
            parameters: [
                LuaField("options", .options(generateRecord.name), required: true, doc: "prompts and how to draw")
            ],
            returns: [LuaResult(.anyOf([.string, .list(.string)]), "the continuation, or one for each prompt")],
            example: "print(model:generate { prompts = \"The farm has 35 hens and\", max_tokens = 20 })"
        ) { box, call in
            let options = try call.options("options")
            let given = try options.value("prompts")
            let prompts = given.bytesValue.map { [$0] } ?? (given.listValue ?? []).compactMap(\.bytesValue)
            let stop = try options.value("stop")
            let continuation = Continuations(
                maxTokens: try options.int("max_tokens"), temperature: try options.double("temperature"),
                topK: try options.optionalInt("top_k"), topP: try options.double("top_p"),
                stop: stop.bytesValue.map { [$0] } ?? (stop.listValue ?? []).compactMap(\.bytesValue),
                seed: UInt64(bitPattern: Int64(try options.int("seed"))))
            let texts = try continuation.run(box, prompts).map { LuaValue.bytes($0) }
            return [given.bytesValue != nil ? texts.first ?? .nil : .list(texts)]
        }
    }
}

/// How texts are continued up to a stop text.
struct Continuations {
    var maxTokens: Int
    var temperature = 0.0
    var topK: Int?
    var topP = 1.0
    var stop: [[UInt8]] = []
    var seed: UInt64 = 0

    func run(_ box: ModelBox, _ prompts: [[UInt8]]) throws -> [[UInt8]] {
        let tokenizer = try box.needTokenizer()
        let options = GenerationOptions(
            maxNewTokens: maxTokens, temperature: temperature, topK: topK, topP: topP,
            stopIDs: tokenizer.endOfText.map { [$0] } ?? [], seed: seed)
        let inputs = prompts.map { Self.input($0, tokenizer) }
        var texts = [[UInt8]](repeating: [], count: prompts.count)
        _ = try box.model().generate(inputs, options) { prompt, id in
            texts[prompt] += tokenizer.bytes(of: id)
            return !stop.contains { Self.find($0, in: texts[prompt]) != nil }
        }
        return texts.map { text in
            let cut = stop.compactMap { Self.find($0, in: text) }.min()
            return cut.map { Array(text[..<$0]) } ?? text
        }
    }

    /// A document starts after the end of another, so a prompt does too: the model has seen no other beginning.
    static func input(_ prompt: [UInt8], _ tokenizer: any Tokenizer) -> [Int32] {
        let start = tokenizer.beginOfText ?? tokenizer.endOfText
        return (start.map { [$0] } ?? []) + tokenizer.encode(prompt)
    }

    static func find(_ needle: [UInt8], in text: [UInt8]) -> Int? {
        guard !needle.isEmpty, text.count >= needle.count else { return nil }
        return (0...(text.count - needle.count)).first { text[$0..<$0 + needle.count].elementsEqual(needle) }
    }
}
