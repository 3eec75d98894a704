import Glibc
import RhoCore

/// lock.json: who is writing into a run directory. The status of a run is derived from it, never stored as "running".
public final class RunLock {
    /// What the file says about its owner.
    public struct Owner: Sendable, Equatable {
        public var host: String
        public var bootID: String
        public var process: Int32
        /// Clock ticks since boot: tells a process from a later one with the same id.
        public var processStart: Int
        /// Seconds since 1970 of the last sign of life.
        public var heartbeat: Double

        var json: JSON {
            [
                "host": .string(host), "boot_id": .string(bootID), "pid": JSON(Int(process)),
                "process_start": JSON(processStart), "heartbeat": .number(heartbeat),
            ]
        }

        init?(json: JSON) {
            guard let host = json["host"]?.stringValue, let bootID = json["boot_id"]?.stringValue,
                let process = json["pid"]?.intValue, let start = json["process_start"]?.intValue,
                let heartbeat = json["heartbeat"]?.doubleValue
            else { return nil }
            self.init(
                host: host, bootID: bootID, process: Int32(truncatingIfNeeded: process), processStart: start,
                heartbeat: heartbeat)
        }

        public init(host: String, bootID: String, process: Int32, processStart: Int, heartbeat: Double) {
            self.host = host
            self.bootID = bootID
            self.process = process
            self.processStart = processStart
            self.heartbeat = heartbeat
        }

        /// This process.
        public static func current(at seconds: Double = Clock.wallSeconds()) -> Owner {
            let process = getpid()
            return Owner(
                host: Machine.host, bootID: Machine.bootID, process: process,
                processStart: Machine.startTime(of: process) ?? 0, heartbeat: seconds)
        }

        /// True if the owner is certainly or probably still at work.
        ///
        /// On this host the process table decides; for another host only the heartbeat can.
        public func isAlive(at seconds: Double = Clock.wallSeconds()) -> Bool {
            if host == Machine.host {
                return bootID == Machine.bootID && Machine.startTime(of: process) == processStart
            }
            return seconds - heartbeat < RunLock.staleAfter
        }
    }

    /// Seconds between heartbeats, and without one before another host's lock counts as abandoned.
    public static let heartbeatEvery = 30.0
    public static let staleAfter = 150.0

    private let path: String
    private var owner: Owner
    private var held = true

    /// Takes the lock of a run directory; the lock of a dead process is replaced.
    /// - Throws: `.io` if a live process holds it.
    public init(directory: String) throws(RhoError) {
        path = "\(directory)/lock.json"
        owner = .current()
        if let other = Self.owner(of: directory), other.isAlive(),
            other.process != owner.process || other.host != owner.host
        {
            throw RhoError(
                .io, "\(directory) is in use by process \(other.process) on \(other.host)",
                hint: "choose another directory with --out, or end that process")
        }
        try Files.writeAtomically(path, owner.json.serialized(pretty: true) + "\n")
    }

    deinit { release() }

    /// Renews the heartbeat if it is time to; cheap enough for every step.
    public func beat(at seconds: Double = Clock.wallSeconds()) {
        guard held, seconds - owner.heartbeat >= Self.heartbeatEvery else { return }
        owner.heartbeat = seconds
        // A full disk must not end a run that is otherwise fine; the next checkpoint will say so.
        try? Files.writeAtomically(path, owner.json.serialized(pretty: true) + "\n")
    }

    /// Gives the directory up.
    public func release() {
        guard held else { return }
        held = false
        unlink(path)
    }

    /// Reads who holds a directory; nil if nobody, or if the file makes no sense.
    public static func owner(of directory: String) -> Owner? {
        guard let text = try? Files.readText("\(directory)/lock.json"), let json = try? JSON.parse(text) else {
            return nil
        }
        return Owner(json: json)
    }
}

/// How a run stands.
public enum RunStatus: String, Sendable, CaseIterable {
    /// A live process holds the lock.
    case running
    /// The process ended without saying how: killed, or the machine went down.
    case interrupted
    /// The run said how it ended.
    case done, failed, diverged, stopped

    /// Derives the status of a run directory from its files.
    public static func of(directory: String, at seconds: Double = Clock.wallSeconds()) -> RunStatus {
        if let owner = RunLock.owner(of: directory), owner.isAlive(at: seconds) { return .running }
        guard let text = try? Files.readText("\(directory)/run.json"), let json = try? JSON.parse(text),
            let name = json["ended"]?.stringValue, let status = RunStatus(rawValue: name)
        else { return .interrupted }
        return status
    }
}
