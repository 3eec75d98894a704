import RhoCore

/// A run's own losses by corpus position, as an exponential mean over visits:
///
///     h ← m · h + (1 - m) · loss        h ← loss at the first visit
///
/// One number per token of the corpus; positions are named by (part, index in its token stream).
public struct LossHistory: Sendable, Equatable {
    /// m, in [0, 1): how much of the past is kept.
    public let momentum: Float
    private var parts: [[Float]] = []

    public init(momentum: Double) throws(RhoError) {
        guard momentum >= 0, momentum < 1 else {
            throw RhoError(.value, "history must be in [0, 1), got \(Scalar.text(momentum))")
        }
        self.momentum = Float(momentum)
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

    /// The record as bytes, for checkpoints: momentum, then for each part its length and its means.
    public var bytes: [UInt8] {
        var words = [momentum.bitPattern, UInt32(parts.count)]
        for part in parts { words += [UInt32(part.count)] + part.map(\.bitPattern) }
        return words.flatMap { word in [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: word >> $0) } }
    }

    /// Reads back what `bytes` wrote.
    /// - Throws: `.checkpoint` for anything else.
    public init(bytes: [UInt8]) throws(RhoError) {
        let broken = RhoError(
            .checkpoint, "the record of earlier losses in the checkpoint is damaged (\(bytes.count) bytes)")
        guard bytes.count % 4 == 0, bytes.count >= 8 else { throw broken }
        func word(_ index: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(bytes[4 * index + $1]) << UInt32(8 * $1) }
        }
        try self.init(momentum: Double(Float(bitPattern: word(0))))
        var next = 2
        for _ in 0..<word(1) {
            guard next < bytes.count / 4, Int(word(next)) <= bytes.count / 4 - next - 1 else { throw broken }
            let count = Int(word(next))
            parts.append((0..<count).map { Float(bitPattern: word(next + 1 + $0)) })
            next += 1 + count
        }
        guard next == bytes.count / 4 else { throw broken }
    }
}
