import RhoCore

/// Among which tokens scores compete.
public enum SelectionScope: String, Sendable, CaseIterable, CustomStringConvertible {
    /// Each row on its own.
    case sequence
    /// Each micro-batch on its own.
    case microBatch = "micro_batch"
    /// All micro-batches of one optimiser step together.
    case batch
    /// The whole corpus: thresholds are computed once over a score file (`SelectionPolicy.frozen`).
    case corpus

    public var description: String { rawValue }

    public init(named name: String) throws(RhoError) {
        guard let scope = SelectionScope(rawValue: name) else {
            throw RhoError.unknownName("scope", name, among: SelectionScope.allCases.map(\.rawValue))
        }
        self = scope
    }

    /// True if every micro-batch of a step must be scored before the first can be selected.
    public var needsWholeWindow: Bool { self == .batch }
}

/// What the weighted loss sum of one optimiser step is divided by.
public enum Normaliser: String, Sendable, CaseIterable, CustomStringConvertible {
    /// Number of selected tokens (arXiv:2404.07965, eq. 4).
    case selected
    /// Number of tokens that are not padding.
    case valid
    /// Sum of the weights.
    case weights

    public var description: String { rawValue }

    public init(named name: String) throws(RhoError) {
        guard let normaliser = Normaliser(rawValue: name) else {
            throw RhoError.unknownName("normaliser", name, among: Normaliser.allCases.map(\.rawValue))
        }
        self = normaliser
    }
}

extension RhoError {
    /// "scope must be one of a, b, c, got 'x' (did you mean 'a'?)"
    static func unknownName(_ what: String, _ name: String, among names: [String]) -> RhoError {
        RhoError(
            .value,
            "\(what) must be one of \(names.joined(separator: ", ")), got '\(name)'\(suggestion(for: name, in: names))")
    }
}
