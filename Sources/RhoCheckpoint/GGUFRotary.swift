import RhoCore
import RhoModels

/// Llama 3's stretched rotary frequencies. GGUF keeps them as a tensor of divisors, one per pair of a head, where
/// config.json keeps the four constants they were computed from.
enum GGUFRotary {
    static let name = "rope_freqs.weight"
    /// Constants of the released Llama 3.1 and later models; the factor is the largest divisor.
    private static let low = 1.0
    private static let high = 4.0
    private static let original = 8192

    /// The scaling that gives the divisors in `file`; nil if it has none.
    /// Errors: `.unsupported` if the divisors are not Llama 3's.
    static func scaling(_ file: GGUF, _ config: ModelConfig) throws(RhoError) -> RoPEScaling? {
        guard file.entry(name) != nil else { return nil }
        let given = try file.floats(name, shape: [config.headWidth / 2])
        var trial = config
        let factor = Double(given.max() ?? 1)
        trial.ropeScaling = .llama3(factor: factor, low: low, high: high, original: original)
        for (a, b) in zip(given, divisors(trial)) where !(abs(Double(a) - Double(b)) <= 1e-4 * Double(b)) {
            throw RhoError(.unsupported, "\(file.path): tensor '\(name)' does not hold Llama 3's frequencies")
        }
        return trial.ropeScaling
    }

    /// Unscaled frequency over scaled frequency, per pair.
    static func divisors(_ config: ModelConfig) -> [Float] {
        var plain = config
        plain.ropeScaling = nil
        return zip(plain.rotaryFrequencies, config.rotaryFrequencies).map { Float($0 / $1) }
    }
}
