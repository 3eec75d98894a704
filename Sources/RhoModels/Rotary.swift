import Glibc
import RhoCore
import RhoTensor

extension ModelConfig {
    /// Radians per token of each rotating pair: θ^(−2i/E) for i < E/2, then scaled; E is the width that rotates.
    public var rotaryFrequencies: [Double] {
        (0..<rotaryWidth / 2).map { pair in
            let frequency = pow(ropeTheta, -2 * Double(pair) / Double(rotaryWidth))
            return ropeScaling?.apply(to: frequency) ?? frequency
        }
    }
}

/// Rotary angles of one model, computed when first needed: a table for the whole context of a long-context model would
/// take more memory than many a model.
final class RotaryTables {
    private let frequencies: [Double]
    private let context: Int
    private var table: RoPETable?
    private var positions = 0

    init(_ config: ModelConfig) {
        frequencies = config.rotaryFrequencies
        context = config.context
    }

    /// A table that covers positions below `tokens`.
    func table(tokens: Int) throws(RhoError) -> RoPETable {
        if let table, positions >= tokens { return table }
        // Doubling keeps the work of growing token by token linear.
        let size = max(tokens, min(context, max(64, 2 * positions)))
        let made = try RoPETable(positions: size, frequencies: frequencies)
        table = made
        positions = size
        return made
    }
}
