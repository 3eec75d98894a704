import RhoCore
import RhoTensor

/// What differs between training, reading a prompt and continuing it: where rows stand, and what a query sees.
/// A model is written once and runs on any of them.
public protocol AttentionPath: AnyObject {
    /// Position of each row of the batch inside its sequence.
    var positions: [Int32] { get }
    /// Attention of `layer` over fused rows [q(HE) | k(KE) | v(KE)]: rotation, scores, weighted values [N, HE].
    /// `qkv` is given away, so that a path without gradients can rotate it in place.
    func attend(_ qkv: consuming Tensor, layer: Int) throws(RhoError) -> Tensor
}

/// Whole rows with a gradient: every position sees its own row up to itself.
final class TrainingAttention: AttentionPath {
    private let layout: AttentionLayout
    private let rope: RoPETable?
    lazy var positions: [Int32] = rowPositions(batch: layout.batch, tokens: layout.tokens)

    init(config: ModelConfig, grid: TokenGrid, rope: RoPETable?) {
        layout = AttentionLayout(
            batch: grid.batch, tokens: grid.tokens, heads: config.heads, kvHeads: config.kvHeads,
            headWidth: config.headWidth, window: config.window, segmentStart: grid.segmentStart)
        self.rope = rope
    }

    func attend(_ qkv: consuming Tensor, layer: Int) throws(RhoError) -> Tensor {
        try Fused.attention(
            qkv, heads: layout.heads, kvHeads: layout.kvHeads, headWidth: layout.headWidth, batch: layout.batch,
            tokens: layout.tokens, rope: rope, window: layout.window, segmentStart: layout.segmentStart)
    }
}

/// 0 1 ... T−1, once per row.
func rowPositions(batch: Int, tokens: Int) -> [Int32] {
    (0..<batch * tokens).map { Int32(truncatingIfNeeded: $0 % max(tokens, 1)) }
}
