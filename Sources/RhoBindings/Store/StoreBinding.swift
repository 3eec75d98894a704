import LuaRuntime
import RhoCore
import RhoTraining

/// Module `rho.store`: the content-addressed store under the verbs, for the verbs that are written in Lua.
struct StoreBinding {
    let session: Session

    var module: LuaModuleDeclaration {
        LuaModuleDeclaration(
            "rho.native.store",
            doc: """
                The store that makes verbs remember: a result is kept under everything that can change it, and found again by \
                that. Experiments rarely need it; rho.train and rho.stage are written on it.
                """,
            functions: [key, find, note, draft, inner, random] + ResumeBinding(session: session).functions,
            classes: [
                Self.keyClass, StoredObjectClass.declaration, DraftClass.declaration, Self.sectionClass,
                RandomSection.declaration,
                ResumeBinding.identityClass,
            ],
            records: [keyRecord] + ResumeBinding.records + DraftClass.records)
    }

    // MARK: keys

    private let keyRecord = LuaRecord(
        "StoreKeyOptions",
        [
            LuaField("verb", .string, required: true, doc: "public name of what computes"),
            LuaField(
                "parts", .table, required: true,
                doc: "everything that can change the result: plain data, artifacts, functions"),
            LuaField("files", .list(.string), default: [], doc: "files whose content counts"),
            LuaField("notes", .table, doc: "what people call the parts; does not count"),
            LuaField("exact", .boolean, default: false, doc: "keep 1 and 1.0 apart"),
        ])

    private var key: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.store.key",
            doc:
                "The key of a call: its parts by content, artifacts by fingerprint, functions by their code without comments.",
            parameters: [LuaField("options", .options(keyRecord.name), required: true, doc: "verb and parts")],
            returns: [LuaResult(.object("StoreKey"), "the key")]
        ) { call in
            let options = try call.options("options")
            let identity = Identity(store: session.store)
            let verb = try options.string("verb")
            let json = try identity.json(.table(options.table("parts")), verb, exact: options.bool("exact"))
            var parts = json.objectValue ?? [:]
            for path in try options.strings("files") {
                let found = try session.input(path)
                parts["file \(path)"] = JSON(try FileHash.memoised(found, in: session.store.memos))
            }
            let notes = try options.isSet("notes") ? JSON(options.value("notes"), "notes").objectValue ?? [:] : [:]
            return [.object(KeyBox(session.store.key(verb, parts, notes: notes)), class: "StoreKey")]
        }
    }

    private static var keyClass: LuaClassDeclaration<KeyBox> {
        LuaClassDeclaration(
            "StoreKey", doc: "Everything that can change a result, and its digest.",
            methods: [
                LuaMethod("digest", doc: "SHA-256 of the key.", returns: [LuaResult(.string, "hexadecimal")]) {
                    box, _ in [.string(box.key.digest)]
                },
                LuaMethod("describe", doc: "Verb, parts and engine.", returns: [LuaResult(.table, "the table")]) {
                    box, _ in
                    [LuaValue(json: box.key.json)]
                },
            ], describe: { "key \($0.key.digest.prefix(12)) of \($0.key.verb)" })
    }

    // MARK: lookup

    private static let keyField = LuaField("key", .object("StoreKey"), required: true, doc: "from rho.store.key")
    private static let labelField = LuaField(
        "label", .string, default: "", doc: "what a person calls it, for rhoscript why")

    private var find: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.store.find", doc: "The stored result of a key, or nil; with --no-cache always nil.",
            parameters: [
                Self.keyField, Self.labelField,
                LuaField(
                    "otherwise", .oneOf(["miss", "resumed"]), default: "miss",
                    doc: "what rhoscript why is told where there is none"),
            ], returns: [LuaResult(.object("StoredObject"), "the object, or nil")]
        ) { call in
            let key = try call.object("key", as: KeyBox.self).key
            guard
                let object = try session.store.find(
                    key, label: call.string("label"),
                    otherwise: VerbRecord.Outcome(rawValue: call.string("otherwise")) ?? .miss)
            else { return [.nil] }
            return [.object(StoredBox(object), class: "StoredObject")]
        }
    }

    private var note: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.store.note", doc: "Tells rhoscript why that a result came from the run directory itself.",
            parameters: [
                Self.keyField, Self.labelField,
                LuaField(
                    "outcome", .oneOf(["kept", "resumed"]), default: "kept",
                    doc: "found whole, or continued from a checkpoint"),
            ]
        ) { call in
            let outcome = VerbRecord.Outcome(rawValue: try call.string("outcome")) ?? .kept
            session.store.note(
                try call.object("key", as: KeyBox.self).key, label: try call.string("label"), outcome: outcome)
            return []
        }
    }

    private var draft: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.store.draft",
            doc: "A directory that becomes the object of a key once it is committed; gone without a trace otherwise.",
            parameters: [Self.keyField], returns: [LuaResult(.object("StoreDraft"), "the draft")]
        ) { call in
            let key = try call.object("key", as: KeyBox.self).key
            return [.object(DraftBox(try session.store.draft(), key: key), class: "StoreDraft")]
        }
    }

    // MARK: sections

    private var inner: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.store.inner",
            doc:
                "Opens a section in which evaluations are part of the verb around them and are not kept by themselves. Ends with the variable: local section <close> = rho.store.inner().",
            returns: [LuaResult(.object("StoreSection"), "the section")]
        ) { _ in [.object(StoreSection(session.store), class: "StoreSection")] }
    }

    private static var sectionClass: LuaClassDeclaration<StoreSection> {
        LuaClassDeclaration(
            "StoreSection", doc: "While open, evaluations are not kept by themselves.",
            describe: { _ in "section of a verb" },
            release: { $0.close() })
    }

    private var random: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.store.random",
            doc: """
                Restarts math.random from a seed until the section is closed, then puts it back where it was: what a verb draws \
                depends on its own seed alone, and whether a verb was computed or found changes nothing after it.
                """,
            parameters: [LuaField("seed", .integer(), required: true, doc: "seed of the verb")],
            returns: [LuaResult(.object("RandomSection"), "the section: position(), restore(position)")],
            example: "local section <close> = rho.store.random(1)"
        ) { call in
            let seed = UInt64(bitPattern: Int64(try call.int("seed")))
            return [.object(RandomSection(call.state, seed: seed), class: "RandomSection")]
        }
    }
}

/// A key as scripts hold it.
final class KeyBox {
    let key: ObjectKey
    init(_ key: ObjectKey) { self.key = key }
}

/// While it lives, evaluations belong to the verb around them.
final class StoreSection {
    private let store: StoreSession
    private var isOpen = true

    init(_ store: StoreSession) {
        self.store = store
        store.beginInner()
    }

    deinit { close() }

    func close() {
        guard isOpen else { return }
        isOpen = false
        store.endInner()
    }
}

/// While it lives, `math.random` has a seed of its own.
final class RandomSection {
    private let link: LuaStateLink
    private let outer: LuaRandom
    private var isOpen = true

    init(_ state: LuaState, seed: UInt64) {
        link = state.link
        outer = state.random
        state.random = LuaRandom(seed: seed)
    }

    deinit { close() }

    func close() {
        guard isOpen else { return }
        isOpen = false
        link.state?.random = outer
    }

    static var declaration: LuaClassDeclaration<RandomSection> {
        LuaClassDeclaration(
            "RandomSection", doc: "While open, math.random has a seed of its own.",
            methods: [
                LuaMethod(
                    "position", doc: "Seed and number of draws, as text for checkpoints.",
                    returns: [LuaResult(.string, "the position")]
                ) { section, _ in
                    let random = section.link.state?.random ?? section.outer
                    return [.string("\(random.seed) \(random.index)")]
                },
                LuaMethod(
                    "restore", doc: "Goes to a position.",
                    parameters: [LuaField("position", .string, required: true, doc: "from position()")]
                ) { section, call in
                    let numbers = try call.string("position").split(separator: " ").compactMap { UInt64($0) }
                    guard numbers.count == 2 else {
                        throw RhoError(.value, "'\(try call.string("position"))' is no position of math.random")
                    }
                    section.link.state?.random = LuaRandom(seed: numbers[0], index: numbers[1])
                    return []
                },
            ], describe: { _ in "section of math.random" }, release: { $0.close() })
    }
}
