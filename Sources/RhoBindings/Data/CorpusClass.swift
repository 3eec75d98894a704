import LuaRuntime
import RhoCore
import RhoData

/// Class `Corpus`: documents, before any tokenizer.
struct CorpusClass {
    let session: Session

    static let splitRecord = LuaRecord(
        "SplitOptions",
        [
            LuaField(
                "held_out", .number(min: 0, max: 1), required: true, doc: "share of documents held out, in (0, 1)"),
            LuaField("salt", .string, default: "", doc: "another salt is another split"),
        ])
    static let takeRecord = LuaRecord(
        "TakeOptions",
        [
            LuaField("documents", .integer(min: 1), unit: "documents", doc: "at most so many"),
            LuaField("bytes", .integer(min: 1), unit: "bytes", doc: "until their texts reach so many"),
        ])
    static let lookRecord = LuaRecord(
        "LookOptions",
        [LuaField("limit", .integer(min: 0, max: 10_000), default: 10, unit: "documents", doc: "how many")])
    static let mapRecord = LuaRecord(
        "MapOptions",
        [
            LuaField("name", .string, doc: "name in reports"),
            LuaField(
                "version", .string,
                doc:
                    "stands for the function's meaning where its code does not say it all, as when it reads files: another version, other documents"
            ),
        ])
    static let records = [splitRecord, takeRecord, lookRecord, mapRecord]

    var declaration: LuaClassDeclaration<CorpusBox> {
        LuaClassDeclaration(
            "Corpus", doc: "Documents: text, where it came from, and ground-truth labels where they are known.",
            methods: [split, take, filter, map, documents, hash, count, name, prepared, describe],
            describe: { "corpus '\($0.name)'" })
    }

    private var corpusResult: [LuaResult] { [LuaResult(.object("Corpus"), "the corpus")] }

    private var split: LuaMethod<CorpusBox> {
        LuaMethod(
            "split",
            doc:
                "Two corpora by a hash of each document's text: duplicates fall on the same side, and growing a corpus moves no document.",
            parameters: [LuaField("options", .options(Self.splitRecord.name), required: true, doc: "share")],
            returns: [LuaResult(.object("Corpus"), "to train on"), LuaResult(.object("Corpus"), "held out")],
            example: "local train, held = corpus:split { held_out = 0.05 }"
        ) { corpus, call in
            let options = try call.options("options")
            let (share, salt) = (try options.double("held_out"), try options.string("salt"))
            func side(_ side: SplitSource.Side, _ suffix: String) throws -> LuaValue {
                let made = try corpus.mapSources(name: "\(corpus.name) (\(suffix))") {
                    try SplitSource($0, heldOut: share, side: side, salt: salt)
                }
                return .object(made, class: "Corpus")
            }
            return [try side(.train, "train"), try side(.heldOut, "held out")]
        }
    }

    private var take: LuaMethod<CorpusBox> {
        LuaMethod(
            "take", doc: "The first documents. The document that passes the byte count is still taken, whole.",
            parameters: [LuaField("options", .options(Self.takeRecord.name), required: true, doc: "how much")],
            returns: corpusResult
        ) { corpus, call in
            let options = try call.options("options")
            let (documents, bytes) = (try options.optionalInt("documents"), try options.optionalInt("bytes"))
            guard documents != nil || bytes != nil else { throw RhoError(.value, "take needs documents or bytes") }
            guard case .source(let source) = corpus.content else {
                throw RhoError(.value, "take from a mixture has no order to follow", hint: "take from its parts")
            }
            let taken = try TakenSource(source, documents: documents ?? .max, bytes: bytes ?? .max)
            return [.object(CorpusBox(taken, name: corpus.name), class: "Corpus")]
        }
    }

    private var filter: LuaMethod<CorpusBox> {
        LuaMethod(
            "filter", doc: "The documents for which a function of { text =, source = } returns true.",
            parameters: [LuaField("keep", .function, required: true, doc: "keep(document) -> boolean")],
            returns: corpusResult
        ) { corpus, call in
            let keep = try call.function("keep")
            let made = corpus.mapSources(name: corpus.name) { source in
                FilteredSource(source, key: FunctionRecipe.key(of: keep, version: nil)) {
                    DataBinding.truth(try keep.call([DocumentReading.value($0)]).first)
                }
            }
            return [.object(made, class: "Corpus")]
        }
    }

    private var map: LuaMethod<CorpusBox> {
        LuaMethod(
            "map",
            doc: """
                Each document as a function of { text =, source =, index = } gives it: a text, labelled spans or a table, as \
                for rho.data.documents; nil drops it.
                """,
            parameters: [
                LuaField("change", .function, required: true, doc: "change(document) -> document or nil"),
                LuaField("options", .options(Self.mapRecord.name), doc: "name and version"),
            ], returns: corpusResult, example: "corpus:map(function(d) return d.text:lower() end)"
        ) { corpus, call in
            let change = try call.function("change")
            let options = try call.optionalOptions("options")
            let version = try options?.optionalString("version")
            let made = corpus.mapSources(name: try options?.optionalString("name") ?? corpus.name) { source in
                MappedSource(source, key: FunctionRecipe.key(of: change, version: version)) { document, index in
                    guard case .record(let pairs) = DocumentReading.value(document) else { return nil }
                    let argument = LuaValue.record(pairs + [("index", .integer(index + 1))])
                    return try DocumentReading.document(
                        change.call([argument]).first ?? .nil, "Corpus:map: document \(index + 1)")
                }
            }
            return [.object(made, class: "Corpus")]
        }
    }

    private var documents: LuaMethod<CorpusBox> {
        LuaMethod(
            "documents", doc: "The first documents as tables, for looking at.",
            parameters: [LuaField("options", .options(Self.lookRecord.name), doc: "how many")],
            returns: [LuaResult(.list(.table), "{ { text =, source =, spans = }, ... }")]
        ) { corpus, call in
            let limit = try call.optionalOptions("options")?.int("limit") ?? 10
            return [.list(try corpus.source.documents(limit: limit).map { DocumentReading.value($0) })]
        }
    }

    private var hash: LuaMethod<CorpusBox> {
        LuaMethod(
            "hash", doc: "SHA-256 of the content, labels included. Reads the corpus once.",
            returns: [LuaResult(.string, "hexadecimal")]
        ) { corpus, _ in
            [.string(try corpus.hash())]
        }
    }

    private var count: LuaMethod<CorpusBox> {
        LuaMethod(
            "count", doc: "Documents and bytes. Reads the corpus once.",
            returns: [LuaResult(.integer(), "documents"), LuaResult(.integer(), "bytes of text")]
        ) { corpus, _ in
            let count = try corpus.count()
            return [.integer(count.documents), .integer(count.bytes)]
        }
    }

    private var name: LuaMethod<CorpusBox> {
        LuaMethod("name", doc: "Name in reports.", returns: [LuaResult(.string, "the name")]) { corpus, _ in
            [.string(corpus.name)]
        }
    }

    private var prepared: LuaMethod<CorpusBox> {
        LuaMethod(
            "tokens", doc: "The corpus under a tokenizer, as rho.data.prepare gives it.",
            parameters: [LuaField("tokenizer", .object("Tokenizer"), required: true, doc: "tokenizer")],
            returns: [LuaResult(.object("Tokens"), "the stored tokens")]
        ) { corpus, call in
            let tokenizer = try call.object("tokenizer", as: TokenizerBox.self).tokenizer
            return [try Preparation(session: session).tokens(of: corpus, tokenizer).value]
        }
    }

    private var describe: LuaMethod<CorpusBox> {
        LuaMethod(
            "describe", doc: "Name and parts; counts and hash where they are known already.",
            returns: [LuaResult(.table, "the table")]
        ) { corpus, _ in
            var pairs: [(String, LuaValue)] = [("name", .string(corpus.name))]
            if let hash = corpus.knownHash { pairs.append(("hash", .string(hash))) }
            if let count = corpus.knownCount {
                pairs += [("documents", .integer(count.documents)), ("bytes", .integer(count.bytes))]
            }
            if case .mixture(let parts) = corpus.content {
                let list = parts.map {
                    LuaValue.record([("name", .string($0.corpus.name)), ("weight", .number($0.weight))])
                }
                pairs.append(("parts", .list(list)))
            }
            return [.record(pairs)]
        }
    }
}
