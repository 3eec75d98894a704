import Glibc
import RhoCore

/// An event file of TensorBoard beside metrics.jsonl, with the same tags.
public final class EventFile {
    /// Ends the name of every file this program writes, so that an export replaces only its own.
    static let suffix = ".rhoscript"

    public let path: String
    private let descriptor: Int32

    /// Begins a file in a directory. One process writes one file.
    /// - Parameter step: the step that the training goes on after; 0 for a new one.
    public init(directory: String, step: Int, wallTime: Double = Clock.wallSeconds()) throws(RhoError) {
        try Files.makeDirectory(directory)
        path = "\(directory)/\(Self.name(wallTime))"
        descriptor = try Files.open(path, O_WRONLY | O_APPEND | O_CREAT, doing: "open")
        try write(EventRecord.version(wallTime: wallTime) + EventRecord.sessionStart(wallTime: wallTime, step: step))
    }

    deinit { close(descriptor) }

    static func name(_ wallTime: Double) -> String {
        let host = Machine.host.map { $0.isLetter || $0.isNumber || $0 == "-" ? $0 : "-" }
        return "events.out.tfevents.\(Int(wallTime)).\(String(host)).\(getpid())\(suffix)"
    }

    /// Appends the numbers of one line of metrics.jsonl.
    public func append(step: Int, tokens: Int, _ values: JSONObject, wallTime: Double = Clock.wallSeconds())
        throws(RhoError)
    {
        try write(Self.record(MetricsRecord(step: step, tokens: tokens, values: values), wallTime))
    }

    private func write(_ bytes: [UInt8]) throws(RhoError) {
        let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        guard written == bytes.count else {
            let reason = written < 0 ? String(cString: strerror(errno)) : "only \(written) of \(bytes.count) bytes fit"
            throw RhoError(.io, "cannot write \(path): \(reason)")
        }
    }

    private static func record(_ record: MetricsRecord, _ wallTime: Double) -> [UInt8] {
        var values = [(tag: "progress/tokens", value: Float(record.tokens))]
        for (tag, value) in record.values.pairs {
            if let number = value.doubleValue { values.append((tag, Float(number))) }
        }
        return EventRecord.scalars(values, wallTime: wallTime, step: record.step)
    }

    /// Writes the event file of an arm from its metrics.jsonl, in place of an earlier export, and returns its path.
    ///
    /// The log has no times, so that it is the same for every run; they are counted back from the file's last change
    /// with the speed that each line gives.
    public static func export(_ arm: ArmRecord) throws(RhoError) -> String {
        var times = [Double](repeating: arm.changed, count: arm.records.count)
        for index in arm.records.indices.dropLast().reversed() {
            let next = arm.records[index + 1]
            let speed = next["perf/tokens_per_second"] ?? .nan
            let seconds = Double(next.tokens - arm.records[index].tokens) / speed
            times[index] = times[index + 1] - (seconds.isFinite && seconds > 0 ? seconds : 0)
        }
        let start = times.first ?? arm.changed
        var bytes = EventRecord.version(wallTime: start)
        bytes += EventRecord.sessionStart(wallTime: start, step: arm.records.first?.step ?? 0)
        for (record, time) in zip(arm.records, times) { bytes += Self.record(record, time) }
        for old in try Files.list(arm.path) where old.hasPrefix("events.out.tfevents.") && old.hasSuffix(suffix) {
            try Files.remove(tree: "\(arm.path)/\(old)")
        }
        let path = "\(arm.path)/\(name(start))"
        try Files.writeAtomically(path, bytes)
        return path
    }
}
