import LuaRuntime
import RhoCore
import RhoData

/// Module `rho.data`: where text comes from.
struct DataBinding {
    let session: Session

    var module: LuaModuleDeclaration {
        LuaModuleDeclaration(
            "rho.native.data",
            doc: """
                Corpora: documents from files, functions and mixtures of them. A corpus is read as a stream, may be far \
                larger than memory, and knows the hash of its content.
                """,
            functions: [jsonl, text, documents, mix, prepare, answers],
            classes: [CorpusClass(session: session).declaration, TokensClass.declaration],
            records: [jsonlRecord, textRecord, documentsRecord, mixRecord, prepareRecord, answersRecord]
                + CorpusClass.records)
    }

    private static let paths = LuaField(
        "path", .list(.string), required: true, positional: true,
        doc: "files or directories; relative ones are looked for here, then beside the script")
    private static let nameField = LuaField("name", .string, doc: "name in reports")

    // MARK: jsonl

    private let jsonlRecord = LuaRecord(
        "JsonlOptions",
        [
            DataBinding.paths,
            LuaField("text", .string, default: "{text}", doc: "the document, with {field} for fields of the row"),
            LuaField(
                "prompt", .string,
                doc: "goes before the text and is read but carries no loss: \"{question}\\n\", for fine-tuning"),
            LuaField(
                "filter", .anyOf([.function, .map(.any)]), doc: RowFilters.doc),
            LuaField(
                "on_bad_row", .oneOf(["error", "skip"]), default: "error",
                doc: "what a broken row does; skipped rows are counted"),
            LuaField("limit", .integer(min: 1), unit: "documents", doc: "stop after so many"),
            LuaField("fields", .list(.string), default: [], doc: "fields that documents keep, for corpus:map"),
            DataBinding.nameField,
        ])

    private var jsonl: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.data.jsonl", doc: "Documents from files of JSON rows, plain, gzip or zstd.",
            parameters: [
                LuaField("options", .options(jsonlRecord.name), required: true, doc: "files and how rows become text")
            ],
            returns: [LuaResult(.object("Corpus"), "the documents")],
            example: "local c = rho.data.jsonl { \"train.jsonl.gz\", text = \"{question}\\n{solution}\" }"
        ) { call in
            let options = try call.options("options")
            let paths = try options.strings("path").map { try session.input($0) }
            var filters: [FieldFilter] = []
            var rowFilter: JSONLSource.RowFilter?
            if let function = try? options.optionalFunction("filter") {
                rowFilter = JSONLSource.RowFilter(key: FunctionRecipe.key(of: function, version: nil)) { row in
                    DataBinding.truth(try function.call([LuaValue(json: .object(row))]).first)
                }
            } else if try options.isSet("filter") {
                filters = try RowFilters.filters(options.record("filter"))
            }
            var source: any DocumentSource = try JSONLSource(
                paths, template: options.string("text"), prompt: options.optionalString("prompt"),
                onBadRow: options.string("on_bad_row") == "skip" ? .skip : .fail, filters: filters,
                keeping: options.strings("fields"), rowFilter: rowFilter)
            if let limit = try options.optionalInt("limit") { source = try TakenSource(source, documents: limit) }
            return [.object(CorpusBox(source, name: try options.optionalString("name")), class: "Corpus")]
        }
    }

    /// Lua's truth: everything but nil and false.
    static func truth(_ value: LuaValue?) -> Bool {
        switch value {
        case nil, .some(.nil), .some(.boolean(false)): false
        default: true
        }
    }

    // MARK: text

    private let textRecord = LuaRecord(
        "TextOptions",
        [
            DataBinding.paths,
            LuaField(
                "suffix", .list(.string), default: .list(TextSource.usualSuffixes.map { .string($0) }),
                doc: "files to take from directories"),
            LuaField(
                "separator", .string, doc: "text between documents of one file; without it a file is one document"),
            LuaField("limit", .integer(min: 1), unit: "documents", doc: "stop after so many"),
            DataBinding.nameField,
        ])

    private var text: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.data.text", doc: "Documents from text files or directories of them, plain, gzip or zstd.",
            parameters: [LuaField("options", .options(textRecord.name), required: true, doc: "files")],
            returns: [LuaResult(.object("Corpus"), "the documents")],
            example: "local c = rho.data.text { \"books/\", separator = \"\\n\\n\\n\" }"
        ) { call in
            let options = try call.options("options")
            let paths = try options.strings("path").map { try session.input($0) }
            var source: any DocumentSource = try TextSource(
                paths, suffixes: options.strings("suffix"), separator: options.optionalString("separator"))
            if let limit = try options.optionalInt("limit") { source = try TakenSource(source, documents: limit) }
            return [.object(CorpusBox(source, name: try options.optionalString("name")), class: "Corpus")]
        }
    }

    // MARK: documents

    private let documentsRecord = LuaRecord(
        "DocumentsOptions",
        [
            LuaField(
                "from", .anyOf([.function, .list(.any)]), required: true, positional: true,
                doc: "a function of the index (1, 2, ...), or a list of documents"),
            LuaField("count", .integer(min: 0), unit: "documents", doc: "how many indices the function is asked for"),
            LuaField(
                "version", .string,
                doc:
                    "stands for the function's meaning where its code does not say it all, as when it reads files: another version, other documents"
            ),
            LuaField("source", .string, doc: "where the documents are said to come from"),
            DataBinding.nameField,
        ])

    private var documents: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.data.documents",
            doc: """
                Documents from a Lua function or list. A document is a string, or spans with ground truth for every \
                character, { "text", "useful", "more", "noise", ... } (labels useful, noise, wrong, and prompt for what is \
                read but carries no loss), or { text = , source = }; \
                nil leaves an index out. The function must give the same document for the same index each time.
                """,
            parameters: [LuaField("options", .options(documentsRecord.name), required: true, doc: "function or list")],
            returns: [LuaResult(.object("Corpus"), "the documents")],
            example: "return rho.data.documents { function(i) return (\"line %d\\n\"):format(i) end, count = 10 }"
        ) { call in
            let options = try call.options("options")
            let (name, place) = (try options.optionalString("name"), "rho.data.documents")
            let origin = try options.optionalString("source")
            if let list = try? options.optionalList("from") {
                let documents = try list.enumerated().compactMap { index, value in
                    try DocumentReading.document(value, "\(place): document \(index + 1)", source: origin)
                }
                return [.object(CorpusBox(ListSource(documents, name: name ?? "documents")), class: "Corpus")]
            }
            let function = try options.function("from")
            guard let count = try options.optionalInt("count") else {
                throw RhoError(.value, "\(place): count is required with a function (how many documents there are)")
            }
            let source = GeneratedSource(
                name: name ?? "documents", count: count,
                cacheKey: FunctionRecipe.key(of: function, version: try options.optionalString("version"))
            ) { index in
                let result = try function.call([.integer(index + 1)])
                return try DocumentReading.document(
                    result.first ?? .nil, "\(place): document \(index + 1)", source: origin)
            }
            return [.object(CorpusBox(source), class: "Corpus")]
        }
    }

    // MARK: mix

    private let mixRecord = LuaRecord(
        "MixOptions",
        [
            LuaField("parts", .list(.list(.any)), required: true, positional: true, doc: "{ {corpus, weight}, ... }"),
            DataBinding.nameField,
        ])

    private var mix: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.data.mix",
            doc: "Several corpora as one: each row of a batch is drawn from a part with its weight's share.",
            parameters: [LuaField("options", .options(mixRecord.name), required: true, doc: "corpora and weights")],
            returns: [LuaResult(.object("Corpus"), "the mixture")],
            example: "return rho.data.mix { { clean, 1 }, { web, 3 } }"
        ) { call in
            let options = try call.options("options")
            var parts: [(corpus: CorpusBox, weight: Double)] = []
            for (index, value) in try options.list("parts").enumerated() {
                guard let pair = value.listValue, pair.count == 2, let corpus = pair[0].object(as: CorpusBox.self),
                    let weight = pair[1].doubleValue
                else { throw RhoError(.value, "rho.data.mix: part \(index + 1) must be {corpus, weight}") }
                guard weight > 0, weight.isFinite else {
                    throw RhoError(.value, "rho.data.mix: the weight of part \(index + 1) must be > 0, got \(weight)")
                }
                parts.append((corpus, weight))
            }
            guard !parts.isEmpty else { throw RhoError(.value, "rho.data.mix: at least one part is needed") }
            return [.object(CorpusBox(mixture: parts, name: try options.optionalString("name")), class: "Corpus")]
        }
    }

    // MARK: prepare

    private let prepareRecord = LuaRecord(
        "PrepareOptions",
        [
            LuaField("data", .object("Corpus"), required: true, doc: "text to tokenise"),
            LuaField("tokenizer", .object("Tokenizer"), required: true, doc: "tokenizer"),
        ])

    private var prepare: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.data.prepare",
            doc: "Tokenises a corpus into the cache, once; every verb that needs tokens does this by itself.",
            parameters: [
                LuaField("options", .options(prepareRecord.name), required: true, doc: "corpus and tokenizer")
            ],
            returns: [LuaResult(.object("Tokens"), "the stored tokens")]
        ) { call in
            let options = try call.options("options")
            let tokens = try Preparation(session: session).tokens(
                of: options.object("data", as: CorpusBox.self),
                options.object("tokenizer", as: TokenizerBox.self).tokenizer)
            return [.object(tokens, class: "Tokens")]
        }
    }

    // MARK: answers

    private let answersRecord = LuaRecord(
        "AnswersOptions",
        [
            DataBinding.paths,
            LuaField(
                "prompt", .string, default: "{question}\n",
                doc: "what the model reads, with {field} for fields of the row"),
            LuaField("answer", .string, default: "{answer}", doc: "what it should say"),
            LuaField("limit", .integer(min: 1), unit: "problems", doc: "stop after so many"),
        ])

    private var answers: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.data.answers", doc: "Problems to answer from files of JSON rows, for exact match.",
            parameters: [LuaField("options", .options(answersRecord.name), required: true, doc: "files and templates")],
            returns: [LuaResult(.table, "{ prompts = {...}, answers = {...} }")]
        ) { call in
            let options = try call.options("options")
            let paths = try options.strings("path").map { try session.input($0) }
            let limit = try options.optionalInt("limit") ?? .max
            func texts(_ template: String) throws -> [LuaValue] {
                try JSONLSource(paths, template: template).documents(limit: limit).map { .bytes($0.text) }
            }
            return [
                .record([
                    ("prompts", .list(try texts(options.string("prompt")))),
                    ("answers", .list(try texts(options.string("answer")))),
                ])
            ]
        }
    }
}
