import Glibc
import RhoCore

/// An object of the store: its key, what is known about it, and its files. Never change the files.
public struct StoredObject: Sendable {
    static let keyName = "key.json"
    static let metaName = "meta.json"
    static let valueName = "value.json"

    public struct Payload: Sendable, Equatable {
        /// Path inside the object.
        public var name: String
        public var bytes: Int
        public var sha256: String
    }

    public let path: String
    public let key: ObjectKey
    /// What a person calls it.
    public let label: String
    /// When it was made, as 2026-03-01T14:05:09Z.
    public let created: String
    /// Wall-clock seconds that making it took.
    public let seconds: Double
    public let files: [Payload]

    init?(path: String, key: ObjectKey, meta: JSON) {
        guard let list = meta["files"]?.arrayValue else { return nil }
        var files: [Payload] = []
        for entry in list {
            guard let name = entry["name"]?.stringValue, let bytes = entry["bytes"]?.intValue,
                let hash = entry["sha256"]?.stringValue
            else { return nil }
            files.append(Payload(name: name, bytes: bytes, sha256: hash))
        }
        self.path = path
        self.key = key
        self.files = files
        label = meta["label"]?.stringValue ?? ""
        created = meta["created"]?.stringValue ?? ""
        seconds = meta["seconds"]?.doubleValue ?? 0
    }

    static func meta(label: String, seconds: Double, files: [Payload]) -> JSON {
        [
            "format": 1, "label": JSON(label), "created": JSON(Timestamp.utc(Clock.wallSeconds())),
            "seconds": JSON((seconds * 1000).rounded() / 1000),
            "files": .array(files.map { ["name": JSON($0.name), "bytes": JSON($0.bytes), "sha256": JSON($0.sha256)] }),
        ]
    }

    /// Bytes of the payload.
    public var bytes: Int { files.reduce(0) { $0 + $1.bytes } }

    /// Path of a payload file.
    public func file(_ name: String) -> String { "\(path)/\(name)" }

    /// The value kept with the object; nil if it is files only.
    public func value() throws(RhoError) -> JSON? {
        guard files.contains(where: { $0.name == Self.valueName }) else { return nil }
        return try JSON.parse(try Files.readText(file(Self.valueName)))
    }

    var hasEveryFile: Bool {
        files.allSatisfy { payload in (try? Files.size(file(payload.name))) == payload.bytes }
    }

    /// Seconds since 1970 when it was last used: the time stamp of meta.json, which needs no write of content.
    public var lastUsed: Double { Self.modified(file(Self.metaName)) }

    /// Marks it as used now. A read-only store keeps its old stamps, which harms nothing but the order of removal.
    func touch() { utimensat(AT_FDCWD, file(Self.metaName), nil, 0) }

    static func modified(_ path: String) -> Double {
        var status = stat()
        guard stat(path, &status) == 0 else { return 0 }
        return Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) * 1e-9
    }

    /// Puts one file of the object at `target`.
    public func place(_ name: String, to target: String) throws(RhoError) {
        try Files.makeDirectory(Files.parent(of: target))
        try FileCopy.linkOrCopy(file(name), target)
    }

    /// Puts the files below `directory` of the object at `target`, as links where the file system allows: both names
    /// then are the same bytes on the disk. Small files are copied, because logs among them are appended to.
    public func place(_ directory: String, at target: String) throws(RhoError) {
        let prefix = directory.isEmpty ? "" : directory + "/"
        for payload in files where payload.name.hasPrefix(prefix) && payload.name != Self.valueName {
            let destination = "\(target)/\(payload.name.dropFirst(prefix.count))"
            try Files.makeDirectory(Files.parent(of: destination))
            try FileCopy.linkOrCopy(file(payload.name), destination)
        }
    }
}
