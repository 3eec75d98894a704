import Glibc
import RhoCore

extension ObjectStore {
    /// Every whole object, most recently used first.
    public func objects() -> [StoredObject] {
        let found = digests().compactMap { digest in object(digest).map { ($0, $0.lastUsed) } }
        return found.sorted { ($0.1, $0.0.key.digest) > ($1.1, $1.0.key.digest) }.map(\.0)
    }

    /// What a collection did.
    public struct Collection: Sendable, Equatable {
        public var removed = 0
        public var removedBytes = 0
        public var kept = 0
        public var keptBytes = 0
    }

    /// Removes the least recently used objects until the rest fits into `limit` bytes, and what is no whole object.
    ///
    /// - Parameter sparing: objects used within so many seconds stay, because a run may be about to read them.
    @discardableResult
    public func collect(limit: Int, sparing seconds: Double = 3600) throws(RhoError) -> Collection {
        var result = Collection()
        let now = Clock.wallSeconds()
        for digest in digests() where object(digest) == nil {
            // Only what has lain there for a while: on a network file system a fresh object may come into sight file by
            // file.
            guard now - StoredObject.modified(path(of: digest)) > seconds else { continue }
            try Self.dispose(path(of: digest))
            result.removed += 1
        }
        TemporaryName.sweep(objectsPath)
        for object in objects() {
            let fits = result.keptBytes + object.bytes <= limit
            if fits || now - object.lastUsed < seconds {
                result.kept += 1
                result.keptBytes += object.bytes
            } else {
                try Self.dispose(object.path)
                result.removed += 1
                result.removedBytes += object.bytes
            }
        }
        return result
    }

    /// Removes a directory in a way that nobody sees half of it.
    static func dispose(_ path: String) throws(RhoError) {
        let aside = "\(Files.parent(of: path))/\(TemporaryName.make())"
        try Files.rename(path, aside)
        try Files.remove(tree: aside)
    }

    /// An object whose files are not what they were.
    public struct Damage: Sendable, Equatable {
        public var path: String
        public var verb: String
        public var reason: String
    }

    /// Reads every payload file again and compares its hash. Damaged objects are removed if `repairing`, so that they
    /// are made anew when they are next wanted.
    public func verify(repairing: Bool) throws(RhoError) -> (checked: Int, damaged: [Damage]) {
        var damaged: [Damage] = []
        var checked = 0
        for digest in digests() {
            checked += 1
            guard let reason = reasonToDistrust(digest) else { continue }
            let path = path(of: digest)
            damaged.append(Damage(path: path, verb: Self.readKey(path)?.verb ?? "unknown", reason: reason))
            if repairing { try Self.dispose(path) }
        }
        return (checked, damaged)
    }

    private func reasonToDistrust(_ digest: String) -> String? {
        let directory = path(of: digest)
        guard let key = Self.readKey(directory) else { return "key.json cannot be read" }
        guard key.digest == digest else { return "key.json belongs to \(key.digest.prefix(12))" }
        guard let text = try? Files.readText("\(directory)/\(StoredObject.metaName)"), let meta = try? JSON.parse(text),
            let object = StoredObject(path: directory, key: key, meta: meta)
        else { return "meta.json cannot be read" }
        for payload in object.files {
            guard let size = try? Files.size(object.file(payload.name)) else { return "\(payload.name) is missing" }
            guard size == payload.bytes else { return "\(payload.name) has \(size) bytes instead of \(payload.bytes)" }
            guard let hash = try? FileHash.compute(object.file(payload.name)) else {
                return "\(payload.name) cannot be read"
            }
            guard hash == payload.sha256 else { return "\(payload.name) has another content than when it was stored" }
        }
        return nil
    }
}
