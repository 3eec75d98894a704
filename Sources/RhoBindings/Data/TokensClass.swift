import LuaRuntime
import RhoCore
import RhoData

/// Class `Tokens`: a corpus under one tokenizer, mapped from the cache.
enum TokensClass {
    static var declaration: LuaClassDeclaration<TokensBox> {
        LuaClassDeclaration(
            "Tokens", doc: "A corpus under one tokenizer: token ids and labels in a mapped file.",
            methods: [
                number("count", "Tokens.") { $0.corpus.tokenCount },
                number("documents", "Documents.") { $0.corpus.documentCount },
                number("bytes", "Bytes of text.") { $0.corpus.byteCount },
                LuaMethod("hash", doc: "SHA-256 of the documents.", returns: [LuaResult(.string, "hexadecimal")]) {
                    box, _ in
                    [.string(box.corpus.hash)]
                },
                LuaMethod("paths", doc: "The mapped files.", returns: [LuaResult(.list(.string), "paths")]) { box, _ in
                    [.list(box.corpus.parts.map(\.store.path))]
                },
                LuaMethod("describe", doc: "Counts, hash and tokenizer.", returns: [LuaResult(.table, "the table")]) {
                    box, _ in
                    let corpus = box.corpus
                    return [
                        .record([
                            ("name", .string(corpus.name)), ("tokens", .integer(corpus.tokenCount)),
                            ("documents", .integer(corpus.documentCount)), ("bytes", .integer(corpus.byteCount)),
                            ("hash", .string(corpus.hash)), ("tokenizer", .string(corpus.tokenizerFingerprint)),
                            ("labels", .boolean(corpus.hasLabels)),
                        ])
                    ]
                },
            ],
            describe: {
                "tokens of '\($0.corpus.name)' (\($0.corpus.tokenCount) tokens, \($0.corpus.documentCount) documents)"
            })
    }

    private static func number(_ name: String, _ doc: String, _ get: @escaping (TokensBox) -> Int) -> LuaMethod<
        TokensBox
    > {
        LuaMethod(name, doc: doc, returns: [LuaResult(.integer(), "the count")]) { box, _ in [.integer(get(box))] }
    }
}
