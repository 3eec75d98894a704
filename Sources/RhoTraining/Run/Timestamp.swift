import Glibc

/// Wall-clock times for manifests and directory names.
enum Timestamp {
    /// 2026-03-01T14:05:09Z
    static func utc(_ seconds: Double) -> String { format(seconds, "%Y-%m-%dT%H:%M:%SZ", gmtime_r) }

    /// 20260301-140509, local time: a person looks for the run of this afternoon.
    static func directoryName(_ seconds: Double) -> String { format(seconds, "%Y%m%d-%H%M%S", localtime_r) }

    private static func format(
        _ seconds: Double, _ pattern: String,
        _ convert: (UnsafePointer<time_t>, UnsafeMutablePointer<tm>) -> UnsafeMutablePointer<tm>?
    ) -> String {
        var time = time_t(seconds)
        var parts = tm()
        _ = convert(&time, &parts)
        var buffer = [CChar](repeating: 0, count: 40)
        let length = strftime(&buffer, buffer.count, pattern, &parts)
        return String(decoding: buffer.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
