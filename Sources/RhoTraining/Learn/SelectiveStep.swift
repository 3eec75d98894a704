import RhoCore
import RhoData
import RhoModels
import RhoSelection
import RhoTensor

/// Forward pass, selection and backward pass of one optimiser step, over one or several micro-batches.
///
///     gradient = Σ_i w_i · ∇loss_i / normaliser       sums and normaliser over all micro-batches of the step
///
/// How the one normaliser is reached:
/// - One micro-batch: the losses are selected and differentiated with w / normaliser.
/// - Several, and scores compete across them (scope batch): all losses are computed first without a tape, the whole
///   window is selected, and a second forward pass per micro-batch is differentiated with w / normaliser. The second
///   pass uses the same dropout masks, so the losses are the ones that were selected.
/// - Several, and each can be selected on its own (scope sequence, micro_batch, corpus, or a fixed threshold): each is
///   differentiated with w, and the caller multiplies the summed gradient by `gradientScale` = 1 / normaliser.
public struct SelectiveStep {
    public let model: any LanguageModel
    public let selector: any TokenSelector
    public let inputs: SelectionInputs
    public let microBatches: Int
    /// Seed of the dropout masks.
    public let seed: UInt64

    public struct Outcome: Sendable {
        public var statistics: SelectionStatistics
        /// What the weighted loss sum was, or is still to be, divided by; 0 if nothing was selected.
        public var normaliser: Double
        /// Factor for the accumulated gradient before clipping; 1 if it is divided already.
        public var gradientScale: Double
        /// Tokens that went through an extra forward pass.
        public var selectionTokens: Int

        /// True if nothing was selected: there is no gradient, and the optimiser must not step.
        public var isEmpty: Bool { normaliser == 0 }
        /// Σ w · loss / normaliser, nats; NaN if nothing was selected.
        public var objective: Double { isEmpty ? .nan : statistics.objectiveSum / normaliser }
    }

    public init(
        model: any LanguageModel, selector: any TokenSelector, inputs: SelectionInputs, microBatches: Int = 1,
        seed: UInt64 = 0
    ) {
        self.model = model
        self.selector = selector
        self.inputs = inputs
        self.microBatches = microBatches
        self.seed = seed
    }

    /// Adds the gradient of one step to the model's parameters.
    public func accumulate(_ batch: TokenBatch, at moment: SelectionMoment) throws(RhoError) -> Outcome {
        let pieces = try cut(batch)
        guard pieces.count > 1, selector.ranksAcrossMicroBatches else {
            return try accumulateSingly(pieces, at: moment)
        }
        var window: [TokenColumns] = []
        for (index, piece) in pieces.enumerated() {
            let losses = try Autograd.withoutGrad { () throws(RhoError) in try self.losses(piece, moment, part: index) }
            window.append(try inputs.columns(of: piece, losses: losses))
        }
        let selection = try selector.select(window, at: moment)
        for (index, piece) in pieces.enumerated() where selection.weights(of: index).contains(where: { $0 != 0 }) {
            let losses = try losses(piece, moment, part: index, extras: [])
            try backward(losses.loss, selection.lossGradient(of: index))
        }
        return Outcome(
            statistics: selection.statistics, normaliser: selection.normaliser, gradientScale: 1,
            selectionTokens: batch.validCount)
    }

    private func accumulateSingly(_ pieces: [TokenBatch], at moment: SelectionMoment) throws(RhoError) -> Outcome {
        var statistics = SelectionStatistics()
        var moment = moment
        for (index, piece) in pieces.enumerated() {
            let losses = try losses(piece, moment, part: index)
            let selection = try selector.select([inputs.columns(of: piece, losses: losses)], at: moment)
            statistics += selection.statistics
            moment.tokenOffset += piece.rowCount * piece.width
            guard selection.selected > 0 else { continue }
            let gradient = pieces.count == 1 ? selection.lossGradient(of: 0) : Array(selection.weights)
            try backward(losses.loss, gradient)
        }
        let normaliser = statistics.normaliser(selector.normaliser)
        let scale = pieces.count == 1 ? 1 : normaliser > 0 ? 1 / normaliser : 0
        return Outcome(statistics: statistics, normaliser: normaliser, gradientScale: scale, selectionTokens: 0)
    }

    private func losses(
        _ piece: TokenBatch, _ moment: SelectionMoment, part: Int, extras: TokenLossExtra? = nil
    ) throws(RhoError) -> TokenLosses {
        let dropout = model.config.dropout > 0 ? DropoutKey(seed: seed, step: moment.step, part: part) : nil
        return try model.loss(piece.grid(), targets: piece.targets, extras: extras ?? inputs.extras, dropout: dropout)
    }

    private func backward(_ loss: Tensor, _ gradient: [Float]) throws(RhoError) {
        try loss.backward(gradient: try Tensor.from(gradient, loss.shape.dims))
    }

    /// Pieces of whole rows, as even as they go.
    private func cut(_ batch: TokenBatch) throws(RhoError) -> [TokenBatch] {
        guard microBatches >= 1, microBatches <= max(1, batch.rowCount) else {
            throw RhoError(
                .value, "a batch of \(batch.rowCount) rows cannot be cut into \(microBatches) micro-batches")
        }
        if microBatches == 1 { return [batch] }
        return (0..<microBatches).map { index in
            batch.slice(rows: batch.rowCount * index / microBatches..<batch.rowCount * (index + 1) / microBatches)
        }
    }
}
