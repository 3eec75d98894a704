import RhoCore
import RhoTensor

extension LanguageModel {
    /// Share of the attention of each position that falls on marked positions, mean over the heads of `layer`, [B, T],
    /// in [0, 1]. Without gradient; costs one forward pass.
    ///
    /// Errors: as `hidden`, `.shape` for another number of marks than positions, `.value` for a layer that is not there.
    public func attention(
        _ grid: TokenGrid, toMarked marked: [Bool], layer: Int
    ) throws(RhoError) -> Tensor {
        try check(grid)
        guard marked.count == grid.count else {
            throw RhoError(.shape, "attention: \(grid.count) positions need as many marks, got \(marked.count)")
        }
        guard (0..<config.layers).contains(layer) else {
            throw RhoError(.value, "the layer must be in 1 ... \(config.layers), got \(layer + 1)")
        }
        let path = MarkedAttention(
            TrainingAttention(config: config, grid: grid, rope: try rotation(tokens: grid.tokens)), config, marked,
            layer: layer)
        return try Autograd.withoutGrad { () throws(RhoError) in
            _ = try run(grid.ids, attention: path, dropout: nil)
            guard let share = path.share else { throw RhoError(.internal, "layer \(layer + 1) was never run") }
            return try share.reshape([grid.batch, grid.tokens])
        }
    }
}

/// The attention of training, which in one layer also measures how much falls on marked positions.
///
/// Where values are 1 at marked positions and 0 elsewhere, the output of attention is that share: no T × T matrix.
private final class MarkedAttention: AttentionPath {
    private let path: TrainingAttention
    private let config: ModelConfig
    private let marked: [Bool]
    private let layer: Int
    private(set) var share: Tensor?

    init(_ path: TrainingAttention, _ config: ModelConfig, _ marked: [Bool], layer: Int) {
        self.path = path
        self.config = config
        self.marked = marked
        self.layer = layer
    }

    var positions: [Int32] { path.positions }

    func attend(_ qkv: consuming Tensor, layer: Int) throws(RhoError) -> Tensor {
        if layer == self.layer { share = try measure(qkv) }
        return try path.attend(qkv, layer: layer)
    }

    private func measure(_ qkv: borrowing Tensor) throws(RhoError) -> Tensor {
        let (heads, width, valueWidth) = (config.heads, config.headWidth, config.kvHeads * config.headWidth)
        let marks = marked.flatMap { repeatElement(Float($0 ? 1 : 0), count: valueWidth) }
        let queriesAndKeys = try qkv.slice(1, start: 0, count: config.qkvWidth - valueWidth)
        let probe = try Tensor.concat([queriesAndKeys, Tensor.from(marks, [marked.count, valueWidth])], axis: 1)
        let shares = try path.attend(probe, layer: layer).reshape([marked.count, heads, width])
        return try shares.slice(2, start: 0, count: 1).reshape([marked.count, heads]).mean(1)
    }
}
