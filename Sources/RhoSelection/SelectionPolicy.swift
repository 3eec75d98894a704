import RhoCore

/// A selection policy: score x rule x scope x normaliser, four values that stay apart.
///
///     objective = Σ_i w_i · loss_i / normaliser,   w_i = weights_i if the rule keeps token i, else 0
///
/// The score's sign is explicit: a higher score is a better candidate for `top`. The paper's policy is
/// `excess, top(0.6), batch, selected` (arXiv:2404.07965, eq. 3 to 5).
public struct SelectionPolicy: Sendable, Equatable {
    /// Name it is listed under, "policy" for one put together by hand.
    public var name: String
    public var score: ScoreExpression
    public var rule: SelectionRule
    public var scope: SelectionScope
    public var normaliser: Normaliser
    /// Soft weight of each kept token; nil weighs all alike with 1.
    public var weights: ScoreExpression?

    public init(
        name: String = "policy", score: ScoreExpression, rule: SelectionRule, scope: SelectionScope = .batch,
        normaliser: Normaliser = .selected, weights: ScoreExpression? = nil
    ) throws(RhoError) {
        self.name = name
        self.score = score
        self.rule = try rule.validated()
        self.scope = scope
        self.normaliser = normaliser
        self.weights = weights
    }

    /// Every score the policy ever reads.
    private var allScores: [ScoreExpression] {
        (rule.readsMainScore ? [score] : []) + rule.scores + (weights.map { [$0] } ?? [])
    }

    /// Columns the trainer must supply, sorted. A column is computed only if it is listed here.
    public var requiredColumns: [TokenColumn] { Set(allScores.flatMap(\.requiredColumns)).sorted() }

    /// True if scores compete across micro-batches: a fixed threshold can be applied to each on its own.
    public var ranksAcrossMicroBatches: Bool {
        scope.needsWholeWindow && (!rule.isFixed || allScores.contains { $0.firstGroupFunction != nil })
    }

    /// Selects among the tokens of `window`, the micro-batches of one optimiser step in order.
    ///
    /// A token is never selected if it is padding, or if its loss, its weight or any score the rule reads is NaN.
    /// An empty window gives an empty selection with normaliser 0.
    /// - Throws: `.value` for a missing column, or for scope corpus before `frozen(over:)`.
    public func select(_ window: [TokenColumns], at moment: SelectionMoment) throws(RhoError) -> Selection {
        let rule = rule.resolved(at: moment)
        guard scope != .corpus || rule.isFixed else {
            throw RhoError(
                .value, "scope corpus needs thresholds computed over the whole corpus before training starts",
                hint: "freeze the policy over a score file first")
        }
        let whole = TokenWindow(window, at: moment)
        var scores = rule.scores
        if rule.readsMainScore || whole.has(score) { scores.append(score) }
        if let weights { scores.append(weights) }
        let loss = whole.hasLoss ? [try whole.values(of: .loss)] : []
        let context = try RuleContext(whole, scope: scope, scores: scores, alsoNumbers: loss)
        let mask = rule.mask(score, in: context)
        var weight = [Float](repeating: 0, count: mask.count)
        if let weights {
            let values = context.values(of: weights)
            for index in mask.indices where mask[index] { weight[index] = values[index] }
        } else {
            for index in mask.indices where mask[index] { weight[index] = 1 }
        }
        // An infinite weight cannot be trained on; it is dropped and counted like a NaN.
        let eligible = mask.indices.map { context.eligible[$0] && weight[$0].isFinite }
        let known = scores.contains(score) ? context.values(of: score) : nil
        return Selection(weight, eligible: eligible, scores: known, window: whole, normaliser: normaliser)
    }
}

extension TokenWindow {
    var hasLoss: Bool { !parts.isEmpty && parts.allSatisfy { $0[.loss] != nil } }

    /// True if every input of the score was supplied.
    func has(_ score: ScoreExpression) -> Bool {
        score.requiredColumns.allSatisfy { column in parts.allSatisfy { $0[column] != nil } }
    }
}

extension SelectionPolicy: CustomStringConvertible {
    public var description: String {
        var text = "\(name): keep \(rule)"
        if rule.readsMainScore { text += " of \(score)" }
        if let weights { text += ", weighted by \(weights)" }
        return text + " per \(scope), divided by \(normaliser)"
    }

    /// Short name for tables and directories, with the constant share or threshold: "excess_loss-0.6".
    public var label: String {
        switch rule {
        case .top(let keep), .bottom(let keep), .sample(let keep):
            keep.points.count == 1 ? "\(name)-\(Scalar.text(keep.points[0].keep))" : "\(name)-scheduled"
        case .above(.value(let value)), .below(.value(let value)): "\(name)-at-\(Scalar.text(value))"
        default: name
        }
    }

    /// The four values under their names; reads back with `init(json:)`.
    public var json: JSON {
        var object: JSONObject = [
            "name": .string(name), "score": score.json, "rule": rule.json, "scope": .string(scope.rawValue),
            "normaliser": .string(normaliser.rawValue),
        ]
        if let weights { object["weights"] = weights.json }
        return .object(object)
    }

    public init(json: JSON) throws(RhoError) {
        guard let object = json.objectValue else {
            throw RhoError(.value, "a policy must be an object, got \(json.serialized())")
        }
        let known = ["name", "score", "rule", "scope", "normaliser", "weights"]
        for key in object.keys where !known.contains(key) {
            throw RhoError(.value, "a policy has no option '\(key)'\(suggestion(for: key, in: known))")
        }
        guard let score = object["score"], let rule = object["rule"] else {
            throw RhoError(.value, "a policy needs a score and a rule, got \(json.serialized())")
        }
        try self.init(
            name: object["name"]?.stringValue ?? "policy", score: ScoreExpression(json: score),
            rule: SelectionRule(json: rule),
            scope: SelectionScope(named: object["scope"]?.stringValue ?? SelectionScope.batch.rawValue),
            normaliser: Normaliser(named: object["normaliser"]?.stringValue ?? Normaliser.selected.rawValue),
            weights: try object["weights"].map { json throws(RhoError) in try ScoreExpression(json: json) })
    }
}
