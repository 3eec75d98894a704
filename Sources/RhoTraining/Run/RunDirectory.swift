import Glibc
import RhoCore

/// The directory one run of an experiment writes into.
///
///     run.json            manifest, written at the start and again at the end
///     config.json         every parameter, resolved       overrides.json   where each value came from
///     source/             every Lua file loaded           git.patch        tracked changes, capped
///     log.txt             what was said                   summary.json     final document
///     lock.json           who is writing (removed at the end)
///     <arm>/              metrics.jsonl, summary.json and checkpoints/ of one trained model
///
/// The process never changes its own directory.
public final class RunDirectory {
    public let path: String
    /// True if the directory held the same run already.
    public let isResumed: Bool
    public var manifest: Manifest
    public let lock: RunLock
    private var arms: [String: ArmDirectory] = [:]
    private let started = Clock.monotonicSeconds()

    /// runs/<experiment>/<yyyymmdd-hhmmss>-<slug>-<first 8 digits of the fingerprint>
    public static func defaultPath(
        root: String = "runs", experiment: String, slug: String, fingerprint: String,
        at seconds: Double = Clock.wallSeconds()
    ) -> String {
        let name = [Timestamp.directoryName(seconds), Self.slug(slug), String(fingerprint.prefix(8))]
        let path = "\(root)/\(Self.slug(experiment))/" + name.filter { !$0.isEmpty }.joined(separator: "-")
        // Two runs may start within one second.
        var free = path
        var count = 1
        while Files.exists(free) {
            count += 1
            free = "\(path)-\(count)"
        }
        return free
    }

    /// What is there before run.json is: a process that ends in between leaves no run, and nothing else either.
    private static let firstFiles = ["lock.json", "config.json", "overrides.json", "git.patch"]

    private static func holdsSomethingElse(_ path: String) throws(RhoError) -> Bool {
        guard Files.isDirectory(path) else { return false }
        return try Files.list(path).contains { name in
            !firstFiles.contains(name) && !(firstFiles + ["run.json"]).contains { name.hasPrefix($0 + ".tmp-") }
        }
    }

    /// Lower-case letters, digits, `_` and `-`; anything else becomes `-`.
    static func slug(_ text: String) -> String {
        let safe = text.lowercased().map { letter -> Character in
            letter.isASCII && (letter.isLetter || letter.isNumber) || letter == "_" || letter == "." ? letter : "-"
        }
        let parts = String(safe).split(separator: "-", omittingEmptySubsequences: true)
        let name = parts.joined(separator: "-")
        return String(name.drop { $0 == "." }.prefix(60))
    }

    /// Opens a new directory, or one that an earlier process began with the same configuration.
    /// - Throws: `.mismatch` if it holds another run, `.io` if it holds something else or is in use.
    public init(path: String, manifest: Manifest, overrides: JSON? = nil) throws(RhoError) {
        let existing = Files.exists("\(path)/run.json")
        if !existing, try Self.holdsSomethingElse(path) {
            throw RhoError(
                .io, "\(path) is not empty and holds no run", hint: "choose a new or an empty directory with --out")
        }
        if existing, Files.exists("\(path)/config.json") {
            let earlier = try JSON.parse(try Files.readText("\(path)/config.json"))
            if let key = Fingerprint.firstDifference(earlier, manifest.config) {
                throw RhoError(
                    .mismatch, "\(path) holds a run with another configuration: it differs at \(key)",
                    hint: "choose another directory with --out")
            }
        }
        try Files.makeDirectory(path)
        lock = try RunLock(directory: path)
        self.path = path
        self.manifest = manifest
        isResumed = existing
        try Files.writeAtomically(
            "\(path)/config.json", manifest.config.serialized(sortedKeys: true, pretty: true) + "\n")
        if let overrides {
            try Files.writeAtomically(
                "\(path)/overrides.json", overrides.serialized(sortedKeys: true, pretty: true) + "\n")
        }
        if let git = manifest.git, git.dirty { try Files.writeAtomically("\(path)/git.patch", git.patch) }
        try writeManifest()
    }

    /// Returns the directory of one trained model, made if it is not there.
    public func arm(_ name: String) throws(RhoError) -> ArmDirectory {
        let slug = Self.slug(name)
        guard !slug.isEmpty, slug != "source" else {
            throw RhoError(.value, "an arm needs a name of letters and digits, got '\(name)'")
        }
        if let arm = arms[slug] { return arm }
        let arm = try ArmDirectory(path: "\(path)/\(slug)", name: name)
        arms[slug] = arm
        return arm
    }

    /// Keeps a copy of a Lua file under source/, and its hash in the manifest.
    public func addSource(_ name: String, _ bytes: [UInt8]) throws(RhoError) {
        // A path outside the project must not climb out of source/.
        let parts = name.split(separator: "/").filter { $0 != ".." && $0 != "." }.map(String.init)
        guard !parts.isEmpty else { return }
        let safe = parts.joined(separator: "/")
        let target = "\(path)/source/\(safe)"
        try Files.makeDirectory(Files.parent(of: target))
        try Files.writeAtomically(target, bytes)
        manifest.setCode(safe, hash: SHA256Hasher.hex(of: bytes))
    }

    /// Appends to log.txt.
    public func log(_ text: String) {
        guard let descriptor = try? Files.open("\(path)/log.txt", O_WRONLY | O_APPEND | O_CREAT, doing: "open") else {
            return
        }
        defer { close(descriptor) }
        Array(text.utf8).withUnsafeBytes { _ = write(descriptor, $0.baseAddress, $0.count) }
    }

    /// Rewrites run.json.
    public func writeManifest() throws(RhoError) {
        manifest.wallSeconds = Clock.monotonicSeconds() - started
        manifest.peakResidentBytes = Machine.peakResidentBytes
        try Files.writeAtomically("\(path)/run.json", manifest.json.serialized(pretty: true) + "\n")
    }

    /// Writes summary.json and the final manifest, and gives the directory up.
    public func finish(_ status: RunStatus, summary: JSON? = nil) throws(RhoError) {
        if let summary { try Files.writeAtomically("\(path)/summary.json", summary.serialized(pretty: true) + "\n") }
        manifest.ended = status
        manifest.finishedAt = Clock.wallSeconds()
        try writeManifest()
        lock.release()
    }
}

/// The directory of one trained model inside a run.
public final class ArmDirectory {
    public let path: String
    public let name: String
    private var log: MetricsLog?

    init(path: String, name: String) throws(RhoError) {
        self.path = path
        self.name = name
        try Files.makeDirectory(path)
    }

    public var metricsPath: String { "\(path)/metrics.jsonl" }
    public var checkpointsPath: String { "\(path)/checkpoints" }

    /// The arm's metrics.jsonl, opened on first use.
    public func metrics() throws(RhoError) -> MetricsLog {
        if let log { return log }
        let opened = try MetricsLog(path: metricsPath)
        log = opened
        return opened
    }

    /// Makes the log agree with a checkpoint: lines after its step go, and a resume is marked if it is one.
    public func resumeMetrics(at step: Int, marked: Bool = true) throws(RhoError) {
        try MetricsLog.truncate(metricsPath, afterStep: step)
        if marked { try metrics().appendEvent("resume", step: step) }
    }

    /// Empties the log for a training that starts from its first step.
    public func restartMetrics() throws(RhoError) {
        try MetricsLog.truncate(metricsPath, afterStep: -1)
    }

    public func writeConfig(_ config: JSON) throws(RhoError) {
        try Files.writeAtomically("\(path)/config.json", config.serialized(sortedKeys: true, pretty: true) + "\n")
    }

    public func writeSummary(_ summary: JSON) throws(RhoError) {
        try Files.writeAtomically("\(path)/summary.json", summary.serialized(pretty: true) + "\n")
    }

    /// The summary of a finished training; nil if it has not finished.
    public func summary() throws(RhoError) -> JSON? {
        guard Files.exists("\(path)/summary.json") else { return nil }
        return try JSON.parse(try Files.readText("\(path)/summary.json"))
    }
}
