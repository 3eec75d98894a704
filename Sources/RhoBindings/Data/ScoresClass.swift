import LuaRuntime
import RhoCore
import RhoData

/// A reference model's losses of a corpus, mapped, as scripts hold them; under `rhoscript check` the promise of them.
final class ScoresBox {
    /// What is known of scores, whether or not they are there.
    struct Facts {
        var path = ""
        /// Fingerprint of the reference model.
        var reference = ""
        var tokenizer: String
        /// Tokens of a row.
        var context: Int
        var columns: [String]
        var tokens = 0
    }

    let facts: Facts
    let corpus: String
    /// Operations that scoring takes, whether now or when the file was made.
    let flops: Double
    /// Operations that training the reference took, 0 where nobody said. They stay with the scores, because policies may
    /// hold these when the script no longer does.
    var referenceFLOPs = 0.0
    /// SHA-256 of a file that came from elsewhere: what its header says need not be all that matters.
    let content: String?
    private let mapped: ScoreFile?

    var columns: [String] { facts.columns }

    init(_ file: ScoreFile, corpus: String, flops: Double, content: String? = nil) {
        facts = Facts(
            path: file.path, reference: file.reference, tokenizer: file.tokenizerFingerprint, context: file.context,
            columns: file.columns, tokens: file.tokenCount)
        mapped = file
        self.corpus = corpus
        self.flops = flops
        self.content = content
    }

    /// Scores that a run would compute.
    init(promised facts: Facts, corpus: String, flops: Double) {
        self.facts = facts
        mapped = nil
        self.corpus = corpus
        self.flops = flops
        content = nil
    }

    /// The mapped file.
    func file() throws(RhoError) -> ScoreFile {
        guard let mapped else { throw DryLedger.needs("the script reads scores") }
        return mapped
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
                    [.string(box.facts.path)]
                },
                LuaMethod(
                    "flops", doc: "Floating-point operations that scoring takes.",
                    returns: [LuaResult(.number(), "operations")]
                ) { box, _ in
                    [.number(box.flops)]
                },
                LuaMethod(
                    "reference_flops",
                    doc: "Floating-point operations that training the reference took; 0 where they are not known.",
                    returns: [LuaResult(.number(), "operations")]
                ) { box, _ in
                    [.number(box.referenceFLOPs)]
                },
                LuaMethod(
                    "reference", doc: "Fingerprint of the reference model.",
                    returns: [LuaResult(.string, "hexadecimal")]
                ) { box, _ in
                    [.string(box.facts.reference)]
                },
                LuaMethod("columns", doc: "What is known of each token.", returns: [LuaResult(.list(.string), "names")])
                { box, _ in [.list(box.columns)] },
                LuaMethod(
                    "describe", doc: "File, corpus, reference and row length.",
                    returns: [LuaResult(.table, "the table")]
                ) { box, _ in
                    [
                        .record([
                            ("path", .string(box.facts.path)), ("corpus", .string(box.corpus)),
                            ("tokens", .integer(box.facts.tokens)),
                            ("context", .integer(box.facts.context)), ("columns", .list(box.columns)),
                            ("reference", .string(box.facts.reference)),
                            ("tokenizer", .string(box.facts.tokenizer)),
                            ("flops", .number(box.flops)), ("reference_flops", .number(box.referenceFLOPs)),
                        ])
                    ]
                },
            ],
            describe: {
                "scores of '\($0.corpus)' (\($0.facts.tokens) tokens, \($0.columns.joined(separator: " and ")))"
            })
    }
}
