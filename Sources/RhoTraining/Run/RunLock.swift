import Glibc
import RhoCore
import Synchronization

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
    static let staleAfter = 150.0

    private let shared: Shared

    /// Takes the lock of a run directory; the lock of a dead process is replaced.
    /// - Throws: `.io` if a live process holds it.
    public init(directory: String, beatingEvery seconds: Double = RunLock.heartbeatEvery) throws(RhoError) {
        let owner = Owner.current()
        try Self.take(directory, owner)
        shared = Shared(path: Self.path(directory), owner: owner, interval: seconds)
        shared.startBeating()
    }

    deinit { release() }

    /// Gives the directory up.
    public func release() { shared.release() }

    private static func path(_ directory: String) -> String { "\(directory)/lock.json" }

    /// Puts the lock there in one step: where there is none, or in place of one whose owner is dead.
    private static func take(_ directory: String, _ owner: Owner) throws(RhoError) {
        let path = path(directory)
        let draft = "\(path).tmp-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        defer { unlink(draft) }
        for _ in 0..<10 {
            do {
                try Files.writeAtomically(draft, owner.json.serialized(pretty: true) + "\n")
            } catch {
                throw RhoError(error.code, error.message.replacing(draft, with: path), hint: error.hint)
            }
            // A name for what is there already cannot be made twice, on any file system that has such names.
            if link(draft, path) == 0 { return }
            // The draft may have been swept up by the owner.
            if errno == ENOENT { continue }
            if errno != EEXIST { return try Files.rename(draft, path) }
            try refuse(Self.owner(file: path), directory, owner)
            let aside = "\(draft)-0"
            guard rename(path, aside) == 0 else { continue }
            defer { unlink(aside) }
            // Somebody may have taken the dead one's place just before.
            do { try refuse(Self.owner(file: aside), directory, owner) } catch {
                link(aside, path)
                throw error
            }
        }
        throw RhoError(.io, "\(directory) is being taken by other processes")
    }

    private static func refuse(_ other: Owner?, _ directory: String, _ owner: Owner) throws(RhoError) {
        guard let other, other.isAlive(), other.process != owner.process || other.host != owner.host else { return }
        throw RhoError(
            .io, "\(directory) is in use by process \(other.process) on \(other.host)",
            hint: "choose another directory with --out, or end that process")
    }

    /// What the thread that renews the heartbeat sees.
    private final class Shared: Sendable {
        let path: String
        private let interval: Double
        /// nil once the directory was given up.
        private let owner: Mutex<Owner?>

        init(path: String, owner: Owner, interval: Double) {
            self.path = path
            self.interval = interval
            self.owner = Mutex(owner)
        }

        func release() {
            owner.withLock { owner in
                if owner != nil { unlink(path) }
                owner = nil
            }
        }

        /// A thread of its own: whatever the run is busy with, other hosts see that it lives.
        func startBeating() {
            let context = Unmanaged.passRetained(self)
            // Signals are for the thread that runs Lua.
            var (all, before, thread) = (sigset_t(), sigset_t(), pthread_t())
            sigfillset(&all)
            pthread_sigmask(SIG_SETMASK, &all, &before)
            let failure = pthread_create(
                &thread, nil,
                { context in
                    guard let context else { return nil }
                    Unmanaged<Shared>.fromOpaque(context).takeRetainedValue().beatUntilReleased()
                    return nil
                }, context.toOpaque())
            pthread_sigmask(SIG_SETMASK, &before, nil)
            if failure == 0 { pthread_detach(thread) } else { context.release() }
        }

        private func beatUntilReleased() {
            while true {
                usleep(UInt32(min(interval, 1) * 500_000))
                let held = owner.withLock { owner in
                    guard var known = owner else { return false }
                    let now = Clock.wallSeconds()
                    if now - known.heartbeat >= interval {
                        known.heartbeat = now
                        owner = known
                        // A full disk must not end a run that is otherwise fine; the next checkpoint will say so.
                        try? Files.writeAtomically(path, known.json.serialized(pretty: true) + "\n")
                    }
                    return true
                }
                if !held { return }
            }
        }
    }

    /// Reads who holds a directory; nil if nobody, or if the file makes no sense.
    public static func owner(of directory: String) -> Owner? {
        owner(file: path(directory))
    }

    private static func owner(file: String) -> Owner? {
        guard let text = try? Files.readText(file), let json = try? JSON.parse(text) else { return nil }
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
