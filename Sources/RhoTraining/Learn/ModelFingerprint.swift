import RhoCore
import RhoModels

extension LanguageModel {
    /// SHA-256 of the config and every weight in checkpoint order: names a model by what it computes.
    public var fingerprint: String {
        var hasher = SHA256Hasher()
        hasher.update(config.toHF().canonical)
        for weight in weights {
            hasher.update(weight.name)
            weight.values().withUnsafeBytes { hasher.update($0) }
        }
        return hasher.finalizeHex()
    }
}
