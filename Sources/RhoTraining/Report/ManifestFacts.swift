import RhoCore

/// What a run was made from, as a reader of its page wants to know it.
public struct ManifestFacts {
    /// Name and value, in the order they are shown.
    public let rows: [(name: String, value: String)]

    /// - Parameter manifest: run.json, or what will be.
    public init(_ manifest: JSON) {
        var rows: [(name: String, value: String)] = []
        func add(_ name: String, _ value: String?) {
            if let value, !value.isEmpty { rows.append((name, value)) }
        }
        add("experiment", manifest["experiment"]?.stringValue)
        add("started", manifest["started"]?.stringValue)
        add("command", manifest["arguments"]?.arrayValue?.compactMap(\.stringValue).joined(separator: " "))
        add("commit", Self.commit(manifest["git"]))
        add("fingerprint", manifest["fingerprint"]?.stringValue)
        for (name, entry) in manifest["data"]?.objectValue?.pairs.map({ ($0.key, $0.value) }) ?? [] {
            let tokens = Text.scaled(entry["tokens"]?.doubleValue ?? .nan)
            let documents = Text.scaled(entry["documents"]?.doubleValue ?? .nan)
            add(
                "data: \(name)",
                "\(documents) documents, \(tokens) tokens, SHA-256 \(entry["hash"]?.stringValue ?? "-")")
        }
        add("code", manifest["code"]?.objectValue?.keys.joined(separator: ", "))
        let machine = manifest["machine"]
        let parts = [machine?["processor"]?.stringValue, machine?["system"]?.stringValue].compactMap { $0 }
        add("machine", parts.joined(separator: "; "))
        let versions = manifest["versions"]?.objectValue?.pairs.map { "\($0.key) \($0.value.stringValue ?? "")" }
        add("versions", versions?.joined(separator: ", "))
        self.rows = rows
    }

    private static func commit(_ git: JSON?) -> String? {
        guard let commit = git?["commit"]?.stringValue else { return nil }
        return commit + (git?["dirty"]?.boolValue == true ? ", with changes that are kept in git.patch" : "")
    }
}
