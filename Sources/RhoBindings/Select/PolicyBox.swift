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
    /// Summed over the pieces of one step.
    private(set) var statistics = SelectionStatistics()
    private var statisticsStep = -1
    private var views: (loader: LoaderBox, view: ScoreView)?

    init(_ kind: Kind, name: String, scores: ScoresBox?) {
        self.kind = kind
        self.name = name
        self.scores = scores
    }

    var value: LuaValue { .object(self, class: "Policy") }

    /// Columns that must be supplied. A Lua function reads what it asks for when it asks.
    var requiredColumns: [TokenColumn] {
        if case .rule(let policy) = kind { policy.requiredColumns } else { [] }
    }

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
        for column in requiredColumns where column == .referenceLoss || column == .referenceEntropy {
            guard let scores else {
                throw RhoError(
                    .usage, "\(place): the policy reads \(column), so it needs scores", hint: "scores = rho.score { reference = ..., data = ... }")
            }
            if column == .referenceEntropy, !scores.file.columns.contains("entropy") {
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
            tokens: first.batch.step * loader.loader.batch * loader.loader.tokens, seed: loader.seed, tokenOffset: first.tokenOffset)
        let selection: Selection
        switch kind {
        case .rule(let policy): selection = try policy.select(window, at: moment)
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
        return selection
    }

    private func columns(_ piece: BatchBox, _ loss: Tensor) throws(RhoError) -> TokenColumns {
        let batch = piece.batch
        guard loss.shape.dims == [batch.rowCount, batch.width] else {
            throw RhoError(.shape, "the losses must have shape (\(batch.rowCount), \(batch.width)), got \(loss.shape)")
        }
        var columns = try TokenColumns(rows: batch.rowCount, tokens: batch.width, valid: batch.targets.map { $0 >= 0 })
        try columns.set(.loss, loss.toArray())
        if let labels = batch.labels { try columns.set(.label, labels.map(Float.init)) }
        for column in requiredColumns where column != .loss && column != .label {
            if let values = try values(of: column, piece) { try columns.set(column, values) }
        }
        return columns
    }

    /// A column that is not computed from the losses; nil where nobody supplies it.
    func values(of column: TokenColumn, _ piece: BatchBox) throws(RhoError) -> [Float]? {
        let batch = piece.batch
        switch column {
        case .referenceLoss: return try view(piece)?.values("loss", for: batch)
        case .referenceEntropy: return try view(piece)?.values("entropy", for: batch)
        case .id: return batch.targets.map(Float.init)
        case .label: return batch.labels?.map(Float.init)
        case .source:
            return (0..<batch.rowCount).flatMap { row in repeatElement(Float(batch.part(ofRow: row)), count: batch.width) }
        case .entropy, .margin:
            if let known = piece.columns[column] { return known }
            throw RhoError(
                .usage, "the policy reads \(column), which the forward pass was not asked for", hint: "call model:loss(batch, policy)")
        default: return nil
        }
    }

    /// The scores of the loader's corpus, checked once.
    private func view(_ piece: BatchBox) throws(RhoError) -> ScoreView? {
        guard let scores else { return nil }
        if let views, views.loader === piece.loader { return views.view }
        let loader = piece.loader.loader
        let view = try scores.file.view(of: loader.corpus, context: loader.tokens, documentMask: loader.documentMask)
        views = (piece.loader, view)
        return view
    }
}

/// What the function of a policy written in Lua sees: `t.loss`, `t.reference_loss`, ... as tensors.
final class PolicyFunction {
    let policy: PolicyBox
    let batch: BatchBox
    let loss: Tensor
    let moment: SelectionMoment

    init(policy: PolicyBox, batch: BatchBox, loss: Tensor, moment: SelectionMoment) {
        self.policy = policy
        self.batch = batch
        self.loss = loss.detach()
        self.moment = moment
    }

    var shape: [Int] { [batch.batch.rowCount, batch.batch.width] }

    /// Calls the function without recording, and checks what it returns.
    func weights(_ function: LuaFunction) throws -> [Float] {
        let view = LuaValue.object(self, class: "TokenView")
        let result = try Autograd.withoutGrad(rethrowing: { try function.call([view]) }).first ?? .nil
        guard let tensor = result.object(as: Tensor.self) else {
            throw RhoError(.value, "policy '\(policy.name)': weights must return a tensor, got \(result.typeName)")
        }
        guard tensor.shape.dims == shape else {
            throw RhoError(
                .shape, "policy '\(policy.name)': weights must return a tensor of shape (\(shape[0]), \(shape[1])), got \(tensor.shape)")
        }
        return tensor.toArray()
    }

    /// A column as a tensor.
    func column(_ name: String) throws -> Tensor {
        let column = TokenColumn(name)
        switch column {
        case .loss: return loss
        case .excess: return try loss.sub(self.column("reference_loss"))
        case .probability: return try loss.unary(.neg).unary(.exp)
        case .position: return try Tensor.from((0..<shape[0] * shape[1]).map { Float($0 % shape[1]) }, shape)
        case .random:
            let stream = RandomStream(seed: moment.seed, name: "selection/random", step: UInt64(clamping: moment.step))
            let first = UInt64(clamping: batch.tokenOffset)
            return try Tensor.from((0..<shape[0] * shape[1]).map { Float(stream.bits(at: first + UInt64($0)) >> 40) * 0x1p-24 }, shape)
        default: break
        }
        let names = TokenColumn.standard.map(\.column.name)
        guard names.contains(name) else {
            throw RhoError(.value, "no token column is called '\(name)'\(suggestion(for: name, in: names))")
        }
        guard let values = try policy.values(of: column, batch) else {
            throw RhoError(.value, "the column \(name) is not there", hint: "reference columns need scores = rho.score { ... } in the policy")
        }
        return try Tensor.from(values, shape)
    }
}
