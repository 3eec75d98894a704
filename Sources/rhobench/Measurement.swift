import Glibc
import RhoCore
import RhoKernels

/// Repeated timings of one thing, in seconds.
struct Timings {
    let sorted: [Double]

    /// Runs `body` `warmup` times unmeasured, then `runs` times.
    init(warmup: Int = 1, runs: Int, _ body: () throws -> Void) rethrows {
        for _ in 0..<warmup { try body() }
        var seconds: [Double] = []
        for _ in 0..<max(1, runs) {
            let start = Clock.monotonicSeconds()
            try body()
            seconds.append(Clock.monotonicSeconds() - start)
        }
        sorted = seconds.sorted()
    }

    var median: Double {
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    var minimum: Double { sorted.first ?? 0 }
    var maximum: Double { sorted.last ?? 0 }
}

/// What the machine gives: the yardstick of the same run.
enum Machine {
    /// GFLOP/s of a 2048 x 2048 x 512 product on every thread of our pool, best of `runs`.
    static func sgemmPeak(runs: Int = 8) -> Double {
        let (m, n, k) = (2048, 2048, 512)
        let a = [Float](repeating: 1, count: m * k)
        let b = [Float](repeating: 2, count: n * k)
        var c = [Float](repeating: 0, count: m * n)
        let timings = Timings(warmup: 2, runs: runs) {
            c.withUnsafeMutableBufferPointer { c in
                a.withUnsafeBufferPointer { a in
                    b.withUnsafeBufferPointer { b in
                        guard let c = c.baseAddress, let a = a.baseAddress, let b = b.baseAddress else { return }
                        gemm(
                            c, a, b, m: m, n: n, k: k, transA: false, transB: true, accumulate: false, lda: k, ldb: k,
                            ldc: n)
                    }
                }
            }
        }
        return 2 * Double(m) * Double(n) * Double(k) / timings.minimum / 1e9
    }

    /// Largest resident set so far, MiB.
    static var peakMiB: Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_maxrss) / 1024
    }
}
