import LuaRuntime
import RhoCore
import RhoTraining

/// A stored object as scripts hold it.
final class StoredBox {
    let object: StoredObject
    init(_ object: StoredObject) { self.object = object }
}

/// Class `StoredObject`.
enum StoredObjectClass {
    static var declaration: LuaClassDeclaration<StoredBox> {
        LuaClassDeclaration(
            "StoredObject", doc: "A result in the store. Its files must not be changed.",
            methods: [
                LuaMethod("dir", doc: "Directory of its files.", returns: [LuaResult(.string, "the path")]) { box, _ in
                    [.string(box.object.path)]
                },
                LuaMethod("value", doc: "The plain data kept with it, or nil.", returns: [LuaResult(.any, "the value")])
                { box, _ in
                    [try box.object.value().map { StoredValue.decode($0) } ?? .nil]
                },
                LuaMethod(
                    "place", doc: "Puts its files below a directory, as links where the file system allows.",
                    parameters: [LuaField("target", .string, required: true, doc: "the directory")]
                ) { box, call in
                    try box.object.place("", at: call.string("target"))
                    return []
                },
                LuaMethod(
                    "describe", doc: "Label, size, and when and how long it was made.",
                    returns: [LuaResult(.table, "the table")]
                ) { box, _ in
                    let object = box.object
                    return [
                        .record([
                            ("verb", .string(object.key.verb)), ("label", .string(object.label)),
                            ("digest", .string(object.key.digest)),
                            ("dir", .string(object.path)), ("bytes", .integer(object.bytes)),
                            ("created", .string(object.created)),
                            ("seconds", .number(object.seconds)),
                        ])
                    ]
                },
            ], describe: { "stored result of \($0.object.key.verb) (\($0.object.key.digest.prefix(12)))" })
    }
}

/// An object on its way into the store, as scripts hold it.
final class DraftBox {
    let draft: ObjectDraft
    let key: ObjectKey

    init(_ draft: ObjectDraft, key: ObjectKey) {
        self.draft = draft
        self.key = key
    }
}

/// Class `StoreDraft`.
enum DraftClass {
    private static let commitRecord = LuaRecord(
        "CommitOptions",
        [
            LuaField("value", .any, doc: "plain data to keep with the files"),
            LuaField("label", .string, default: "", doc: "what a person calls it"),
            LuaField("seconds", .number(min: 0), doc: "what making it took (default: since the draft was begun)"),
        ])
    static let records = [commitRecord]

    static var declaration: LuaClassDeclaration<DraftBox> {
        LuaClassDeclaration(
            "StoreDraft", doc: "A directory that becomes an object of the store, or goes.",
            methods: [
                LuaMethod("dir", doc: "The directory to fill.", returns: [LuaResult(.string, "the path")]) { box, _ in
                    [.string(box.draft.path)]
                },
                LuaMethod(
                    "add", doc: "Adds a file or the files below a directory, as links where the file system allows.",
                    parameters: [
                        LuaField("source", .string, required: true, doc: "file or directory"),
                        LuaField("name", .string, required: true, doc: "its path inside the object"),
                    ]
                ) { box, call in
                    try box.draft.add(call.string("source"), as: call.string("name"))
                    return []
                },
                LuaMethod(
                    "commit", doc: "Gives the object its place in the store.",
                    parameters: [LuaField("options", .options(commitRecord.name), doc: "what to keep with the files")],
                    returns: [LuaResult(.object("StoredObject"), "the object")]
                ) { box, call in
                    let options = try call.options("options")
                    let value =
                        try options.isSet("value")
                        ? StoredValue.encode(options.value("value"), "the result of \(box.key.verb)") : nil
                    let object = try box.draft.commit(
                        box.key, value: value, label: options.string("label"),
                        seconds: options.optionalDouble("seconds"))
                    return [.object(StoredBox(object), class: "StoredObject")]
                },
            ], describe: { "draft of a result of \($0.key.verb)" }, release: { $0.draft.discard() })
    }
}
