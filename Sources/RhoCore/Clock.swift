import Glibc

/// Time, for progress lines, perf/ metrics and manifests only; no result may depend on it.
public enum Clock {
    /// Seconds from an arbitrary start that never runs backwards.
    public static func monotonicSeconds() -> Double { seconds(CLOCK_MONOTONIC) }

    /// Seconds since 1970-01-01 00:00 UTC.
    public static func wallSeconds() -> Double { seconds(CLOCK_REALTIME) }

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
