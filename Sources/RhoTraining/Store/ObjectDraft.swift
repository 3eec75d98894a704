import Glibc
import RhoCore

/// An object on its way into the store: fill `path`, then commit. Dropped without a trace when that never comes.
public final class ObjectDraft {
    /// The directory to write files into.
    public let path: String
    private let store: ObjectStore
    private let started = Clock.monotonicSeconds()
    private var finished = false

    init(path: String, store: ObjectStore) {
        self.path = path
        self.store = store
    }

    deinit { discard() }

    /// Removes what was written.
    public func discard() {
        guard !finished else { return }
        finished = true
        // What failed half-way is of no use; an error while cleaning up would hide the one that matters.
        try? Files.remove(tree: path)
    }

    /// Adds a file or the files below a directory, as links where the file system allows.
    public func add(_ source: String, as name: String) throws(RhoError) {
        guard Files.isDirectory(source) else {
            let target = "\(path)/\(name)"
            try Files.makeDirectory(Files.parent(of: target))
            return try FileCopy.linkOrCopy(source, target)
        }
        for child in try Files.list(source) { try add("\(source)/\(child)", as: "\(name)/\(child)") }
    }

    /// Gives the object its place under `key`; the object that is there already if another process was faster.
    /// - Parameters:
    ///   - value: plain data to keep with the files.
    ///   - label: what a person calls the object.
    ///   - seconds: wall-clock seconds that making it took; since the draft was begun if not given.
    @discardableResult
    public func commit(
        _ key: ObjectKey, value: JSON? = nil, label: String = "", seconds: Double? = nil
    ) throws(RhoError) -> StoredObject {
        if let known = store.find(key) {
            discard()
            return known
        }
        do {
            if let value { try Files.writeAtomically("\(path)/\(StoredObject.valueName)", value.serialized() + "\n") }
            let files = try Self.payload(path)
            let meta = StoredObject.meta(
                label: label, seconds: seconds ?? Clock.monotonicSeconds() - started, files: files)
            try Files.writeAtomically("\(path)/\(StoredObject.metaName)", meta.serialized(pretty: true) + "\n")
            try Files.writeAtomically(
                "\(path)/\(StoredObject.keyName)", key.json.serialized(sortedKeys: true, pretty: true) + "\n")
        } catch {
            throw RhoError(error.code, "cannot keep a result of \(key.verb): \(error.message)", hint: error.hint)
        }
        return try move(key)
    }

    private func move(_ key: ObjectKey) throws(RhoError) -> StoredObject {
        let target = store.path(of: key.digest)
        // A directory that is there but is no whole object (cut off by a full disk, say) makes room.
        if Files.exists(target), store.object(key.digest) == nil { try ObjectStore.dispose(target) }
        do {
            try Files.rename(path, target)
            finished = true
        } catch {
            guard let known = store.find(key) else { throw error }
            discard()
            return known
        }
        guard let object = store.object(key.digest) else {
            throw RhoError(.io, "the object \(target) vanished right after it was written")
        }
        return object
    }

    /// Every file below the draft with size and hash, on the disk for good.
    private static func payload(_ root: String) throws(RhoError) -> [StoredObject.Payload] {
        var files: [StoredObject.Payload] = []
        func walk(_ prefix: String) throws(RhoError) {
            let directory = prefix.isEmpty ? root : "\(root)/\(prefix)"
            for name in try Files.list(directory) {
                let inner = prefix.isEmpty ? name : "\(prefix)/\(name)"
                if Files.isDirectory("\(root)/\(inner)") {
                    try walk(inner)
                } else {
                    try FileCopy.synchronize("\(root)/\(inner)")
                    let hash = try FileHash.compute("\(root)/\(inner)")
                    files.append(
                        StoredObject.Payload(name: inner, bytes: try Files.size("\(root)/\(inner)"), sha256: hash))
                }
            }
            try FileCopy.synchronize(directory)
        }
        try walk("")
        return files
    }
}
