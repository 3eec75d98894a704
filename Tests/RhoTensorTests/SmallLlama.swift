import RhoCore
import RhoTensor

/// A Llama-like model out of the fused ops, for tests of whole steps.
struct SmallLlama {
    struct Sizes {
        var vocabulary = 64
        var width = 16
        var layers = 2
        var heads = 4
        var kvHeads = 2
        var feedForward = 24
        var batch = 2
        var tokens = 12
    }

    struct Block {
        var norm1: Tensor, qkv: Tensor, out: Tensor, norm2: Tensor, gateUp: Tensor, down: Tensor
    }

    let sizes: Sizes
    let embedding: Tensor
    let blocks: [Block]
    let norm: Tensor
    let rope: RoPETable
    let parameters: [Parameter]
    let ids: [Int32]
    let targets: [Int32]

    init(_ sizes: Sizes, seed: UInt64 = 1) throws {
        self.sizes = sizes
        var stream = RandomStream(seed: seed, name: "small llama")
        let d = sizes.width
        let e = d / sizes.heads
        embedding = try Tensor.normal([sizes.vocabulary, d], deviation: 0.5, stream: &stream)
        let deviation = 1 / Float(d).squareRoot()
        var blocks: [Block] = []
        for _ in 0..<sizes.layers {
            blocks.append(
                Block(
                    norm1: try Tensor.uniform([d], low: 0.5, high: 1.5, stream: &stream),
                    qkv: try Tensor.normal(
                        [(sizes.heads + 2 * sizes.kvHeads) * e, d], deviation: deviation, stream: &stream),
                    out: try Tensor.normal([d, d], deviation: deviation, stream: &stream),
                    norm2: try Tensor.uniform([d], low: 0.5, high: 1.5, stream: &stream),
                    gateUp: try Tensor.normal([2 * sizes.feedForward, d], deviation: deviation, stream: &stream),
                    down: try Tensor.normal([d, sizes.feedForward], deviation: deviation, stream: &stream)))
        }
        self.blocks = blocks
        norm = try Tensor.ones([d])
        rope = try RoPETable(tokens: sizes.tokens, headWidth: e, theta: 10_000)
        var all = [embedding, norm]
        for block in blocks { all += [block.norm1, block.qkv, block.out, block.norm2, block.gateUp, block.down] }
        parameters = all.enumerated().map { Parameter(name: "p\($0.offset)", tensor: $0.element) }
        let rows = sizes.batch * sizes.tokens
        ids = (0..<rows).map { _ in Int32(stream.below(sizes.vocabulary)) }
        targets = (0..<rows).map { _ in Int32(stream.below(sizes.vocabulary)) }
    }

    /// Final hidden states. `probes` watch the gradients of, from the end: the result, the last gate and up rows, the
    /// last attention result, and the first block's result.
    func hidden(probes: [ProbeOp]? = nil, recomputing: Bool = false) throws(RhoError) -> Tensor {
        var x = try Fused.embedding(ids: ids, embedding)
        for (index, block) in blocks.enumerated() {
            let watched = index == blocks.count - 1 ? probes : nil
            if recomputing {
                x = try Autograd.checkpoint(x) { (x) throws(RhoError) in try run(block, x, watched) }
            } else {
                x = try run(block, x, watched)
            }
            if index == 0, let probes { x = try probes[3](x) }
        }
        let hidden = try Fused.norm(x, NormWeights(weight: norm, epsilon: 1e-5))
        guard let probes else { return hidden }
        return try probes[0](hidden)
    }

    private func run(_ block: Block, _ x: Tensor, _ probes: [ProbeOp]?) throws(RhoError) -> Tensor {
        var attended = try Fused.attention(
            Fused.normLinear(x, norm: NormWeights(weight: block.norm1, epsilon: 1e-5), block.qkv),
            heads: sizes.heads, kvHeads: sizes.kvHeads, headWidth: sizes.width / sizes.heads, batch: sizes.batch,
            tokens: sizes.tokens, rope: rope)
        if let probes { attended = try probes[2](attended) }
        let middle = try Fused.linear(attended, block.out, residual: x)
        var gateUp = try Fused.normLinear(middle, norm: NormWeights(weight: block.norm2, epsilon: 1e-5), block.gateUp)
        if let probes { gateUp = try probes[1](gateUp) }
        return try Fused.swigluLinear(gateUp, block.down, residual: middle)
    }

    func loss(probes: [ProbeOp]? = nil, recomputing: Bool = false) throws(RhoError) -> Tensor {
        try Fused.tokenLoss(hidden(probes: probes, recomputing: recomputing), head: embedding, targets: targets)
    }

    func gradients() -> [[Float]] { parameters.map { $0.tensor.grad?.toArray() ?? [] } }

    func zeroGrad() { for parameter in parameters { parameter.zeroGrad() } }
}
