import RhoCore

/// Operations of language models that compute several steps in one pass and keep little for backward.
///
/// All record gradients and throw `.shape` or `.value` with one sentence when the arguments do not fit.
public enum Fused {
    /// y = x wᵀ + b + r: x (…, I), w (O, I), b (O), r like y.
    public static func linear(
        _ x: Tensor, _ w: Tensor, bias: Tensor? = nil, residual: Tensor? = nil
    ) throws(RhoError) -> Tensor {
        try LinearOp(hasBias: bias != nil, hasResidual: residual != nil)
            .apply([x, w] + [bias, residual].compactMap { $0 })
    }

    /// y = norm(x) over the innermost dimension.
    public static func norm(_ x: Tensor, _ norm: NormWeights) throws(RhoError) -> Tensor {
        try NormOp(epsilon: norm.epsilon, hasBias: norm.bias != nil)
            .apply([x, norm.weight] + [norm.bias].compactMap { $0 })
    }

    /// y = norm(x) wᵀ + b; the normalised rows are not kept for backward.
    public static func normLinear(
        _ x: Tensor, norm: NormWeights, _ w: Tensor, bias: Tensor? = nil
    ) throws(RhoError) -> Tensor {
        try NormLinearOp(epsilon: norm.epsilon, isLayer: norm.bias != nil, hasBias: bias != nil)
            .apply([x, norm.weight, w] + [norm.bias, bias].compactMap { $0 })
    }

    /// Causal attention of rows [q(HE) | k(KE) | v(KE)], N = B·T rows; returns (N, HE).
    ///
    /// With `rope`, q and k are rotated by their position inside the sequence.
    public static func attention(
        _ qkv: Tensor, heads: Int, kvHeads: Int, headWidth: Int, batch: Int, tokens: Int,
        rope: RoPETable? = nil, window: Int? = nil, scale: Float? = nil, segmentStart: [Int32]? = nil
    ) throws(RhoError) -> Tensor {
        let layout = AttentionLayout(
            batch: batch, tokens: tokens, heads: heads, kvHeads: kvHeads, headWidth: headWidth, window: window,
            scale: scale, segmentStart: segmentStart)
        return try AttentionOp(layout, rope: rope).apply([qkv])
    }

    /// y = (silu(g) · u) wᵀ + r for rows gu = [g(F) | u(F)] and w (O, F).
    public static func swigluLinear(_ gu: Tensor, _ w: Tensor, residual: Tensor? = nil) throws(RhoError) -> Tensor {
        try SwiGLULinearOp(hasResidual: residual != nil).apply([gu, w] + [residual].compactMap { $0 })
    }

    /// y = gelu(h) wᵀ + b + r with GELU in its tanh form, or the exact one.
    public static func geluLinear(
        _ h: Tensor, _ w: Tensor, bias: Tensor? = nil, residual: Tensor? = nil, exact: Bool = false
    ) throws(RhoError) -> Tensor {
        try GELULinearOp(hasBias: bias != nil, hasResidual: residual != nil, isExact: exact)
            .apply([h, w] + [bias, residual].compactMap { $0 })
    }

    /// Rows of `table` (V, D) named by `ids`: (ids.count, D).
    public static func embedding(ids: [Int32], _ table: Tensor) throws(RhoError) -> Tensor {
        try EmbeddingOp(ids).apply([table])
    }

    /// Cross entropy of each row in nats: hidden (N, D), head (V, D), N targets, -1 = no loss. Returns (N).
    ///
    /// With `evenly` the caller expects a gradient that is the same for every row, as that of the mean is: then the
    /// gradients of hidden and head are computed here, from logits that backward would compute again. Loss and gradients
    /// are the same bit for bit, whatever the caller expects.
    public static func tokenLoss(
        _ hidden: Tensor, head: Tensor, targets: [Int32], evenly: Bool = false
    ) throws(RhoError) -> Tensor {
        try TokenLossOp(targets, ahead: ahead(evenly, hidden, head)).apply([hidden, head])
    }

    private static func ahead(_ evenly: Bool, _ hidden: Tensor, _ head: Tensor) -> TokenLossOp.Ahead? {
        guard evenly, Autograd.isRecording, hidden.tracksGradient || head.tracksGradient else { return nil }
        return head.tracksGradient ? .both : .hidden
    }

    /// `tokenLoss` with the entropy and the margin of each prediction, which cost one more look at the logits.
    public static func tokenLoss(
        _ hidden: Tensor, head: Tensor, targets: [Int32], extras: TokenLossExtra, evenly: Bool = false
    ) throws(RhoError) -> TokenLossResult {
        let shape = try Shape([targets.count], for: "token_loss")
        let entropy = extras.contains(.entropy) ? try Buffer.make(shape, on: hidden.buffer.backend) : nil
        let margin = extras.contains(.margin) ? try Buffer.make(shape, on: hidden.buffer.backend) : nil
        let loss = try TokenLossOp(targets, entropy: entropy, margin: margin, ahead: ahead(evenly, hidden, head))
            .apply([hidden, head])
        return TokenLossResult(loss: loss, entropy: entropy.map { Tensor($0) }, margin: margin.map { Tensor($0) })
    }

    /// y = x / (1 - p) with probability 1 - p, else 0; a pure function of (seed, stream, element).
    public static func dropout(_ x: Tensor, p: Float, seed: UInt64, stream: UInt64) throws(RhoError) -> Tensor {
        if p == 0 { return x }
        return try DropoutOp(probability: p, seed: seed, stream: stream).apply([x])
    }
}

/// What `Fused.tokenLoss` computes beside the loss.
public struct TokenLossExtra: OptionSet, Sendable {
    /// Bits of the set.
    public let rawValue: Int
    /// Set with the given bits.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// Entropy of each prediction over the vocabulary, in nats.
    public static let entropy = TokenLossExtra(rawValue: 1)
    /// Logit of the target minus the best other logit.
    public static let margin = TokenLossExtra(rawValue: 2)
}

/// Loss of each row with the extras that were asked for. Extras carry no gradient.
public struct TokenLossResult {
    /// Cross entropy (N), nats.
    public let loss: Tensor
    /// Entropy (N), nats.
    public let entropy: Tensor?
    /// Margin (N), logits.
    public let margin: Tensor?

    /// Gathers what belongs to one call.
    public init(loss: Tensor, entropy: Tensor? = nil, margin: Tensor? = nil) {
        self.loss = loss
        self.entropy = entropy
        self.margin = margin
    }
}
