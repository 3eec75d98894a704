import RhoCore

/// Options a named policy may be given; what a policy does not list in `parameters` it refuses.
public struct PolicyOptions: Sendable, Equatable {
    public var keep: KeepSchedule?
    /// Nats for scores that are losses.
    public var threshold: Double?
    public var scope: SelectionScope?
    public var normaliser: Normaliser?

    public init(
        keep: KeepSchedule? = nil, threshold: Double? = nil, scope: SelectionScope? = nil, normaliser: Normaliser? = nil
    ) {
        self.keep = keep
        self.threshold = threshold
        self.scope = scope
        self.normaliser = normaliser
    }

    /// Names of the options that were given.
    var given: [String] {
        [
            keep == nil ? nil : "keep", threshold == nil ? nil : "threshold", scope == nil ? nil : "scope",
            normaliser == nil ? nil : "normaliser",
        ].compactMap { $0 }
    }
}

/// A policy with a name, a formula and a source.
public struct NamedPolicy: Sendable {
    public let name: String
    /// One sentence: what it keeps.
    public let summary: String
    /// The rule as a formula, sign included.
    public let formula: String
    public let source: String
    /// Options it takes, with their defaults in words.
    public let parameters: [(name: String, meaning: String)]
    private let build: @Sendable (PolicyOptions) throws(RhoError) -> SelectionPolicy

    init(
        _ name: String, _ summary: String, formula: String, source: String,
        parameters: [(name: String, meaning: String)],
        build: @escaping @Sendable (PolicyOptions) throws(RhoError) -> SelectionPolicy
    ) {
        self.name = name
        self.summary = summary
        self.formula = formula
        self.source = source
        self.parameters = parameters + Self.common
        self.build = build
    }

    private static let common: [(name: String, meaning: String)] = [
        ("scope", "among which tokens scores compete: sequence, micro_batch, batch (default), corpus"),
        ("normaliser", "what the loss sum is divided by: selected (default), valid, weights"),
    ]

    /// Makes the policy; an option it does not take is an error.
    public func make(_ options: PolicyOptions = PolicyOptions()) throws(RhoError) -> SelectionPolicy {
        for option in options.given where !parameters.contains(where: { $0.name == option }) {
            throw RhoError(.value, "the policy \(name) takes no option '\(option)'")
        }
        var policy = try build(options)
        policy.name = name
        if let scope = options.scope { policy.scope = scope }
        if let normaliser = options.normaliser { policy.normaliser = normaliser }
        return policy
    }
}

/// Every named policy. To add one, add an entry.
public enum SelectionCatalog {
    /// The share the paper keeps of its 1.1B model's tokens (arXiv:2404.07965, section 3.1).
    public static let defaultKeep = 0.6

    public static var names: [String] { all.map(\.name) }

    /// Returns the policy of that name.
    public static func named(_ name: String) throws(RhoError) -> NamedPolicy {
        guard let policy = all.first(where: { $0.name == name }) else {
            throw RhoError.unknownName("policy", name, among: names)
        }
        return policy
    }

    private static let keepParameter = (
        name: "keep", meaning: "share of tokens kept, 0 to 1, or a schedule; default 0.6"
    )
    private static let rho1 = "Rho-1, arXiv:2404.07965"

    public static let all: [NamedPolicy] = [
        NamedPolicy(
            "all", "Every token: causal language modelling.", formula: "w = 1", source: "arXiv:2404.07965, eq. 2",
            parameters: []
        ) { _ throws(RhoError) in try SelectionPolicy(score: .loss, rule: .all) },
        NamedPolicy(
            "excess_loss", "Tokens the model can still learn from the reference: the highest signed excess loss.",
            formula: "top(keep) or above(threshold) of loss - reference_loss", source: "\(rho1), eq. 3 to 5",
            parameters: [
                keepParameter, ("threshold", "keep tokens whose excess is at least this, nats, instead of a share"),
            ]
        ) { options throws(RhoError) in
            try SelectionPolicy(score: .excess, rule: try shareOrThreshold(options))
        },
        NamedPolicy(
            "random", "A uniform random share: the control every policy must beat.",
            formula: "top(keep) of random", source: "control", parameters: [keepParameter]
        ) { options throws(RhoError) in try SelectionPolicy(score: .random, rule: .top(try share(options))) },
        NamedPolicy(
            "high_loss", "The tokens with the highest loss.", formula: "top(keep) or above(threshold) of loss",
            source: "online hard example mining; control",
            parameters: [
                keepParameter, ("threshold", "keep tokens whose loss is at least this, nats, instead of a share"),
            ]
        ) { options throws(RhoError) in try SelectionPolicy(score: .loss, rule: try shareOrThreshold(options)) },
        NamedPolicy(
            "low_loss", "The tokens with the lowest loss.", formula: "top(keep) of -loss", source: "control",
            parameters: [keepParameter]
        ) { options throws(RhoError) in try SelectionPolicy(score: -.loss, rule: .top(try share(options))) },
        NamedPolicy(
            "reference_loss", "Self-reference: the tokens the reference finds easiest.",
            formula: "top(keep) of -reference_loss", source: "\(rho1), appendix H", parameters: [keepParameter]
        ) { options throws(RhoError) in try SelectionPolicy(score: -.referenceLoss, rule: .top(try share(options))) },
        NamedPolicy(
            "reference_entropy", "Self-reference: the tokens where the reference is most certain.",
            formula: "top(keep) of -reference_entropy", source: "\(rho1), eq. 8 and appendix H",
            parameters: [keepParameter]
        ) { options throws(RhoError) in
            try SelectionPolicy(score: -.referenceEntropy, rule: .top(try share(options)))
        },
        NamedPolicy(
            "self_reference_intersection", "Tokens easy for the reference by loss and by entropy.",
            formula: "top(keep) of -reference_loss and top(keep) of -reference_entropy", source: "\(rho1), table 4",
            parameters: [("keep", "share each side keeps; the realised share is smaller; default 0.7")]
        ) { options throws(RhoError) in
            let keep = try share(options, default: 0.7)
            return try SelectionPolicy(
                score: -.referenceLoss, rule: .top(keep) & .on(-.referenceEntropy, .top(keep)))
        },
        NamedPolicy(
            "self_reference_union", "Tokens easy for the reference by loss or by entropy.",
            formula: "top(keep) of -reference_loss or top(keep) of -reference_entropy", source: "\(rho1), table 4",
            parameters: [keepParameter]
        ) { options throws(RhoError) in
            let keep = try share(options)
            return try SelectionPolicy(
                score: -.referenceLoss, rule: .top(keep) | .on(-.referenceEntropy, .top(keep)))
        },
        NamedPolicy(
            "high_entropy", "The tokens where the model in training is least certain.",
            formula: "top(keep) of entropy", source: "arXiv:2506.01939 and arXiv:2505.19893",
            parameters: [keepParameter]
        ) { options throws(RhoError) in try SelectionPolicy(score: .entropy, rule: .top(try share(options))) },
        NamedPolicy(
            "low_entropy", "The tokens where the model in training is most certain.",
            formula: "top(keep) of -entropy", source: "control", parameters: [keepParameter]
        ) { options throws(RhoError) in try SelectionPolicy(score: -.entropy, rule: .top(try share(options))) },
        NamedPolicy(
            "sampled_excess", "A random share drawn in proportion to the positive part of the excess loss.",
            formula: "sample(keep) of relu(loss - reference_loss)", source: "stochastic form of \(rho1)",
            parameters: [keepParameter]
        ) { options throws(RhoError) in
            try SelectionPolicy(score: .unary(.relu, .excess), rule: .sample(try share(options)))
        },
    ]

    private static func share(
        _ options: PolicyOptions, default keep: Double = defaultKeep
    ) throws(RhoError) -> KeepSchedule {
        if let schedule = options.keep { return schedule }
        return try KeepSchedule(keep)
    }

    private static func shareOrThreshold(_ options: PolicyOptions) throws(RhoError) -> SelectionRule {
        guard let threshold = options.threshold else { return .top(try share(options)) }
        guard options.keep == nil else { throw RhoError(.value, "give keep or threshold, not both") }
        return .above(.value(threshold))
    }
}
