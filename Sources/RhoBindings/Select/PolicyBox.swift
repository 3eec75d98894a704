import LuaRuntime
import RhoCore
import RhoData
import RhoSelection
import RhoTensor

/// A selection policy as scripts hold it, with the scores it reads and what it did last.
final class PolicyBox {
    enum Kind {
        /// score x rule x scope x normaliser.
        case rule(SelectionPolicy)
        /// A Lua function over whole tensors.
        case function(LuaFunction, scope: SelectionScope, normaliser: Normaliser)
    }

    let kind: Kind
    let name: String
    let scores: ScoresBox?
    /// Further columns, by name.
    let sources: ColumnSources
    /// The run's own earlier losses; nil for policies that do not read them.
    var history: LossHistory?
    /// A table in which the policy's Lua functions keep what they need at later steps.
    private(set) var memory: LuaTable?
    private let momentum: Float?
    /// The policy with thresholds taken from the whole corpus, once they are known (scope corpus).
    private var frozen: SelectionPolicy?
    /// Summed over the pieces of one step.
    private(set) var statistics = SelectionStatistics()
    private var statisticsStep = -1
    private var views: (loader: LoaderBox, view: ScoreView)?

    init(
        _ kind: Kind, name: String, scores: ScoresBox?, sources: ColumnSources = ColumnSources(),
        history: LossHistory? = nil
    ) {
        self.kind = kind
        self.name = name
        self.scores = scores
        self.sources = sources
        self.history = history
        momentum = history?.momentum
    }

    /// The same policy at the start of a training: nothing seen, nothing remembered.
    func start(in state: LuaState) throws(RhoError) -> PolicyBox {
        let fresh = PolicyBox(
            kind, name: name, scores: scores, sources: sources,
            history: try momentum.map { (momentum) throws(RhoError) in try LossHistory(momentum: Double(momentum)) })
        fresh.memory = state.makeTable()
        return fresh
    }

    /// Makes sure that there is a memory before a Lua function asks for it.
    func remember(in state: LuaState) { if memory == nil { memory = state.makeTable() } }

    var value: LuaValue { .object(self, class: "Policy") }

    /// Columns that must be supplied. A Lua function reads what it asks for when it asks.
    var requiredColumns: [TokenColumn] {
        if case .rule(let policy) = kind { policy.requiredColumns } else { [] }
    }

    /// Whether every token is kept and counts alike, whatever its loss.
    var weighsEvenly: Bool {
        if case .rule(let policy) = kind { policy.rule == .all && policy.weights == nil } else { false }
    }

    /// Whether nobody knows ahead which columns it reads: a Lua function asks when it runs.
    var readsOnDemand: Bool { if case .function = kind { true } else { false } }

    var scope: SelectionScope {
        switch kind {
        case .rule(let policy): policy.scope
        case .function(_, let scope, _): scope
        }
    }

    var normaliser: Normaliser {
        switch kind {
        case .rule(let policy): policy.normaliser
        case .function(_, _, let normaliser): normaliser
        }
    }

    /// True if all pieces of a batch must be scored before the first can be selected.
    var ranksAcrossPieces: Bool {
        switch kind {
        case .rule(let policy): policy.ranksAcrossMicroBatches
        case .function(_, let scope, _): scope.needsWholeWindow
        }
    }

    /// Refuses a policy whose reference columns nobody can supply.
    func checkScores(_ place: String) throws(RhoError) {
        for column in requiredColumns where !sources.supplies(column) {
            let known = TokenColumn.standard.map(\.column.name)
            guard known.contains(column.name) else {
                throw RhoError(
                    .value,
                    "\(place): no token column is called '\(column)'\(suggestion(for: column.name, in: known + sources.names))",
                    hint: "columns = { \(column) = scores, or a function of a batch }")
            }
            guard column == .referenceLoss || column == .referenceEntropy else { continue }
            guard let scores else {
                throw RhoError(
                    .usage, "\(place): the policy reads \(column), so it needs scores",
                    hint: "scores = rho.score { reference = ..., data = ... }")
            }
            if column == .referenceEntropy, !scores.columns.contains("entropy") {
                throw RhoError(
                    .value, "\(place): the policy reads reference_entropy, but the scores hold losses only",
                    hint: "rho.score { ..., entropy = true }")
            }
        }
    }

    /// Selects among the pieces of one step, given their losses.
    func select(_ pieces: [BatchBox], losses: [Tensor], progress: Double) throws -> Selection {
        guard let first = pieces.first else { throw RhoError(.value, "there is no batch to select from") }
        var window: [TokenColumns] = []
        for (piece, loss) in zip(pieces, losses) { window.append(try columns(piece, loss)) }
        let loader = first.loader
        let moment = SelectionMoment(
            step: first.batch.step, progress: progress,
            tokens: first.batch.step * loader.loader.batch * loader.loader.tokens, seed: loader.seed,
            tokenOffset: first.tokenOffset)
        let selection: Selection
        switch kind {
        case .rule(let policy): selection = try (corpusPolicy(policy, loader) ?? policy).select(window, at: moment)
        case .function(let function, _, let normaliser):
            var weights: [Float] = []
            for (piece, loss) in zip(pieces, losses) {
                weights += try PolicyFunction(policy: self, batch: piece, loss: loss, moment: moment).weights(function)
            }
            selection = try Selection(weights: weights, window: window, normaliser: normaliser)
        }
        if statisticsStep != first.batch.step || first.piece == 0 { statistics = SelectionStatistics() }
        statisticsStep = first.batch.step
        statistics += selection.statistics
        record(pieces, losses)
        for piece in pieces { piece.pass = nil }
        return selection
    }

    /// With scope corpus the policy with fixed thresholds, found by reading all scores of the corpus once.
    private func corpusPolicy(_ policy: SelectionPolicy, _ box: LoaderBox) throws(RhoError) -> SelectionPolicy? {
        guard policy.scope == .corpus, !policy.rule.isFixed else { return nil }
        if let frozen { return frozen }
        let loader = try DataLoader(
            box.loader.corpus, batch: 16, tokens: box.loader.tokens, order: .sequential,
            documentMask: box.loader.documentMask)
        let sequential = LoaderBox(loader, tokens: box.tokens, seed: box.seed)
        let made = try policy.frozen { body throws(RhoError) in
            for step in 0..<loader.stepsPerPass {
                try body(
                    try storedColumns(
                        BatchBox(loader.batch(step: step), loader: sequential, piece: 0, pieces: 1, tokenOffset: 0)))
            }
        }
        frozen = made
        return made
    }

    /// The columns that are known without running a model.
    private func storedColumns(_ piece: BatchBox) throws(RhoError) -> TokenColumns {
        let batch = piece.batch
        var columns = try TokenColumns(rows: batch.rowCount, tokens: batch.width, valid: batch.targets.map { $0 >= 0 })
        for column in requiredColumns
        where column != .loss && column != .entropy && column != .margin && column != .history {
            do {
                if let values = try values(of: column, piece) { try columns.set(column, values) }
            } catch let error as RhoError {
                throw error
            } catch {
                throw RhoError(.script, "\(error)")
            }
        }
        return columns
    }

    /// Losses at the same corpus positions in earlier steps; the loss itself where there were none.
    private func historyValues(_ history: LossHistory, _ batch: TokenBatch, _ loss: [Float]) -> [Float] {
        loss.indices.map { index in
            guard batch.targets[index] >= 0,
                let place = batch.streamIndex(row: index / batch.width, position: index % batch.width)
            else { return loss[index] }
            return history.value(part: batch.part(ofRow: index / batch.width), index: place) ?? loss[index]
        }
    }

    /// What `t.history` shows a policy written in Lua; asking for it starts the record.
    func earlierLosses(_ batch: TokenBatch, _ loss: [Float]) -> [Float] {
        if history == nil { history = try? LossHistory(momentum: Self.defaultMomentum) }
        return history.map { historyValues($0, batch, loss) } ?? loss
    }

    static let defaultMomentum = 0.9

    private func record(_ pieces: [BatchBox], _ losses: [Tensor]) {
        guard history != nil else { return }
        for (piece, tensor) in zip(pieces, losses) {
            let (batch, loss) = (piece.batch, tensor.toArray())
            for index in loss.indices where batch.targets[index] >= 0 {
                let row = index / batch.width
                guard let place = batch.streamIndex(row: row, position: index % batch.width) else { continue }
                history?.record(loss[index], part: batch.part(ofRow: row), index: place)
            }
        }
    }

    private func columns(_ piece: BatchBox, _ loss: Tensor) throws -> TokenColumns {
        let batch = piece.batch
        guard loss.shape.dims == [batch.rowCount, batch.width] else {
            throw RhoError(.shape, "the losses must have shape (\(batch.rowCount), \(batch.width)), got \(loss.shape)")
        }
        var columns = try TokenColumns(rows: batch.rowCount, tokens: batch.width, valid: batch.targets.map { $0 >= 0 })
        let values = loss.toArray()
        try columns.set(.loss, values)
        if requiredColumns.contains(.history), let history {
            try columns.set(.history, historyValues(history, batch, values))
        }
        if let labels = batch.labels { try columns.set(.label, labels.map(Float.init)) }
        for column in requiredColumns where column != .loss && column != .label && column != .history {
            if let values = try self.values(of: column, piece) { try columns.set(column, values) }
        }
        return columns
    }

    /// A column that is not computed from the losses; nil where nobody supplies it.
    func values(of column: TokenColumn, _ piece: BatchBox) throws -> [Float]? {
        if let own = try sources.values(of: column, piece, memory: memory) { return own }
        let batch = piece.batch
        switch column {
        case .referenceLoss: return try view(piece)?.values("loss", for: batch)
        case .referenceEntropy: return try view(piece)?.values("entropy", for: batch)
        case .id: return batch.targets.map(Float.init)
        case .label: return batch.labels?.map(Float.init)
        case .source:
            return (0..<batch.rowCount).flatMap { row in
                repeatElement(Float(batch.part(ofRow: row)), count: batch.width)
            }
        case .entropy, .margin:
            if let known = piece.columns[column] { return known }
            if let tensor = try piece.pass?.extra(column) { return tensor.toArray() }
            throw RhoError(
                .usage, "the policy reads \(column), which the forward pass was not asked for",
                hint: "call model:loss(batch, policy)")
        default: return nil
        }
    }

    /// The scores of the loader's corpus, checked once.
    private func view(_ piece: BatchBox) throws(RhoError) -> ScoreView? {
        guard let scores else { return nil }
        if let views, views.loader === piece.loader { return views.view }
        let loader = piece.loader.loader
        let view = try scores.file().view(of: loader.corpus, context: loader.tokens, documentMask: loader.documentMask)
        views = (piece.loader, view)
        return view
    }
}
