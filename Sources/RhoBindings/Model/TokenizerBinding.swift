import LuaRuntime
import RhoCore
import RhoData
import RhoText

/// A tokenizer as scripts hold it.
final class TokenizerBox {
    let tokenizer: any Tokenizer
    init(_ tokenizer: any Tokenizer) { self.tokenizer = tokenizer }
    var value: LuaValue { .object(self, class: "Tokenizer") }
}

/// Module `rho.tokenizer`.
struct TokenizerBinding {
    let session: Session

    var module: LuaModuleDeclaration {
        LuaModuleDeclaration(
            "rho.native.tokenizer",
            doc:
                "Tokenizers: text to token ids and back, byte for byte. Ids are those of tokenizer.json and start at 0.",
            functions: [bytes, train, load], classes: [Self.classDeclaration],
            records: [trainRecord, Self.encodeRecord])
    }

    private static let result = [LuaResult(.object("Tokenizer"), "the tokenizer")]

    private var bytes: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.tokenizer.bytes", doc: "One token per byte, and <|endoftext|>.", returns: Self.result,
            example: "return rho.tokenizer.bytes():encode(\"hen\")"
        ) { _ in [TokenizerBox(ByteTokenizer()).value] }
    }

    private let trainRecord = LuaRecord(
        "TrainBpeOptions",
        [
            LuaField(
                "data", .anyOf([.object("Corpus"), .list(.object("Corpus"))]), required: true, doc: "text to learn from"
            ),
            LuaField(
                "vocab_size", .integer(min: 257, max: 1 << 20), required: true, unit: "tokens",
                doc: "size of the vocabulary, bytes and <|endoftext|> included"),
            LuaField(
                "pattern", .oneOf(TokenizerCatalog.patterns), default: "gpt4", doc: "where text is cut before merging"),
            LuaField(
                "bytes", .integer(min: 1), unit: "bytes",
                doc: "learn from about so much of each corpus, its beginning (default: all)"),
            LuaField(
                "specials", .list(.string), default: ["<|endoftext|>"],
                doc: "special tokens, at the ids 0, 1, ...; <|endoftext|> separates documents"),
            LuaField(
                "min_frequency", .integer(min: 1), default: 1, doc: "pairs that occur less often are not merged"),
        ])

    private var train: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.tokenizer.train_bpe",
            doc: "Byte-level byte-pair encoding learnt from text; the same text gives the same tokenizer.",
            parameters: [LuaField("options", .options(trainRecord.name), required: true, doc: "text and size")],
            returns: Self.result,
            example: "local tok = rho.tokenizer.train_bpe { data = { clean, web }, vocab_size = 4096 }"
        ) { call in
            let options = try call.options("options")
            let corpora: [CorpusBox]
            if let one = try? options.object("data", as: CorpusBox.self) {
                corpora = [one]
            } else {
                corpora = try options.list("data").compactMap { $0.object(as: CorpusBox.self) }
            }
            guard !corpora.isEmpty else { throw RhoError(.value, "data must hold at least one corpus") }
            let limit = try options.optionalInt("bytes")
            let sources = try corpora.map { corpus -> any DocumentSource in
                try limit.map { try TakenSource(corpus.source, bytes: $0) } ?? corpus.source
            }
            let training = TokenizerTraining(
                store: session.store, sources: sources, names: corpora.map(\.name),
                vocabularySize: try options.int("vocab_size"),
                pattern: SplitPattern(rawValue: try options.string("pattern")) ?? .gpt4,
                specials: try options.strings("specials"), minimumCount: try options.int("min_frequency"))
            return [TokenizerBox(try training.tokenizer()).value]
        }
    }

    private var load: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.tokenizer.load", doc: "A tokenizer.json file, or the one in a directory.",
            parameters: [LuaField("path", .string, required: true, doc: "file or directory")], returns: Self.result
        ) { call in
            let path = try session.input(call.string("path"))
            return [
                TokenizerBox(try TokenizerCatalog.load(path: Files.isDirectory(path) ? "\(path)/tokenizer.json" : path))
                    .value
            ]
        }
    }

    private static var classDeclaration: LuaClassDeclaration<TokenizerBox> {
        LuaClassDeclaration(
            "Tokenizer", doc: "Text to token ids and back.",
            methods: [encode, decode, pieces, id, token, size, save, fingerprint, describe],
            describe: { "tokenizer \($0.tokenizer.kind), \($0.tokenizer.vocabularySize) tokens" })
    }

    private static let textField = LuaField("text", .string, required: true, doc: "any bytes")

    private static let encodeRecord = LuaRecord(
        "EncodeOptions",
        [
            LuaField(
                "specials", .boolean, default: false,
                doc: "special tokens in the text get their own ids: for prompts that a script composed, never for data")
        ])

    private static var encode: LuaMethod<TokenizerBox> {
        LuaMethod(
            "encode", doc: "The token ids of a text. Special tokens never come from text, unless that is asked for.",
            parameters: [textField, LuaField("options", .options(encodeRecord.name), doc: "how to read the text")],
            returns: [LuaResult(.list(.integer()), "ids")], example: "return rho.tokenizer.bytes():encode(\"hen\")"
        ) { box, call in
            let text = try call.bytes("text")
            let parses = try call.optionalOptions("options")?.bool("specials") ?? false
            return [
                .list((parses ? box.tokenizer.encodeParsingSpecials(text) : box.tokenizer.encode(text)).map(Int.init))
            ]
        }
    }

    private static var decode: LuaMethod<TokenizerBox> {
        LuaMethod(
            "decode", doc: "The text that ids stand for.",
            parameters: [LuaField("ids", .list(.integer(min: 0)), required: true, doc: "token ids")],
            returns: [LuaResult(.string, "the text")]
        ) { box, call in
            [.bytes(box.tokenizer.decode(try call.ints("ids").map { Int32(clamping: $0) }))]
        }
    }

    private static var pieces: LuaMethod<TokenizerBox> {
        LuaMethod(
            "pieces", doc: "A text cut into its tokens.", parameters: [textField],
            returns: [LuaResult(.list(.string), "the tokens' texts")]
        ) { box, call in
            [.list(box.tokenizer.encode(try call.bytes("text")).map { LuaValue.bytes(box.tokenizer.bytes(of: $0)) })]
        }
    }

    private static var id: LuaMethod<TokenizerBox> {
        LuaMethod(
            "id", doc: "The id of a token by its text, special tokens included; nil if there is none.",
            parameters: [LuaField("token", .string, required: true, doc: "such as <|endoftext|>")],
            returns: [LuaResult(.integer(), "the id")]
        ) { box, call in [box.tokenizer.id(of: try call.string("token")).map { .integer(Int($0)) } ?? .nil] }
    }

    private static var token: LuaMethod<TokenizerBox> {
        LuaMethod(
            "token", doc: "The text of a token.",
            parameters: [LuaField("id", .integer(min: 0), required: true, doc: "token id")],
            returns: [LuaResult(.string, "the text")]
        ) { box, call in [.bytes(box.tokenizer.bytes(of: Int32(clamping: try call.int("id"))))] }
    }

    private static var size: LuaMethod<TokenizerBox> {
        LuaMethod("vocab_size", doc: "Number of tokens.", returns: [LuaResult(.integer(), "tokens")]) { box, _ in
            [.integer(box.tokenizer.vocabularySize)]
        }
    }

    private static var save: LuaMethod<TokenizerBox> {
        LuaMethod(
            "save", doc: "Writes the tokenizer as Hugging Face's tokenizer.json.",
            parameters: [
                LuaField("path", .string, required: true, doc: "file, or a directory to put tokenizer.json into")
            ]
        ) { box, call in
            let path = try call.string("path")
            let file = Files.isDirectory(path) || path.hasSuffix("/") ? "\(path)/tokenizer.json" : path
            try Files.makeDirectory(Files.parent(of: file))
            try Files.writeAtomically(file, box.tokenizer.tokenizerJSON())
            return []
        }
    }

    private static var fingerprint: LuaMethod<TokenizerBox> {
        LuaMethod("fingerprint", doc: "SHA-256 of the tokenizer.", returns: [LuaResult(.string, "hexadecimal")]) {
            box, _ in
            [.string(box.tokenizer.fingerprint)]
        }
    }

    private static var describe: LuaMethod<TokenizerBox> {
        LuaMethod("describe", doc: "Kind, size and fingerprint.", returns: [LuaResult(.table, "the table")]) { box, _ in
            [
                .record([
                    ("kind", .string(box.tokenizer.kind)), ("vocab_size", .integer(box.tokenizer.vocabularySize)),
                    ("fingerprint", .string(box.tokenizer.fingerprint)),
                ])
            ]
        }
    }
}
