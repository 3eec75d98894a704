import RhoCore
import RhoModels
import RhoTensor

/// What was found under a run's checkpoint root.
public struct RestoredState: Sendable, Equatable {
    public var state: TrainState
    /// The checkpoint directory it came from.
    public var path: String
    /// One sentence for each newer checkpoint that could not be used, and why.
    public var warnings: [String]
}

extension TrainState {
    /// Restores the newest usable checkpoint under `root` into `model` and `optimiser`; nil if there is none at all.
    ///
    /// A damaged checkpoint (a truncated file, say) is passed over with a sentence in `warnings`, and the one before it is
    /// tried. Errors: `.checkpoint` if there are checkpoints and none can be used, `.mismatch` if a sound one belongs to
    /// another model. `also` reads what `save` was told to add.
    public static func restoreLatest(
        root: String, model: any LanguageModel, optimiser: AdamW?,
        also: (_ directory: String) throws(RhoError) -> Void = { _ throws(RhoError) in }
    ) throws(RhoError) -> RestoredState? {
        let names = try checkpoints(in: root)
        var warnings: [String] = []
        if let wanted = latest(root), let newest = names.first, wanted != newest, !names.contains(wanted) {
            warnings.append(
                "\(root)/\(latestName) names '\(wanted)', which is not there; the newest found is '\(newest)'")
        }
        for name in names {
            let path = "\(root)/\(name)"
            do throws(RhoError) {
                let state = try restore(path, model: model, optimiser: optimiser, also: also)
                return RestoredState(state: state, path: path, warnings: warnings)
            } catch {
                guard [.checkpoint, .io, .format].contains(error.code) else { throw error }
                warnings.append("checkpoint \(path) cannot be used and is passed over: \(error.message)")
            }
        }
        guard let last = warnings.last else { return nil }
        throw RhoError(
            .checkpoint, "no checkpoint under \(root) can be used; \(last)",
            hint: "remove the directory to start the run from the beginning")
    }

    /// Restores the checkpoint directory `path`. Everything is read and checked before anything is changed.
    public static func restore(
        _ path: String, model: any LanguageModel, optimiser: AdamW?,
        also: (_ directory: String) throws(RhoError) -> Void = { _ throws(RhoError) in }
    ) throws(RhoError) -> TrainState {
        let file = "\(path)/\(stateName)"
        let json: JSON
        do throws(RhoError) { json = try JSON.parse(Files.read(file)) } catch {
            throw error.code == .io ? error : RhoError(.checkpoint, "\(file): \(error.message)")
        }
        guard json["version"]?.intValue == version, let step = json["step"]?.intValue, let values = json["values"]
        else {
            throw RhoError(.checkpoint, "\(file): expected version \(version) with 'step' and 'values'")
        }
        let config = try HFCheckpoint.config(path)
        guard config.sameArithmetic(as: model.config) else {
            throw RhoError(
                .mismatch, "\(path): the checkpoint holds another model than the one to restore into",
                hint:
                    "there: \(config.describe().prefix { $0 != "\n" }); here: \(model.config.describe().prefix { $0 != "\n" })"
            )
        }
        let loaded = try model.blank()
        try HFCheckpoint.loadWeights(path, into: loaded)
        try also(path)
        if let optimiser { try read(optimiser, from: "\(path)/\(optimiserName)") }
        try model.copyWeights(from: loaded)
        return TrainState(step: step, values: values)
    }

    private static func latest(_ root: String) -> String? {
        guard let text = try? Files.readText("\(root)/\(latestName)") else { return nil }
        return String(text.prefix { $0 != "\n" })
    }

    private static func read(_ optimiser: AdamW, from path: String) throws(RhoError) {
        let file = try Safetensors(path: path)
        func count(_ key: String) throws(RhoError) -> Int {
            guard let text = file.metadata.first(where: { $0.key == key })?.value, let number = Int(text) else {
                throw RhoError(.checkpoint, "\(path): metadata '\(key)' is missing")
            }
            return number
        }
        var state: [NamedTensor] = []
        for wanted in optimiser.exportState() {
            let shape = wanted.tensor.shape.dims
            state.append(NamedTensor(wanted.name, try Tensor.from(file.floats(wanted.name, shape: shape), shape)))
        }
        try optimiser.importState(state, stepCount: try count("steps"), skippedSteps: try count("skipped_steps"))
    }
}

extension ModelConfig {
    /// Equal but for what only generation or initialisation looks at.
    func sameArithmetic(as other: ModelConfig) -> Bool {
        var a = self, b = other
        a.bosToken = nil
        b.bosToken = nil
        a.eosToken = []
        b.eosToken = []
        a.dropout = 0
        b.dropout = 0
        a.initStd = b.initStd
        return a == b
    }
}
