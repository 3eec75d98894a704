import LuaRuntime
import RhoCore
import RhoData
import RhoSelection
import RhoTensor

/// Where a policy's own columns come from, by column name.
///
///     columns = { base_loss = scores }                     a second score file; with entropies also base_loss_entropy
///     columns = { short_loss = function(batch, model, memory) ... end }           computed live, [rows, context]
final class ColumnSources {
    enum Source {
        case scores(ScoresBox)
        case function(LuaFunction)
    }

    private let sources: [(name: String, source: Source)]
    private var views: [String: (loader: LoaderBox, view: ScoreView)] = [:]

    init(_ sources: [(name: String, source: Source)] = []) { self.sources = sources }

    /// Reads the `columns` option of a policy.
    init(_ pairs: [(String, LuaValue)], place: String) throws(RhoError) {
        var sources: [(name: String, source: Source)] = []
        for (name, value) in pairs {
            guard name != TokenColumn.loss.name else {
                throw RhoError(.value, "\(place): the column loss is the model's own and cannot be replaced")
            }
            if let scores = value.object(as: ScoresBox.self) {
                sources.append((name, .scores(scores)))
            } else if let function = value.functionValue {
                sources.append((name, .function(function)))
            } else {
                throw RhoError(
                    .value, "\(place): columns.\(name) must be scores or a function of a batch, got \(value.display)")
            }
        }
        self.sources = sources
    }

    private static let entropySuffix = "_entropy"

    /// Names of all columns it supplies.
    var names: [String] {
        sources.flatMap { entry -> [String] in
            guard case .scores(let scores) = entry.source, scores.columns.contains("entropy") else {
                return [entry.name]
            }
            return [entry.name, entry.name + Self.entropySuffix]
        }
    }

    func supplies(_ column: TokenColumn) -> Bool { names.contains(column.name) }

    /// The sources as they were given, for identities.
    var values: [(name: String, value: LuaValue)] {
        sources.map { entry in
            switch entry.source {
            case .scores(let scores): (entry.name, scores.value)
            case .function(let function): (entry.name, .function(function))
            }
        }
    }

    /// Every score file, for costs and descriptions.
    var scores: [(name: String, scores: ScoresBox)] {
        sources.compactMap { entry in
            if case .scores(let scores) = entry.source { (entry.name, scores) } else { nil }
        }
    }

    /// Values of a column for one batch; nil if this is not its source.
    func values(of column: TokenColumn, _ piece: BatchBox, memory: LuaTable?) throws -> [Float]? {
        for (name, source) in sources {
            switch source {
            case .scores(let scores):
                let isEntropy = column.name == name + Self.entropySuffix
                guard column.name == name || isEntropy else { continue }
                return try view(name, scores, piece.loader).values(isEntropy ? "entropy" : "loss", for: piece.batch)
            case .function(let function) where name == column.name:
                return try call(function, name, piece, memory)
            case .function: continue
            }
        }
        return nil
    }

    private func view(_ name: String, _ scores: ScoresBox, _ loader: LoaderBox) throws(RhoError) -> ScoreView {
        if let known = views[name], known.loader === loader { return known.view }
        let view = try scores.file().view(
            of: loader.loader.corpus, context: loader.loader.tokens, documentMask: loader.loader.documentMask)
        views[name] = (loader, view)
        return view
    }

    private func call(
        _ function: LuaFunction, _ name: String, _ piece: BatchBox, _ memory: LuaTable?
    ) throws -> [Float] {
        let arguments: [LuaValue] = [
            .object(piece, class: "Batch"), piece.model?.value ?? .nil, memory.map { .table($0) } ?? .nil,
        ]
        // The function may run other models on the batch; what this one left there is still wanted.
        let (model, columns, pass) = (piece.model, piece.columns, piece.pass)
        defer { (piece.model, piece.columns, piece.pass) = (model, columns, pass) }
        let result = try Autograd.withoutGrad(rethrowing: { try function.call(arguments) }).first ?? .nil
        let dims = [piece.batch.rowCount, piece.batch.width]
        guard let tensor = result.object(as: Tensor.self), tensor.shape.dims == dims else {
            let got = result.object(as: Tensor.self).map { "\($0.shape)" } ?? result.display
            throw RhoError(
                .shape,
                "the function of column \(name) must return a tensor of shape (\(dims[0]), \(dims[1])), got \(got)")
        }
        return tensor.toArray()
    }
}
