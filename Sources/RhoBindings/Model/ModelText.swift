import LuaRuntime
import RhoCore
import RhoModels
import RhoTensor
import RhoText

/// Methods of `Model` that go from text to text, or to numbers about text.
enum ModelText {
    static var methods: [LuaMethod<ModelBox>] { [logits, tokenLosses] }

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
}
