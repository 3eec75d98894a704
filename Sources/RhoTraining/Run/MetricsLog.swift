import Glibc
import RhoCore

/// One line of metrics.jsonl, read back.
public struct MetricsRecord: Sendable, Equatable {
    public var step: Int
    public var tokens: Int
    /// Tags in sorted order.
    public var values: JSONObject

    public subscript(tag: String) -> Double? { values[tag]?.doubleValue }
}

/// metrics.jsonl: append-only, one JSON object a line, `step`, `tokens`, then the tags sorted by their bytes.
///
///     {"step":100,"tokens":409600,"perf/tokens_per_second":8123,"train/kept":0.6,"train/loss":3.2140625}
///
/// Losses are nats per token. What depends on the clock or the machine has a tag under perf/; all other values are the
/// same bits for the same script, seed and build. NaN and infinities are the strings "NaN", "Infinity", "-Infinity".
public final class MetricsLog {
    public let path: String
    private let descriptor: Int32

    /// Opens the file, or makes it.
    public init(path: String) throws(RhoError) {
        self.path = path
        try Files.makeDirectory(Files.parent(of: path))
        descriptor = try Files.open(path, O_WRONLY | O_APPEND | O_CREAT, doing: "open")
    }

    deinit { close(descriptor) }

    /// Appends one line.
    /// - Throws: `.value` for a tag that would collide with the line's own keys, `.io`.
    public func append(step: Int, tokens: Int, _ values: JSONObject) throws(RhoError) {
        var line: JSONObject = ["step": JSON(step), "tokens": JSON(tokens)]
        for (tag, value) in values.pairs.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            guard !["step", "tokens", "event"].contains(tag) else {
                throw RhoError(.value, "a metric cannot be called '\(tag)': every line has that key already")
            }
            line[tag] = value
        }
        try write(.object(line))
    }

    /// Appends a line that marks something that happened, such as a resume.
    public func appendEvent(_ name: String, step: Int) throws(RhoError) {
        try write(["event": .string(name), "step": JSON(step)])
    }

    private func write(_ line: JSON) throws(RhoError) {
        // One call a line: a crash leaves at most one partial line, which `truncate` removes.
        let bytes = Array((line.serialized() + "\n").utf8)
        let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        guard written == bytes.count else {
            let reason = written < 0 ? String(cString: strerror(errno)) : "only \(written) of \(bytes.count) bytes fit"
            throw RhoError(.io, "cannot write \(path): \(reason)")
        }
    }

    /// Bytes in the file; what a checkpoint remembers.
    public func byteCount() throws(RhoError) -> Int { try Files.size(path) }

    /// Removes every line after `step`, and a last line that a crash cut short. Nothing there is fine.
    public static func truncate(_ path: String, afterStep step: Int) throws(RhoError) {
        guard Files.exists(path) else { return }
        let bytes = try Files.read(path)
        var kept = 0
        for line in lines(bytes) {
            guard line.complete, let record = try? JSON.parse(Array(bytes[line.range])),
                let lineStep = record["step"]?.intValue, lineStep <= step
            else { break }
            kept = line.end
        }
        guard kept < bytes.count else { return }
        try FileAccess.check(path, .write)
        guard Glibc.truncate(path, off_t(kept)) == 0 else {
            throw RhoError(.io, "cannot cut \(path): \(String(cString: strerror(errno)))")
        }
    }

    /// Reads the metric lines; event lines and a last line that is cut short are left out.
    public static func read(_ path: String) throws(RhoError) -> [MetricsRecord] {
        let bytes = try Files.read(path)
        var records: [MetricsRecord] = []
        for (number, line) in lines(bytes).enumerated() where line.complete {
            let object: JSON
            do {
                object = try JSON.parse(Array(bytes[line.range]))
            } catch {
                throw error.at("\(path):\(number + 1)")
            }
            guard let pairs = object.objectValue, object["event"] == nil else { continue }
            guard let step = object["step"]?.intValue, let tokens = object["tokens"]?.intValue else {
                throw RhoError(.format, "\(path):\(number + 1): a metrics line needs step and tokens")
            }
            let values = JSONObject(
                pairs.pairs.filter { $0.key != "step" && $0.key != "tokens" }.map { ($0.key, $0.value) })
            records.append(MetricsRecord(step: step, tokens: tokens, values: values))
        }
        return records
    }

    private struct Line {
        var range: Range<Int>
        /// First byte after the line and its newline.
        var end: Int
        var complete: Bool
    }

    private static func lines(_ bytes: [UInt8]) -> [Line] {
        var lines: [Line] = []
        var start = 0
        while start < bytes.count {
            let newline = bytes[start...].firstIndex(of: 10)
            let end = newline ?? bytes.count
            lines.append(Line(range: start..<end, end: min(end + 1, bytes.count), complete: newline != nil))
            start = end + 1
        }
        return lines
    }
}
