import ArgumentParser
import RhoCore
import RhoModels

/// The model shapes that are measured, the same as the peer's.
enum BenchShape: String, CaseIterable, ExpressibleByArgument {
    case nano, micro, mini, smol

    /// Rows B and tokens T of one step.
    var grid: (rows: Int, tokens: Int) {
        switch self {
        case .nano, .micro: (16, 256)
        case .mini: (8, 256)
        case .smol: (2, 256)
        }
    }

    func config() throws(RhoError) -> ModelConfig {
        switch self {
        case .nano:
            try ModelConfig(family: .llama, vocab: 512, dim: 128, layers: 4, heads: 4, ffWidth: 344, context: 256)
        case .micro:
            try ModelConfig(family: .llama, vocab: 4096, dim: 256, layers: 6, heads: 8, ffWidth: 688, context: 256)
        case .mini:
            try ModelConfig(
                family: .llama, vocab: 8192, dim: 512, layers: 8, heads: 8, kvHeads: 4, ffWidth: 1376, context: 256)
        case .smol:
            try ModelConfig(
                family: .llama, vocab: 49152, dim: 576, layers: 30, heads: 9, kvHeads: 3, ffWidth: 1536, context: 256)
        }
    }
}
