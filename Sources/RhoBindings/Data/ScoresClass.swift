import LuaRuntime
import RhoCore
import RhoData

/// A reference model's losses of a corpus, mapped, as scripts hold them.
final class ScoresBox {
    let file: ScoreFile
    let corpus: String
    /// Operations that scoring took, whether now or when the file was made.
    let flops: Double

    init(_ file: ScoreFile, corpus: String, flops: Double) {
        self.file = file
        self.corpus = corpus
        self.flops = flops
    }

    var value: LuaValue { .object(self, class: "Scores") }
}

/// Class `Scores`.
enum ScoresClass {
    static var declaration: LuaClassDeclaration<ScoresBox> {
        LuaClassDeclaration(
            "Scores",
            doc:
                "A reference model's loss of every token of a corpus, in a mapped file that is checked wherever it is used.",
            methods: [
                LuaMethod("path", doc: "The mapped file.", returns: [LuaResult(.string, "the path")]) { box, _ in
                    [.string(box.file.path)]
                },
                LuaMethod(
                    "flops", doc: "Floating-point operations that scoring takes.",
                    returns: [LuaResult(.number(), "operations")]
                ) { box, _ in
                    [.number(box.flops)]
                },
                LuaMethod(
                    "reference", doc: "Fingerprint of the reference model.",
                    returns: [LuaResult(.string, "hexadecimal")]
                ) { box, _ in
                    [.string(box.file.reference)]
                },
                LuaMethod("columns", doc: "What is known of each token.", returns: [LuaResult(.list(.string), "names")])
                { box, _ in [.list(box.file.columns)] },
                LuaMethod(
                    "describe", doc: "File, corpus, reference and row length.",
                    returns: [LuaResult(.table, "the table")]
                ) { box, _ in
                    [
                        .record([
                            ("path", .string(box.file.path)), ("corpus", .string(box.corpus)),
                            ("tokens", .integer(box.file.tokenCount)),
                            ("context", .integer(box.file.context)), ("columns", .list(box.file.columns)),
                            ("reference", .string(box.file.reference)),
                            ("tokenizer", .string(box.file.tokenizerFingerprint)),
                            ("flops", .number(box.flops)),
                        ])
                    ]
                },
            ],
            describe: {
                "scores of '\($0.corpus)' (\($0.file.tokenCount) tokens, \($0.file.columns.joined(separator: " and ")))"
            })
    }
}
