import RhoCore

/// Every computation an op may ask for. A device is added by implementing this protocol; ops, models and scripts
/// never look behind it.
///
/// Law of arguments: results first, then inputs, then integers and options. `accumulate` means `+=` instead of `=`;
/// gradients of weights are always `+=`. Shapes were checked by the op. Numbers are f32, but that `read`, `write`
/// and `copy` take any format, and `linear`, `embedding` and `tokenLoss` any format of their weights. Letters: N rows, D width, I inputs,
/// O outputs, F feed-forward width, H heads, K key/value heads, E head width, V vocabulary.
package protocol Backend: AnyObject, Sendable {
    // Memory
    func allocate(bytes: Int) throws(RhoError) -> UnsafeMutableRawPointer
    func release(_ address: UnsafeMutableRawPointer, bytes: Int)
    /// Copies the numbers of x, widened to f32; `values` has room for as many.
    func read(_ x: Buffer, into values: UnsafeMutableBufferPointer<Float>)
    func write(_ y: Buffer, _ values: UnsafeBufferPointer<Float>)

    // Elementwise
    func fill(_ y: Buffer, _ value: Float)
    func copy(_ y: Buffer, _ x: Buffer)
    func axpy(_ y: Buffer, _ x: Buffer, _ alpha: Float)
    func scale(_ y: Buffer, _ x: Buffer, _ alpha: Float)
    func unary(_ y: Buffer, _ x: Buffer, _ function: UnaryFunction)
    func binary(_ y: Buffer, _ a: Buffer, _ b: Buffer, _ function: BinaryFunction)
    func select(_ y: Buffer, _ condition: Buffer, _ a: Buffer, _ b: Buffer)
    func clamp(_ y: Buffer, _ x: Buffer, _ low: Float, _ high: Float)
    func dropout(_ y: Buffer, _ x: Buffer, probability: Float, seed: UInt64, stream: UInt64)

    // Moving
    func gatherRows(_ y: Buffer, _ x: Buffer, _ rows: [Int32])
    func scatterAddRows(_ y: Buffer, _ x: Buffer, _ rows: [Int32])
    func copyRows(_ y: Buffer, yStride: Int, _ x: Buffer, xStride: Int, rows: Int, width: Int, accumulate: Bool)
    func transpose(_ y: Buffer, _ x: Buffer, batch: Int, rows: Int, columns: Int)

    // Reductions over the middle of (outer, n, inner)
    func reduceSum(_ y: Buffer, _ x: Buffer, outer: Int, n: Int, inner: Int)
    func reduceMax(_ y: Buffer, _ x: Buffer, outer: Int, n: Int, inner: Int)
    func softmax(_ y: Buffer, _ x: Buffer, rows: Int, width: Int, log: Bool)
    func cumulativeSum(_ y: Buffer, _ x: Buffer, outer: Int, n: Int, inner: Int)
    func order(_ x: Buffer, rows: Int, width: Int, descending: Bool, count: Int) -> [Int32]

    // Matrices
    func gemm(
        _ c: Buffer, _ a: Buffer, _ b: Buffer, m: Int, n: Int, k: Int, transA: Bool, transB: Bool, accumulate: Bool)
    func linear(_ y_NO: Buffer, _ x_NI: Buffer, _ w_OI: Buffer, bias: Buffer?, residual: Buffer?)
    func linear(_ y_NO: Buffer, norm: NormBuffers, _ w_OI: Buffer, bias: Buffer?)
    func linear(_ y_NO: Buffer, swiglu gu_N2I: Buffer, _ w_OI: Buffer, residual: Buffer?)
    func linearBackwardInput(_ dx_NI: Buffer, _ dy_NO: Buffer, _ w_OI: Buffer, accumulate: Bool)
    /// The gradient with respect to x behind norm(x).
    func linearBackwardInput(
        _ dx_NI: Buffer, dweight: Buffer?, dbias: Buffer?, _ dy_NO: Buffer, _ w_OI: Buffer, norm: NormBuffers,
        accumulate: Bool) throws(RhoError)
    /// The gradient with respect to gu behind silu(g)·u, which goes to `product` where given. `dgu` may be `gu`.
    func linearBackwardInput(
        swiglu dgu_N2I: Buffer, product: Buffer?, _ dy_NO: Buffer, _ w_OI: Buffer, _ gu_N2I: Buffer)
    /// dw += dyᵀ x, or = without `accumulate`; db += Σ dy.
    func linearBackwardWeight(_ dw_OI: Buffer, dbias: Buffer?, _ dy_NO: Buffer, _ x_NI: Buffer, accumulate: Bool)
    func linearBackwardWeight(
        _ dw_OI: Buffer, dbias: Buffer?, _ dy_NO: Buffer, norm: NormBuffers, accumulate: Bool)

    // Normalisation. `mean` and `bias` are nil for RMS.
    func norm(_ y: Buffer, mean: Buffer?, rstd: Buffer, _ x: Buffer, _ weight: Buffer, bias: Buffer?, epsilon: Float)
    func normBackward(
        _ dx: Buffer, dweight: Buffer?, dbias: Buffer?, _ dy: Buffer, _ x: Buffer, _ weight: Buffer,
        mean: Buffer?, rstd: Buffer, accumulate: Bool)

    // Activations. `dx` may be the same memory as `dy`.
    func gelu(_ y: Buffer, _ x: Buffer, exact: Bool)
    func geluBackward(_ dx: Buffer, _ dy: Buffer, _ x: Buffer, exact: Bool)

    // Attention. Row r stands at positions[r], or at r % tokens without positions.
    func rotate(
        _ x: Buffer, heads: Int, headWidth: Int, tokens: Int, table: RoPETable, positions: [Int32]?, inverse: Bool)
    /// With `rope` queries and keys are turned as they are read.
    func attention(_ out: Buffer, lse: Buffer, _ qkv: Buffer, _ layout: AttentionLayout, rope: RoPETable?)
    /// With `rope` the gradient is that of the rows before they were turned.
    func attentionBackward(
        _ dqkv: Buffer, _ dout: Buffer, _ out: Buffer, lse: Buffer, _ qkv: Buffer, _ layout: AttentionLayout,
        rope: RoPETable?)
    /// Stores the keys and values of each row at (slot, position) of caches [S, K, capacity, E], then attends from the
    /// row's queries to the positions stored for its slot up to its own. No gradient.
    func attentionCached(
        _ out: Buffer, keys: Buffer, values: Buffer, _ qkv: Buffer, slots: [Int32], positions: [Int32], capacity: Int,
        _ layout: AttentionLayout)

    // Tokens. A target of -1 has no loss.
    func embedding(_ y_ND: Buffer, _ table_VD: Buffer, _ ids: [Int32])
    func embeddingBackward(_ dtable_VD: Buffer, _ dy_ND: Buffer, _ ids: [Int32])
    func tokenLoss(
        _ loss_N: Buffer, lse_N: Buffer, entropy_N: Buffer?, margin_N: Buffer?, _ hidden_ND: Buffer, _ head_VD: Buffer,
        _ targets: [Int32])
    /// `tokenLoss` of rows that all have a target, and on the way the gradients of the sum of the losses.
    func tokenLossGradients(
        _ loss_N: Buffer, lse_N: Buffer, entropy_N: Buffer?, margin_N: Buffer?, _ dhidden_ND: Buffer,
        _ dhead_VD: Buffer?, _ hidden_ND: Buffer, _ head_VD: Buffer, _ targets: [Int32])
    func tokenLossBackward(
        _ dhidden_ND: Buffer, _ dhead_VD: Buffer?, _ hidden_ND: Buffer, _ head_VD: Buffer, _ targets: [Int32],
        lse_N: Buffer, weight_N: Buffer, accumulate: Bool, accumulateHead: Bool)

    // Optimiser
    func sumOfSquares(_ x: Buffer) -> Double
    func adamW(_ p: Buffer, _ m: Buffer, _ v: Buffer, _ g: Buffer, _ rates: AdamWRates)
}

extension Backend {
    /// Rotates rows that stand at given positions, for decoding.
    package func rotate(_ x: Buffer, heads: Int, headWidth: Int, table: RoPETable, positions: [Int32]) {
        rotate(x, heads: heads, headWidth: headWidth, tokens: 1, table: table, positions: positions, inverse: false)
    }
}

/// Elementwise functions of one argument.
public enum UnaryFunction: String, Sendable, CaseIterable {
    case neg, exp, log, sqrt, abs, relu, sigmoid, tanh, silu, square, reciprocal, sign, floor
}

/// Elementwise functions of two arguments; the comparisons give 1 or 0.
public enum BinaryFunction: String, Sendable, CaseIterable {
    case add, sub, mul, div, pow, min, max, lt, le, gt, ge, eq, ne

    /// Whether the result says yes or no, and so carries no gradient.
    public var isComparison: Bool {
        switch self {
        case .lt, .le, .gt, .ge, .eq, .ne: true
        default: false
        }
    }
}

/// Sizes of a causal attention call over rows [q(HE) | k(KE) | v(KE)].
public struct AttentionLayout: Sendable {
    /// Sequences in the batch (B).
    public var batch: Int
    /// Positions per sequence (T).
    public var tokens: Int
    /// Query heads (H).
    public var heads: Int
    /// Key and value heads (K); H is a multiple of it.
    public var kvHeads: Int
    /// Width of a head (E).
    public var headWidth: Int
    /// Position i sees only positions j with i - j < window; nil sees all earlier ones.
    public var window: Int?
    /// Factor of the scores; nil = 1/√E.
    public var scale: Float?
    /// For each of the B·T positions the first position of its document, inside its row; nil = one document per row.
    public var segmentStart: [Int32]?

    /// Gathers the sizes; `Fused.attention` checks them.
    public init(
        batch: Int, tokens: Int, heads: Int, kvHeads: Int, headWidth: Int, window: Int? = nil,
        scale: Float? = nil, segmentStart: [Int32]? = nil
    ) {
        self.batch = batch
        self.tokens = tokens
        self.heads = heads
        self.kvHeads = kvHeads
        self.headWidth = headWidth
        self.window = window
        self.scale = scale
        self.segmentStart = segmentStart
    }

    /// Width of a qkv row: (H + 2K)E.
    public var qkvWidth: Int { (heads + 2 * kvHeads) * headWidth }
    /// Width of an output row: HE.
    public var outWidth: Int { heads * headWidth }
}

/// Rows x of a norm with its weights and the statistics of each row: written by a forward kernel, read by the others.
/// `mean` and `bias` are nil for RMS.
package struct NormBuffers {
    package var x: Buffer
    package var weight: Buffer
    package var bias: Buffer?
    package var mean: Buffer?
    package var rstd: Buffer
    package var epsilon: Float
}

/// Numbers of one AdamW update, see `AdamW`.
package struct AdamWRates: Sendable {
    package var lr: Float
    package var beta1: Float
    package var beta2: Float
    package var epsilon: Float
    package var decay: Float
    package var step: Int
    package var gradScale: Float
}

extension Backend {
    package func read(_ x: Buffer) -> [Float] {
        [Float](unsafeUninitializedCapacity: x.count) { values, count in
            read(x, into: UnsafeMutableBufferPointer(rebasing: values[..<x.count]))
            count = x.count
        }
    }
}
