import LuaRuntime
import RhoCheckpoint
import RhoCore
import RhoModels
import RhoTensor
import RhoText
import RhoTraining

/// A model as scripts hold it, with the tokenizer its ids belong to.
///
/// Without a seed it is an architecture only; weights come with ``start(seed:)``.
final class ModelBox {
    let config: ModelConfig
    let tokenizer: (any Tokenizer)?
    /// Files that came with the model and go with it when it is saved.
    let companions: HFCompanions
    private var made: (any LanguageModel)?
    /// Under `rhoscript check` weights are promised and never made.
    private let checks: Bool
    /// Whether this model would have weights in a run.
    let isStandIn: Bool

    init(_ config: ModelConfig, tokenizer: (any Tokenizer)?, checks: Bool = false, isStandIn: Bool = false) {
        self.config = config
        self.tokenizer = tokenizer
        companions = .none
        self.checks = checks
        self.isStandIn = isStandIn
    }

    init(_ model: any LanguageModel, tokenizer: (any Tokenizer)?, companions: HFCompanions = .none) {
        config = model.config
        made = model
        self.tokenizer = tokenizer
        self.companions = companions
        (checks, isStandIn) = (false, false)
    }

    /// A box for another model of the same origin.
    func box(_ model: any LanguageModel) -> ModelBox {
        ModelBox(model, tokenizer: tokenizer, companions: companions)
    }

    var value: LuaValue { .object(self, class: "Model") }
    var isFresh: Bool { made == nil && !isStandIn }

    /// The weights.
    func model() throws(RhoError) -> any LanguageModel {
        if let made { return made }
        if isStandIn { throw DryLedger.needs("the script uses the weights of a model") }
        throw RhoError(
            .usage, "the model has no weights yet",
            hint: "give it a seed when it is made, call model:start(seed), or let rho.train start it")
    }

    /// A new model: weights from the seed where there are none yet, else a copy.
    func start(seed: UInt64) throws(RhoError) -> ModelBox {
        if let made { return box(made.config.storage == .f32 ? try made.clone() : try made.kept(as: .f32)) }
        if checks { return ModelBox(config, tokenizer: tokenizer, checks: true, isStandIn: true) }
        return box(try ModelCatalog.make(config, seed: seed))
    }

    func needTokenizer() throws(RhoError) -> any Tokenizer {
        guard let tokenizer else {
            throw RhoError(
                .usage, "the model has no tokenizer", hint: "it was loaded from a directory or file that carries none")
        }
        return tokenizer
    }

    /// SHA-256 of the config and every weight in checkpoint order.
    func fingerprint() throws(RhoError) -> String { try model().fingerprint }

    /// Frees the weights ahead of the last reference.
    func release() { made = nil }
}
