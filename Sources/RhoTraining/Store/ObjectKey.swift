import RhoCore

/// Everything that can change the result of a verb, by name.
///
///     digest = SHA-256 of canonical JSON { "engine": ..., "parts": { ... }, "verb": ... }
///
/// Two calls with the same digest give the same bits, so the second need not be made. Whole numbers count alike whether
/// they came as 1 or 1.0.
public struct ObjectKey: Sendable, Equatable {
    /// The verb's public name: `rho.train`.
    public let verb: String
    /// What computed it: see `EngineIdentity`.
    public let engine: String
    public let parts: JSONObject
    /// What people call the parts, such as a corpus's name; for reports only, not in the digest.
    public let notes: JSONObject
    /// 64 hexadecimal digits.
    public let digest: String

    public init(verb: String, engine: String, parts: JSONObject, notes: JSONObject = [:]) {
        self.verb = verb
        self.engine = engine
        self.parts = parts
        self.notes = notes
        digest = Fingerprint.of(["verb": JSON(verb), "engine": JSON(engine), "parts": .object(parts)])
    }

    /// What is written as key.json.
    public var json: JSON {
        [
            "verb": JSON(verb), "engine": JSON(engine), "digest": JSON(digest), "parts": .object(parts),
            "notes": .object(notes),
        ]
    }

    /// Reads what `json` wrote; nil if it is something else or its digest is not that of its parts.
    public init?(json: JSON) {
        guard let verb = json["verb"]?.stringValue, let engine = json["engine"]?.stringValue,
            let parts = json["parts"]?.objectValue
        else { return nil }
        self.init(verb: verb, engine: engine, parts: parts, notes: json["notes"]?.objectValue ?? [:])
        if json["digest"]?.stringValue != digest { return nil }
    }

    /// What would have to change in `other` to become this key, sorted by path; empty if the two are one.
    public func differences(from other: ObjectKey) -> [KeyDifference] {
        var found: [KeyDifference] = []
        if verb != other.verb { found.append(KeyDifference(path: "verb", before: JSON(other.verb), after: JSON(verb))) }
        KeyDifference.collect(.object(other.parts), .object(parts), at: "", into: &found)
        if engine != other.engine {
            found.append(KeyDifference(path: "engine", before: JSON(other.engine), after: JSON(engine)))
        }
        return found
    }
}

/// One value that two keys do not share.
public struct KeyDifference: Sendable, Equatable {
    /// `lr`, `schedule.peak`, `data[2]`.
    public var path: String
    /// nil where the key has no such part.
    public var before: JSON?
    public var after: JSON?

    public init(path: String, before: JSON?, after: JSON?) {
        self.path = path
        self.before = before
        self.after = after
    }

    /// `lr: 0.003 -> 0.001`, hashes cut to twelve digits.
    public var text: String { "\(path): \(Self.show(before)) -> \(Self.show(after))" }

    public var json: JSON { ["path": JSON(path), "before": before ?? .null, "after": after ?? .null] }

    public init?(json: JSON) {
        guard let path = json["path"]?.stringValue else { return nil }
        func present(_ key: String) -> JSON? { json[key].flatMap { $0.isNull ? nil : $0 } }
        self.init(path: path, before: present("before"), after: present("after"))
    }

    private static func show(_ value: JSON?) -> String {
        guard let value else { return "(not there)" }
        if isHash(value), let text = value.stringValue { return String(text.prefix(12)) }
        let text = value.serialized()
        return text.count <= 60 ? text : String(text.prefix(59)) + "…"
    }

    /// Whether both values are fingerprints of something that was computed before: weights, or a function that captures
    /// some. Another build rounds otherwise and gives others, while code, options and data are the same.
    public var isOfComputed: Bool {
        let name = path.split(separator: ".").last ?? ""
        return ["reference", "model", "function"].contains(name) && Self.isHash(before) && Self.isHash(after)
    }

    private static func isHash(_ value: JSON?) -> Bool {
        guard let text = value?.stringValue else { return false }
        return text.utf8.count == 64 && text.utf8.allSatisfy { isHex($0) }
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    /// Walks two values side by side down to the leaves that differ.
    static func collect(_ before: JSON, _ after: JSON, at path: String, into found: inout [KeyDifference]) {
        let (before, after) = (Fingerprint.normalised(before), Fingerprint.normalised(after))
        guard before.canonical != after.canonical else { return }
        if let a = before.objectValue, let b = after.objectValue {
            for key in Set(a.keys + b.keys).sorted() {
                let inner = path.isEmpty ? key : "\(path).\(key)"
                switch (a[key], b[key]) {
                case (let x?, let y?): collect(x, y, at: inner, into: &found)
                case (let x, let y): found.append(KeyDifference(path: inner, before: x, after: y))
                }
            }
        } else if let a = before.arrayValue, let b = after.arrayValue, a.count == b.count {
            for index in a.indices { collect(a[index], b[index], at: "\(path)[\(index + 1)]", into: &found) }
        } else {
            found.append(KeyDifference(path: path, before: before, after: after))
        }
    }
}
