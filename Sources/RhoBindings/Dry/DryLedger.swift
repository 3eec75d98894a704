import RhoCore
import RhoModels
import RhoTraining

/// What `rhoscript check` finds out. A session that has one trains, scores and writes nothing: the verbs check their
/// options, enter what they would do here, and return stand-ins.
package final class DryLedger {
    /// One verb that a run would carry out.
    struct Entry {
        enum Kind: String { case training, scoring, tokenizer }

        var kind: Kind
        /// Where the script asks for it.
        var place: String
        var name: String
        /// What it does, for people.
        var text: String
        /// What it takes; nil where nothing was estimated.
        var cost = Cost()
        /// Members of the JSON document besides the common ones.
        var details: JSONObject = [:]
    }

    struct Cost {
        /// Floating-point operations; nil where the size of the text is not known.
        var operations: Double?
        var seconds: Double?
        /// Largest memory, bytes.
        var bytes: Int?
    }

    private(set) var entries: [Entry] = []
    /// Sentences about what deserves a look, with their places, in order and each once.
    private(set) var remarks: [(place: String, text: String)] = []
    private var speeds: [String: StepSpeed?] = [:]
    /// The beginnings of corpora, each read once; the corpus is held so that its identity stays its own.
    private var samples: [ObjectIdentifier: (corpus: CorpusBox, sample: CorpusSample)] = [:]
    /// Whether something that a run has is missing from a stand-in, so that the script may stumble over its absence.
    private(set) var isBlind = false

    /// Whether a stand-in was handed out: what follows in the script may not be as it would be in a run.
    var handedOut: Bool { entries.contains { $0.kind != .tokenizer } }

    func add(_ entry: Entry) { entries.append(entry) }

    /// - Parameter blinds: whether what follows in the script may fail for want of what is not there.
    func remark(_ text: String, at place: String, blinds: Bool = false) {
        if blinds { isBlind = true }
        if !remarks.contains(where: { $0.place == place && $0.text == text }) { remarks.append((place, text)) }
    }

    func sample(_ corpus: CorpusBox, _ store: StoreSession) throws -> CorpusSample {
        if let known = samples[ObjectIdentifier(corpus)] { return known.sample }
        let sample = try CorpusSample(corpus, store: store)
        samples[ObjectIdentifier(corpus)] = (corpus, sample)
        return sample
    }

    /// The measured speed of models of that shape; nil where it could not be measured.
    func speed(_ config: ModelConfig, context: Int, tokens: Int) throws(RhoError) -> StepSpeed? {
        let shape = "\(config.toHF().canonical) \(context) \(tokens)"
        if let known = speeds[shape] { return known }
        let measured = try StepSpeed.measure(config, context: context, tokens: tokens)
        speeds[shape] = .some(measured)
        return measured
    }

    /// The error where a script goes on to what only a real run has.
    static func needs(_ what: String) -> RhoError {
        RhoError(.dry, "check ends here: \(what), which only a run has")
    }
}
