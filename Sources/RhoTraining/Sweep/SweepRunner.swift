import Glibc
import RhoCore

/// Sees what a sweep does; draws it, or writes it down.
public protocol SweepObserver: AnyObject {
    /// Some tenths of a second have passed, or something has happened.
    func update(_ snapshot: SweepSnapshot)
    /// A cell was started, or ended.
    func changed(_ cell: Int, _ snapshot: SweepSnapshot)
    func finish(_ snapshot: SweepSnapshot)
}

/// Runs the cells of a sweep, each in a process of this program, several at a time.
public final class SweepRunner {
    public struct Settings: Sendable {
        /// The program, for the processes of the cells.
        public var executable: String
        /// Processes at a time.
        public var jobs: Int
        /// Threads of each.
        public var threads: Int
        /// Ends the sweep at its first failed cell.
        public var failsFast: Bool

        public init(executable: String, jobs: Int = 1, threads: Int, failsFast: Bool = false) {
            self.executable = executable
            self.jobs = jobs
            self.threads = threads
            self.failsFast = failsFast
        }
    }

    public struct Outcome: Sendable {
        public var states: [CellState]
        /// The signal that ended the sweep; 0 if none did.
        public var signal: Int32
        /// Why the sweep ended early; empty if it did not.
        public var reason: String
    }

    /// So many cells that fail in the same way, and none that does not, end the sweep.
    public static let hopeless = 3

    private let directory: SweepDirectory
    private let settings: Settings
    private let observer: any SweepObserver
    private var schedule: any SweepSchedule
    private var active: [CellProcess] = []
    private var snapshot: SweepSnapshot
    /// Cells whose process failed in this sweep.
    private var failed: Set<Int> = []
    /// Why cells failed, numbers apart.
    private var complaints: [String] = []
    private var stopping = false
    private var outcome: Outcome

    public init(_ directory: SweepDirectory, _ settings: Settings, observer: any SweepObserver) {
        self.directory = directory
        self.settings = settings
        self.observer = observer
        if let rule = directory.plan.halving {
            schedule = HalvingSchedule(directory, rule)
        } else {
            schedule = QueueSchedule(directory)
        }
        snapshot = SweepSnapshot(directory, jobs: settings.jobs)
        outcome = Outcome(states: [], signal: 0, reason: "")
    }

    /// Runs until every cell has ended, or until it is told to stop: then each cell saves and ends.
    public func run() throws(RhoError) -> Outcome {
        let signals = SignalQueue()
        defer { signals.close() }
        do {
            try work(signals)
        } catch {
            stop()
            while !active.isEmpty { wait() }
            observer.finish(snapshot)
            throw error
        }
        outcome.states = directory.plan.cells.indices.map { failed.contains($0) ? .failed : directory.state($0) }
        observer.finish(snapshot)
        try directory.writeCells(outcome.states)
        return outcome
    }

    private func work(_ signals: SignalQueue) throws(RhoError) {
        while true {
            if let signal = signals.next() { interrupt(signal) }
            var finished = stopping
            while !stopping, active.count < settings.jobs {
                let work = try schedule.next(active: Set(active.map(\.cell)), failed: failed)
                guard case .cell(let cell, let job) = work else {
                    if case .finished = work { finished = true }
                    break
                }
                try start(cell, job)
            }
            if active.isEmpty, finished { return }
            wait()
            observer.update(snapshot)
        }
    }

    private func start(_ cell: Int, _ job: HalvingJob?) throws(RhoError) {
        let plan = directory.plan
        var flags = ["--progress", "feed", "--threads", "\(settings.threads)"]
        if let job, let rule = plan.halving, job.rung < rule.rungs.count {
            flags += ["--pause-at", "\(rule.arm):\(Text.short(rule.rungs[job.rung]))"]
        }
        let arguments = directory.command(cell, executable: settings.executable, flags: flags)
        active.append(
            try CellProcess(
                cell: cell, job: job, arguments: arguments, directory: plan.workingDirectory,
                log: directory.logPath(cell)))
        snapshot.start(cell)
        observer.changed(cell, snapshot)
    }

    /// Waits a moment, or until a cell has something to say.
    private func wait() {
        var polls = active.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        // A pipe whose other end is closed is ready at once, again and again: a short rest keeps the loop quiet.
        if poll(&polls, nfds_t(polls.count), 100) > 0 { usleep(10_000) }
        for process in active {
            process.drain()
            snapshot.feed(process.cell, process.feed, process.seconds)
        }
        for process in active {
            guard let status = process.ended() else { continue }
            active.removeAll { $0 === process }
            end(process, status)
        }
    }

    private func end(_ process: CellProcess, _ status: Int32) {
        let cell = process.cell
        var state = directory.state(cell)
        var complaint = ""
        switch status {
        case 0:
            if state != .done {
                (state, complaint) = (.failed, directory.surprise(cell) ?? "it ended without finishing its run")
            }
        // 75, 130, 143: it saved and ended as it was told.
        case 75, 130, 143: state = state.isFinal ? state : .partial
        default:
            complaint = SweepDirectory.complaint(process.said)
            if status == 128 + SIGKILL { complaint = "killed (was there enough memory?)" }
            if !state.isFailure { state = .failed }
        }
        if state == .failed { failed.insert(cell) }
        snapshot.end(cell, state, process.seconds, complaint: complaint, result: directory.result(cell))
        observer.changed(cell, snapshot)
        try? directory.writeCells(directory.states)
        if state.isFailure { react(complaint) }
    }

    private func react(_ complaint: String) {
        complaints.append(String(complaint.map { $0.isNumber ? "#" : $0 }))
        guard !stopping else { return }
        if settings.failsFast {
            outcome.reason = "a cell failed (--fail-fast)"
        } else if complaints.count == Self.hopeless, Set(complaints).count == 1, snapshot.count(.done) == 0,
            directory.plan.cells.count > Self.hopeless
        {
            outcome.reason = "the first \(Self.hopeless) cells failed the same way"
        } else {
            return
        }
        stop()
    }

    private func interrupt(_ signal: Int32) {
        if stopping, outcome.signal != 0 {
            for process in active { process.signal(SIGKILL) }
            return
        }
        outcome.signal = signal
        snapshot.isStopping = true
        stop()
    }

    /// Starts nothing more, and lets every cell save and end.
    private func stop() {
        stopping = true
        for process in active { process.signal(SIGTERM) }
    }
}
