import LuaRuntime
import RhoCore
import RhoData
import RhoTensor

/// A loader as scripts hold it.
final class LoaderBox {
    let loader: DataLoader
    let tokens: TokensBox
    let seed: UInt64

    init(_ loader: DataLoader, tokens: TokensBox, seed: UInt64) {
        self.loader = loader
        self.tokens = tokens
        self.seed = seed
    }

    /// The batch of a step counted from 1.
    func batch(_ step: Int) -> BatchBox {
        BatchBox(loader.batch(step: step - 1), loader: self, piece: 0, pieces: 1, tokenOffset: 0)
    }
}

/// `rho.loader` and class `Loader`.
struct LoaderBinding {
    let session: Session

    static let record = LuaRecord(
        "LoaderOptions",
        [
            LuaField(
                "data", .anyOf([.object("Corpus"), .object("Tokens")]), required: true, doc: "text, or stored tokens"),
            LuaField("tokenizer", .object("Tokenizer"), doc: "needed with a corpus"),
            LuaField("batch", .integer(min: 1), default: 32, unit: "rows", doc: "rows of a batch"),
            LuaField("context", .integer(min: 1), default: 256, unit: "tokens", doc: "tokens of a row"),
            LuaField("seed", .integer(), default: 0, doc: "order of the rows"),
            LuaField(
                "order", .oneOf(["shuffled", "sequential"]), default: "shuffled",
                doc: "shuffled: without end, every row once an epoch; sequential: every row once, in order"),
            LuaField("mask_documents", .boolean, default: false, doc: "tokens see only their own document"),
        ])

    var function: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.loader", doc: "Batches of a corpus. A batch is a pure function of the options and its step.",
            parameters: [LuaField("options", .options(Self.record.name), required: true, doc: "data and sizes")],
            returns: [LuaResult(.object("Loader"), "the loader")],
            example:
                "for batch in rho.loader { data = corpus, tokenizer = tok, batch = 8, context = 64 }:steps(10) do print(batch.tokens) end"
        ) { call in
            let options = try call.options("options")
            let tokens = try self.tokens(options)
            let seed = UInt64(bitPattern: Int64(try options.int("seed")))
            let loader = try DataLoader(
                tokens.corpus, batch: options.int("batch"), tokens: options.int("context"),
                order: options.string("order") == "sequential" ? .sequential : .shuffled(seed: seed),
                documentMask: options.bool("mask_documents"))
            return [.object(LoaderBox(loader, tokens: tokens, seed: seed), class: "Loader")]
        }
    }

    /// The stored tokens that the options `data` and `tokenizer` mean.
    func tokens(_ options: LuaOptions, or fallback: TokenizerBox? = nil) throws -> TokensBox {
        let data = try options.value("data")
        if let tokens = data.object(as: TokensBox.self) {
            if let given = try options.optionalObject("tokenizer", as: TokenizerBox.self),
                given.tokenizer.fingerprint != tokens.tokenizer.fingerprint
            {
                throw RhoError(.mismatch, "data was tokenised with another tokenizer than the one given")
            }
            return tokens
        }
        let corpus = try options.object("data", as: CorpusBox.self)
        guard let tokenizer = try options.optionalObject("tokenizer", as: TokenizerBox.self) ?? fallback else {
            throw RhoError(.usage, "tokenizer is required to read the corpus '\(corpus.name)'")
        }
        return try Preparation(session: session).tokens(of: corpus, tokenizer.tokenizer)
    }

    static var classDeclaration: LuaClassDeclaration<LoaderBox> {
        LuaClassDeclaration(
            "Loader", doc: "Batches of a corpus by step.",
            methods: [
                LuaMethod(
                    "batch", doc: "The batch of a step, counted from 1.",
                    parameters: [
                        LuaField("step", .integer(min: 1, max: DataLoader.lastStep), required: true, doc: "the step")
                    ],
                    returns: [LuaResult(.object("Batch"), "the batch")]
                ) { box, call in [.object(box.batch(try call.int("step")), class: "Batch")] },
                LuaMethod(
                    "steps", doc: "Iterates over the batches of steps first ... n.",
                    parameters: [
                        LuaField("n", .integer(min: 0, max: DataLoader.lastStep), required: true, doc: "last step"),
                        LuaField("first", .integer(min: 1, max: DataLoader.lastStep), default: 1, doc: "first step"),
                    ], returns: [LuaResult(.object("Iterator"), "for the generic for")],
                    example: "for batch in loader:steps(100) do print(batch.step) end"
                ) { box, call in
                    let (last, first) = (try call.int("n"), try call.int("first"))
                    return [IteratorBox(from: first, to: last) { .object(box.batch($0), class: "Batch") }.value]
                },
                number("rows", "Rows of all data, each once.") { $0.loader.rowCount },
                number("steps_per_pass", "Steps after which every row was seen once.") { $0.loader.stepsPerPass },
                number("tokens_per_batch", "Positions of a batch.") { $0.loader.batch * $0.loader.tokens },
                LuaMethod("data", doc: "The stored tokens.", returns: [LuaResult(.object("Tokens"), "the tokens")]) {
                    box, _ in [box.tokens.value]
                },
                LuaMethod("describe", doc: "Sizes and order.", returns: [LuaResult(.table, "the table")]) { box, _ in
                    [
                        .record([
                            ("data", .string(box.tokens.corpus.name)), ("batch", .integer(box.loader.batch)),
                            ("context", .integer(box.loader.tokens)),
                            ("seed", .integer(Int(bitPattern: UInt(box.seed)))),
                            ("order", .string(box.loader.order == .sequential ? "sequential" : "shuffled")),
                            ("mask_documents", .boolean(box.loader.documentMask)),
                            ("rows", .integer(box.loader.rowCount)),
                        ])
                    ]
                },
            ],
            describe: { "loader of '\($0.tokens.corpus.name)' (\($0.loader.batch) rows of \($0.loader.tokens) tokens)" }
        )
    }

    private static func number(_ name: String, _ doc: String, _ get: @escaping (LoaderBox) -> Int) -> LuaMethod<
        LoaderBox
    > {
        LuaMethod(name, doc: doc, returns: [LuaResult(.integer(), "the number")]) { box, _ in [.integer(get(box))] }
    }
}
