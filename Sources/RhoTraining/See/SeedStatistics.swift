import Glibc

/// The few statistics that a comparison over seeds needs.
public enum SeedStatistics {
    /// Mean and sample standard deviation; the deviation of one value is NaN.
    public static func estimate(_ values: [Double]) -> (mean: Double, deviation: Double) {
        guard !values.isEmpty else { return (.nan, .nan) }
        let mean = values.reduce(0, +) / Double(values.count)
        guard values.count > 1 else { return (mean, .nan) }
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (mean, (squares / Double(values.count - 1)).squareRoot())
    }

    /// A difference of means with the half width of its 95 % interval; NaN half width where there is no interval.
    public struct Difference: Sendable, Equatable {
        public var mean: Double
        public var halfWidth: Double
        /// Pairs of seeds behind it; 0 for groups that share no seeds.
        public var pairs: Int

        /// True if the interval is known and does not hold zero.
        public var excludesZero: Bool { !halfWidth.isNaN && abs(mean) > halfWidth }
    }

    /// Mean of d = a - b over the pairs, ± t(0.975, n - 1) s / sqrt(n).
    public static func paired(_ differences: [Double]) -> Difference {
        let (mean, deviation) = estimate(differences)
        let n = differences.count
        guard n > 1 else { return Difference(mean: mean, halfWidth: .nan, pairs: n) }
        let half = tQuantile(0.975, degrees: Double(n - 1)) * deviation / Double(n).squareRoot()
        return Difference(mean: mean, halfWidth: half, pairs: n)
    }

    /// Welch's interval for the difference of two means whose values are not paired.
    public static func unpaired(_ a: [Double], _ b: [Double]) -> Difference {
        let (x, y) = (estimate(a), estimate(b))
        guard a.count > 1, b.count > 1 else { return Difference(mean: x.mean - y.mean, halfWidth: .nan, pairs: 0) }
        let va = x.deviation * x.deviation / Double(a.count)
        let vb = y.deviation * y.deviation / Double(b.count)
        guard va + vb > 0 else { return Difference(mean: x.mean - y.mean, halfWidth: 0, pairs: 0) }
        let degrees = (va + vb) * (va + vb) / (va * va / Double(a.count - 1) + vb * vb / Double(b.count - 1))
        let half = tQuantile(0.975, degrees: degrees) * (va + vb).squareRoot()
        return Difference(mean: x.mean - y.mean, halfWidth: half, pairs: 0)
    }

    /// The t with P(T <= t) = p for 0.5 <= p < 1, by bisection of the distribution function.
    public static func tQuantile(_ p: Double, degrees: Double) -> Double {
        var (low, high) = (0.0, 2.0)
        while tDistribution(high, degrees: degrees) < p, high < 1e12 { high *= 2 }
        for _ in 0..<200 where high - low > 1e-13 * high {
            let middle = (low + high) / 2
            if tDistribution(middle, degrees: degrees) < p { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }

    /// P(T <= t) = 1 - I_x(v/2, 1/2) / 2 with x = v / (v + t^2), for t >= 0.
    static func tDistribution(_ t: Double, degrees v: Double) -> Double {
        1 - incompleteBeta(v / (v + t * t), v / 2, 0.5) / 2
    }

    /// Regularised incomplete beta function, by its continued fraction (modified Lentz).
    static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
        if x <= 0 { return 0 }
        if x >= 1 { return 1 }
        // The fraction converges fast only left of the mean; right of it the symmetry helps.
        if x > (a + 1) / (a + b + 2) { return 1 - incompleteBeta(1 - x, b, a) }
        let logBeta: Double = lgamma(a) + lgamma(b) - lgamma(a + b)
        let logPowers: Double = a * log(x) + b * log(1 - x)
        let front = exp(logPowers - logBeta) / a
        let tiny = 1e-300
        var (c, d) = (1.0, 1 - (a + b) * x / (a + 1))
        d = 1 / (abs(d) < tiny ? tiny : d)
        var fraction = d
        for m in 1...500 {
            let k = Double(m)
            let even: Double = k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k))
            let odd: Double = -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1))
            for term in [even, odd] {
                d = 1 + term * d
                d = 1 / (abs(d) < tiny ? tiny : d)
                c = 1 + term / c
                if abs(c) < tiny { c = tiny }
                fraction *= c * d
            }
            if abs(c * d - 1) < 1e-15 { break }
        }
        return front * fraction
    }
}
