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
        self.init(seconds)
    }

    init(_ seconds: [Double]) { sorted = seconds.sorted() }

    var median: Double {
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    var minimum: Double { sorted.first ?? 0 }
    var maximum: Double { sorted.last ?? 0 }
}

/// What the machine gives: GFLOP/s of a 2048 x 2048 x 512 product on every thread of our pool, the best of the samples,
/// by our own product and by OpenBLAS.
final class Yardstick {
    private let (m, n, k) = (2048, 2048, 512)
    private let a: [Float]
    private let b: [Float]
    private var c: [Float]
    private var own = Double.infinity
    private var blas = Double.infinity

    /// Takes `samples` at once, after an unmeasured one.
    init(samples: Int = 3) {
        a = [Float](repeating: 1, count: m * k)
        b = [Float](repeating: 2, count: n * k)
        c = [Float](repeating: 0, count: m * n)
        for _ in 0...samples { sample() }
        for _ in 0..<2 { blas = min(blas, time(ours: false)) }
    }

    func sample() { own = min(own, time(ours: true)) }

    /// The better of the two: what a step is held to.
    var gflops: Double { max(rate(own), openBLAS) }
    var openBLAS: Double { rate(blas) }

    private func rate(_ seconds: Double) -> Double { 2 * Double(m) * Double(n) * Double(k) / seconds / 1e9 }

    private func time(ours: Bool) -> Double {
        c.withUnsafeMutableBufferPointer { c in
            a.withUnsafeBufferPointer { a in
                b.withUnsafeBufferPointer { b in
                    guard let c = c.baseAddress, let a = a.baseAddress, let b = b.baseAddress else { return .infinity }
                    return Timings(warmup: 0, runs: 1) {
                        if ours {
                            linearForward(c, a, b, rows: m, inputs: k, outputs: n)
                        } else {
                            gemm(
                                c, a, b, m: m, n: n, k: k, transA: false, transB: true, accumulate: false, lda: k,
                                ldb: k, ldc: n)
                        }
                    }.median
                }
            }
        }
    }
}

/// Figures of this process.
enum Machine {
    /// Largest resident set so far, MiB.
    static var peakMiB: Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_maxrss) / 1024
    }

    /// Resident set now, MiB.
    static var residentMiB: Double {
        guard let text = try? String(decoding: Files.read("/proc/self/statm"), as: UTF8.self) else { return .nan }
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? .nan
        return pages * Double(sysconf(Int32(_SC_PAGESIZE))) / 1_048_576
    }
}
