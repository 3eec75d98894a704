import Glibc
import RhoCore

/// A run directory as its files tell it, read without taking part in the run.
public struct RunRecord: Sendable {
    public let path: String
    public let experiment: String
    /// The seed as run.json says it; text, because a 64-bit seed is written as text.
    public let seed: String
    /// Start in UTC, "2026-03-01T14:05:09Z".
    public let started: String
    /// Derived from the lock, its owner and run.json.
    public let status: RunStatus
    /// Every parameter, resolved; "model.layers" for one inside a group.
    public let config: JSONObject
    /// True if the sources differed from the commit.
    public let isDirty: Bool
    public let manifest: JSON
    /// The trained models, by name.
    public let arms: [ArmRecord]

    /// Reads one run.
    /// - Throws: `.io` if there is no run.json, `.format` if it or a metrics file makes no sense.
    public init(path: String) throws(RhoError) {
        guard Self.isRun(path) else {
            throw RhoError(.io, "\(path) is no run directory: it has no run.json")
        }
        let manifest: JSON
        do {
            manifest = try JSON.parse(try Files.read("\(path)/run.json"))
        } catch {
            throw error.at("\(path)/run.json")
        }
        self.path = path
        self.manifest = manifest
        experiment = manifest["experiment"]?.stringValue ?? Files.name(of: path)
        seed = manifest["seed"]?.stringValue ?? manifest["seed"]?.intValue.map(String.init) ?? "-"
        started = manifest["started"]?.stringValue ?? "-"
        status = RunStatus.of(directory: path)
        config = Self.flat(manifest["config"]?.objectValue ?? JSONObject())
        isDirty = manifest["git"]?["dirty"]?.boolValue ?? false
        var arms: [ArmRecord] = []
        for name in try Files.list(path) where ArmRecord.isArm("\(path)/\(name)") {
            arms.append(try ArmRecord(path: "\(path)/\(name)"))
        }
        self.arms = arms
    }

    private static func flat(_ group: JSONObject) -> JSONObject {
        var all = JSONObject()
        for (name, value) in group.pairs {
            guard let inner = value.objectValue, !inner.isEmpty else {
                all[name] = value
                continue
            }
            for (path, value) in flat(inner).pairs { all["\(name).\(path)"] = value }
        }
        return all
    }

    public static func isRun(_ path: String) -> Bool { Files.exists("\(path)/run.json") }

    /// Seconds the run took, as far as it is known.
    public var wallSeconds: Double { manifest["wall_seconds"]?.doubleValue ?? 0 }

    /// Tokens seen by all arms together.
    public var tokens: Int { arms.reduce(0) { $0 + $1.tokens } }

    /// What the experiment returned, where it returned numbers.
    public var returned: ArmRecord? {
        guard let text = try? Files.readText("\(path)/summary.json"),
            let values = (try? JSON.parse(text))?["values"]?.objectValue
        else { return nil }
        return ArmRecord(returned: values, run: path)
    }

    /// The arm that was written to last: the one at work, if one is.
    public var lastArm: ArmRecord? {
        var latest: ArmRecord?
        for arm in arms where arm.changed > latest?.changed ?? -1 { latest = arm }
        return latest
    }

    /// Paths of the runs below a directory, or the directory itself if it is one, sorted.
    ///
    /// - Throws: `.io` if the directory is not there.
    public static func paths(below root: String) throws(RhoError) -> [String] {
        if isRun(root) { return [root] }
        var found: [String] = []
        try collect(root, depth: 0, into: &found)
        return found
    }

    private static func collect(_ directory: String, depth: Int, into found: inout [String]) throws(RhoError) {
        for name in try Files.list(directory) where !name.hasPrefix(".") {
            let child = directory == "/" ? "/\(name)" : "\(directory)/\(name)"
            guard Files.isDirectory(child) else { continue }
            if isRun(child) {
                found.append(child)
            } else if depth < 6, !isLink(child) {
                // A folder that nobody may read holds no run of this reader.
                try? collect(child, depth: depth + 1, into: &found)
            }
        }
    }

    /// Links are not followed: they can lead in circles.
    private static func isLink(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }
}
