import RhoCore

/// A run's own losses by corpus position, as an exponential mean over visits:
///
///     h ← m · h + (1 - m) · loss        h ← loss at the first visit
///
/// One number per token of the corpus; positions are named by (part, index in its token stream).
public struct LossHistory: Sendable, Equatable {
    /// m, in [0, 1): how much of the past is kept.
    public let momentum: Float
    /// Means by part and index; NaN where there was no visit. For checkpoints.
    public private(set) var parts: [[Float]] = []

    public init(momentum: Double, parts: [[Float]] = []) throws(RhoError) {
        guard momentum >= 0, momentum < 1 else {
            throw RhoError(.value, "history must be in [0, 1), got \(Scalar.text(momentum))")
        }
        self.momentum = Float(momentum)
        self.parts = parts
    }

    /// Mean of the earlier visits; nil before the first.
    public func value(part: Int, index: Int) -> Float? {
        guard parts.indices.contains(part), parts[part].indices.contains(index), !parts[part][index].isNaN else {
            return nil
        }
        return parts[part][index]
    }

    /// Takes a visit into account; a loss that is not finite is left out.
    public mutating func record(_ loss: Float, part: Int, index: Int) {
        guard loss.isFinite, part >= 0, index >= 0 else { return }
        while parts.count <= part { parts.append([]) }
        if parts[part].count <= index {
            // Growing by half keeps the copies of a corpus read in order few.
            let count = max(index + 1, parts[part].count + parts[part].count / 2)
            parts[part] += [Float](repeating: .nan, count: count - parts[part].count)
        }
        let old = parts[part][index]
        parts[part][index] = old.isNaN ? loss : momentum * old + (1 - momentum) * loss
    }

    /// Positions visited so far.
    public var count: Int { parts.reduce(0) { $0 + $1.count { !$0.isNaN } } }
}
