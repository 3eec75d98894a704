import RhoCore
import RhoData
import RhoModels
import RhoSelection
import RhoTensor

/// Supplies the token columns a selector reads, and nothing it does not read.
public struct SelectionInputs {
    /// Where reference columns come from.
    public enum Reference {
        case none
        /// A corpus scored ahead of time.
        case scores(ScoreView)
        /// A frozen model run on every batch, without a tape.
        case model(any LanguageModel)
    }

    public let columns: [TokenColumn]
    public let reference: Reference
    /// Extra values the forward pass has to produce.
    public let extras: TokenLossExtra

    /// Checks that every column can be supplied, before the first step is paid for.
    /// - Parameter hasLabels: whether batches carry ground-truth labels.
    /// - Throws: `.value`, naming the column and what would supply it.
    public init(
        for selector: any TokenSelector, reference: Reference = .none, hasLabels: Bool = false
    ) throws(RhoError) {
        var extras: TokenLossExtra = []
        for column in selector.requiredColumns {
            switch column {
            case .loss, .id, .source, .position, .random: break
            case .entropy: extras.insert(.entropy)
            case .margin: extras.insert(.margin)
            case .referenceLoss, .referenceEntropy: try Self.check(column, reference)
            case .label:
                guard hasLabels else {
                    throw RhoError(.value, "the policy reads labels, but the corpus has none")
                }
            default:
                throw RhoError(.value, "the policy reads the column \(column), which this training does not supply")
            }
        }
        columns = selector.requiredColumns
        self.reference = reference
        self.extras = extras
    }

    private static func check(_ column: TokenColumn, _ reference: Reference) throws(RhoError) {
        switch reference {
        case .model: return
        case .none:
            throw RhoError(
                .value, "the policy reads \(column), but no reference is given",
                hint: "score the corpus and pass the scores")
        case .scores(let view):
            guard column == .referenceEntropy, !view.file.columns.contains("entropy") else { return }
            throw RhoError(
                .value, "the policy reads reference_entropy, but \(view.file.path) holds losses only",
                hint: "score the corpus again with entropy")
        }
    }

    /// Columns of one micro-batch, from the losses the model in training just had on it.
    public func columns(of batch: TokenBatch, losses: TokenLosses) throws(RhoError) -> TokenColumns {
        var table = try TokenColumns(
            rows: batch.rowCount, tokens: batch.width, valid: batch.targets.map { $0 >= 0 })
        try table.set(.loss, losses.loss.toArray())
        // Labels are always handed on: precision and recall are worth measuring under every policy.
        if let labels = batch.labels { try table.set(.label, labels.map(Float.init)) }
        for column in columns {
            switch column {
            case .entropy: if let entropy = losses.entropy { try table.set(column, entropy.toArray()) }
            case .margin: if let margin = losses.margin { try table.set(column, margin.toArray()) }
            case .id: try table.set(column, batch.targets.map(Float.init))
            case .source:
                let parts = (0..<batch.rowCount).map { Float(batch.part(ofRow: $0)) }
                try table.set(column, parts.flatMap { repeatElement($0, count: batch.width) })
            default: break
            }
        }
        try setReference(batch, &table)
        return table
    }

    private func setReference(_ batch: TokenBatch, _ table: inout TokenColumns) throws(RhoError) {
        let wanted = columns.filter { $0 == .referenceLoss || $0 == .referenceEntropy }
        guard !wanted.isEmpty else { return }
        switch reference {
        case .none: return
        case .scores(let view):
            for column in wanted {
                try table.set(column, try view.values(column == .referenceLoss ? "loss" : "entropy", for: batch))
            }
        case .model(let model):
            let extras: TokenLossExtra = wanted.contains(.referenceEntropy) ? [.entropy] : []
            let losses = try Autograd.withoutGrad { () throws(RhoError) in
                try model.loss(batch.grid(), targets: batch.targets, extras: extras)
            }
            if wanted.contains(.referenceLoss) { try table.set(.referenceLoss, losses.loss.toArray()) }
            if let entropy = losses.entropy { try table.set(.referenceEntropy, entropy.toArray()) }
        }
    }
}

extension TokenBatch {
    /// What a model reads.
    public func grid() throws(RhoError) -> TokenGrid {
        try TokenGrid(batch: rowCount, tokens: width, ids: ids, segmentStart: segmentStart)
    }
}
