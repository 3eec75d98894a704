import Glibc
import RhoCore

/// Results of verbs, found again by everything that can change them.
///
///     ROOT/objects/<digest of the key>/   key.json, meta.json and the payload files
///     ROOT/memos/<digest>.json            small facts that are dear to find again, such as the hash of a corpus
///
/// An object is written into a temporary directory beside its place and renamed, so that it is there whole or not at
/// all; the second of two processes that make the same object drops its own. Nothing here needs a lock, so a root on a
/// network file system is as good as a local one. An object never changes once it is there.
public final class ObjectStore {
    public let root: String
    /// Objects beyond so many bytes are removed, least recently used first.
    public let capacity: Int
    private var sweptTemporaries = false

    /// Twenty gigabytes: some dozens of small trainings with their optimiser states.
    public static let defaultCapacity = 20 << 30

    public init(root: String, capacity: Int = ObjectStore.defaultCapacity) {
        self.root = root
        self.capacity = capacity
    }

    var objectsPath: String { "\(root)/objects" }
    public func path(of digest: String) -> String { "\(objectsPath)/\(digest)" }

    /// The object under a key, marked as used; nil if it is not there or not whole.
    public func find(_ key: ObjectKey) -> StoredObject? {
        guard let object = object(key.digest), object.key == key || object.key.digest == key.digest else { return nil }
        object.touch()
        return object
    }

    /// The object of that digest, if it is there and every payload file has its size.
    public func object(_ digest: String) -> StoredObject? {
        let directory = path(of: digest)
        guard let key = Self.readKey(directory), key.digest == digest,
            let meta = (try? Files.readText("\(directory)/\(StoredObject.metaName)")).flatMap({ try? JSON.parse($0) }),
            let object = StoredObject(path: directory, key: key, meta: meta), object.hasEveryFile
        else { return nil }
        return object
    }

    static func readKey(_ directory: String) -> ObjectKey? {
        guard let text = try? Files.readText("\(directory)/\(StoredObject.keyName)"), let json = try? JSON.parse(text)
        else { return nil }
        return ObjectKey(json: json)
    }

    /// Digests in the order of their bytes.
    func digests() -> [String] {
        ((try? Files.list(objectsPath)) ?? []).filter { !$0.hasPrefix(".") }
    }

    /// A directory to fill and to commit under a key.
    /// - Throws: `.io` where the store cannot be written, with the way out.
    public func draft() throws(RhoError) -> ObjectDraft {
        if !sweptTemporaries {
            sweptTemporaries = true
            TemporaryName.sweep(objectsPath)
        }
        do {
            try Files.makeDirectory(objectsPath)
            let path = "\(objectsPath)/\(TemporaryName.make())"
            try Files.makeDirectory(path)
            return ObjectDraft(path: path, store: self)
        } catch {
            throw RhoError(
                error.code, "the store \(root) cannot be written: \(error.message)",
                hint: "choose another with --cache DIR or RHO_CACHE")
        }
    }

    /// The object of the same verb whose key needs the fewest changes to become this one; one of the same label before
    /// others, the most recently used of several.
    public func nearest(to key: ObjectKey, label: String = "") -> (object: StoredObject, differences: [KeyDifference])?
    {
        var best: (object: StoredObject, differences: [KeyDifference])?
        func rank(_ object: StoredObject, _ differences: [KeyDifference]) -> (Int, Int, Double) {
            (object.label == label ? 0 : 1, differences.count, -object.lastUsed)
        }
        for digest in digests() where digest != key.digest {
            guard let candidate = object(digest), candidate.key.verb == key.verb else { continue }
            let differences = key.differences(from: candidate.key)
            if let best, rank(best.object, best.differences) <= rank(candidate, differences) { continue }
            best = (candidate, differences)
        }
        return best
    }
}

/// Names of directories that are still being written: host, process and its start time tell whether anybody still is.
enum TemporaryName {
    static let prefix = ".tmp-"
    /// Another host's process cannot be asked; what it left this long ago is abandoned.
    private static let abandonedAfter = 86400.0

    static func make() -> String {
        let process = getpid()
        let start = Machine.startTime(of: process) ?? 0
        return "\(prefix)\(host)-\(process)-\(start)-\(UInt32.random(in: 0...UInt32.max))"
    }

    private static var host: String { String(SHA256Hasher.hex(of: Machine.host + Machine.bootID).prefix(12)) }

    /// Removes what dead processes left in `directory`. What cannot be removed is somebody else's trouble.
    static func sweep(_ directory: String) {
        for name in (try? Files.list(directory)) ?? [] where name.hasPrefix(prefix) {
            let path = "\(directory)/\(name)"
            let parts = name.dropFirst(prefix.count).split(separator: "-")
            if parts.count >= 3, parts[0] == host, let process = Int32(parts[1]), let start = Int(parts[2]) {
                if Machine.startTime(of: process) == start { continue }
            } else if Clock.wallSeconds() - StoredObject.modified(path) < abandonedAfter {
                continue
            }
            try? Files.remove(tree: path)
        }
    }
}
