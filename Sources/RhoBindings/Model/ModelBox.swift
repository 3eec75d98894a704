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
    /// What the weights are known by where that is cheaper than hashing them; cleared when they may have changed.
    private var made: (any LanguageModel)?

    init(_ config: ModelConfig, tokenizer: (any Tokenizer)?) {
        self.config = config
        self.tokenizer = tokenizer
        companions = .none
    }

    init(_ model: any LanguageModel, tokenizer: (any Tokenizer)?, companions: HFCompanions = .none) {
        config = model.config
        made = model
        self.tokenizer = tokenizer
        self.companions = companions
    }

    /// A box for another model of the same origin.
    func box(_ model: any LanguageModel) -> ModelBox {
        ModelBox(model, tokenizer: tokenizer, companions: companions)
    }

    var value: LuaValue { .object(self, class: "Model") }
    var isFresh: Bool { made == nil }

    /// The weights.
    func model() throws(RhoError) -> any LanguageModel {
        if let made { return made }
        throw RhoError(
            .usage, "the model has no weights yet",
            hint: "give it a seed when it is made, call model:start(seed), or let rho.train start it")
    }

    /// A new model: weights from the seed where there are none yet, else a copy.
    func start(seed: UInt64) throws(RhoError) -> ModelBox {
        if let made { return box(made.config.storage == .f32 ? try made.clone() : try made.kept(as: .f32)) }
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
