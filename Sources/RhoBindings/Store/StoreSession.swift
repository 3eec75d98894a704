import LuaRuntime
import RhoCore
import RhoData
import RhoKernels
import RhoTraining

/// The store as one script uses it: where it is, whether results may come from it, and what became of each verb.
package final class StoreSession {
    package let store: ObjectStore
    let memos: ContentMemo
    /// False with --no-cache: everything is computed anew, and kept.
    let reads: Bool
    /// Stays nil where the executable cannot be read: then nothing is found.
    private(set) lazy var engine: String? = EngineIdentity.current(arithmetic: arithmetic, memos: memos)
    private let session: Session
    private var records: [VerbRecord] = []
    private var written = 0
    /// The verbs of the run that is repeated.
    package var expected: [VerbRecord]?
    /// Verbs inside a verb that is a whole are part of it and are not looked up.
    private(set) var innerSections = 0
    private var kept = false

    init(session: Session, root: String, capacity: Int?, reads: Bool) {
        self.session = session
        self.reads = reads
        store = ObjectStore(root: root, capacity: capacity ?? ObjectStore.defaultCapacity)
        memos = ContentMemo(root: root)
    }

    deinit { trim() }

    /// The number of cores does not count: results do not depend on it.
    private var arithmetic: String {
        Processor.description.split(separator: ",").filter { !$0.hasSuffix("cores") }.joined(separator: ",")
    }

    // MARK: keys

    func key(_ verb: String, _ parts: JSONObject, notes: JSONObject = [:]) -> ObjectKey {
        ObjectKey(verb: verb, engine: engine ?? "unknown", parts: parts, notes: notes)
    }

    /// The stored result of a key. What became of the call is noted for `rhoscript why`.
    func find(
        _ key: ObjectKey, label: String, otherwise: VerbRecord.Outcome = .miss
    ) throws(RhoError) -> StoredObject? {
        try check(key, label)
        let found = reads && engine != nil ? store.find(key) : nil
        note(key, label: label, outcome: found != nil ? .hit : reads || otherwise != .miss ? otherwise : .unread)
        return found
    }

    /// A draft for a result that was not found.
    func draft() throws(RhoError) -> ObjectDraft {
        kept = true
        return try store.draft()
    }

    /// Notes a call for `rhoscript why`, with the nearest object where a result had to be computed.
    func note(_ key: ObjectKey, label: String, outcome: VerbRecord.Outcome) {
        let nearest = outcome == .miss ? store.nearest(to: key, label: label) : nil
        records.append(
            VerbRecord(
                key: key, label: label, outcome: outcome, nearest: nearest?.object.key.digest,
                nearestLabel: nearest?.object.label, differences: nearest?.differences ?? []))
        writeRecords()
    }

    /// Writes verbs.jsonl of the open run as far as it is not there yet.
    func writeRecords() {
        guard let run = session.run, written < records.count else { return }
        // What `why` shows is no reason to stop a run on a full disk.
        try? VerbRecord.write(records, to: run.directory.path)
        written = records.count
    }

    /// Ends a repetition at the first verb that is not what it was, before it costs anything.
    private func check(_ key: ObjectKey, _ label: String) throws(RhoError) {
        guard let expected, innerSections == 0 else { return }
        func differences(_ other: VerbRecord) -> [KeyDifference] {
            let isOtherBuild = key.engine != other.key.engine
            return key.differences(from: other.key).filter { $0.path != "engine" && !(isOtherBuild && $0.isOfComputed) }
        }
        let candidates = expected.filter { $0.key.verb == key.verb && $0.label == label }
        if candidates.contains(where: { differences($0).isEmpty }) { return }
        // Implicit verbs (a tokenisation) are skipped by a run whose later results were all in the store.
        guard let nearest = candidates.min(by: { differences($0).count < differences($1).count }) else { return }
        throw RhoError(
            .mismatch,
            "\(key.verb) '\(label)' is not what it was in the run that is repeated: "
                + differences(nearest).map(\.text).joined(separator: "; "))
    }

    // MARK: verbs with plain results

    /// The stored value of a verb, else the computed one, which is kept.
    func value(
        _ verb: String, _ parts: JSONObject, notes: JSONObject = [:], label: String, compute: () throws -> LuaValue
    ) throws -> LuaValue {
        guard innerSections == 0 else { return try compute() }
        let key = key(verb, parts, notes: notes)
        if let known = try find(key, label: label), let value = try known.value() { return StoredValue.decode(value) }
        let draft = try draft()
        let value = try compute()
        try draft.commit(key, value: try StoredValue.encode(value, "the result of \(verb)"), label: label)
        return value
    }

    /// An evaluation under its resolved options: remembered, unless it is part of another verb or captures something
    /// without a fingerprint.
    func evaluation(_ options: LuaOptions, label: String, compute: () throws -> LuaValue) throws -> [LuaValue] {
        guard innerSections == 0, let parts = try? Identity(store: self).parts(of: options, options.place) else {
            return [try compute()]
        }
        return [try value(options.place, parts, label: label, compute: compute)]
    }

    func beginInner() { innerSections += 1 }
    func endInner() { innerSections -= 1 }

    /// Keeps the store within its size once per run, and only where something was added.
    private func trim() {
        guard kept else { return }
        _ = try? store.collect(limit: store.capacity)
    }
}
