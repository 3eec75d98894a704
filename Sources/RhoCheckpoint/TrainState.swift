import RhoCore
import RhoModels
import RhoTensor
import RhoText

/// A run's checkpoints: `ROOT/step-000100/` holds a model directory plus optimizer.safetensors and trainer_state.json, and
/// `ROOT/latest` names the newest. A directory appears whole or not at all.
public struct TrainState: Sendable, Equatable {
    /// Optimiser steps done.
    public var step: Int
    /// What the training loop wants back, as JSON.
    public var values: JSON

    public init(step: Int, values: JSON = .object([:])) {
        self.step = step
        self.values = values
    }

    static let version = 1
    static let stateName = "trainer_state.json"
    static let optimiserName = "optimizer.safetensors"
    static let latestName = "latest"

    /// `step-000100`; six digits or more, so that names sort as numbers do up to a million steps.
    public static func directoryName(step: Int) -> String {
        let digits = String(step)
        return "step-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    }

    /// Writes the checkpoint of this step under `root` and points `latest` at it. Returns its path.
    /// With `keeping`, all but that many newest checkpoints are removed afterwards; `also` may add files to the directory
    /// before it appears. Errors: `.io`.
    @discardableResult
    public func save(
        root: String, model: any LanguageModel, optimiser: AdamW?, tokenizer: (any Tokenizer)?, keeping: Int? = nil,
        also: (_ directory: String) throws(RhoError) -> Void = { _ throws(RhoError) in }
    ) throws(RhoError) -> String {
        try Files.makeDirectory(root)
        let name = Self.directoryName(step: step)
        let directory = try AtomicDirectory(path: "\(root)/\(name)")
        let place = directory.temporaryPath
        try HFCheckpoint.write(
            model, tokenizer: tokenizer, into: place, type: .f32, shardBytes: HFCheckpoint.shardBytes)
        if let optimiser { try Self.write(optimiser, to: "\(place)/\(Self.optimiserName)") }
        try also(place)
        let state: JSON = [
            "version": JSON(Self.version), "step": JSON(step), "has_optimizer": JSON(optimiser != nil),
            "values": values,
        ]
        try Files.writeAtomically("\(place)/\(Self.stateName)", state.serialized(pretty: true) + "\n")
        try directory.commit()
        try Files.writeAtomically("\(root)/\(Self.latestName)", name + "\n")
        if let keeping { try Self.prune(root, keeping: max(1, keeping)) }
        return directory.path
    }

    /// Removes all but the newest `keeping` checkpoints.
    private static func prune(_ root: String, keeping: Int) throws(RhoError) {
        for name in try checkpoints(in: root).dropFirst(keeping) { try Files.remove(tree: "\(root)/\(name)") }
    }

    /// Names of the checkpoints under `root`, newest first.
    public static func checkpoints(in root: String) throws(RhoError) -> [String] {
        guard Files.isDirectory(root) else { return [] }
        var found: [(step: Int, name: String)] = []
        for name in try Files.list(root) {
            guard name.hasPrefix("step-"), let step = Int(name.dropFirst(5)), name == directoryName(step: step) else {
                continue
            }
            found.append((step, name))
        }
        return found.sorted { $0.step > $1.step }.map(\.name)
    }

    private static func write(_ optimiser: AdamW, to path: String) throws(RhoError) {
        let tensors = optimiser.exportState().map { state in
            SafetensorsTensor(
                state.name, shape: state.tensor.shape.dims, values: { () throws(RhoError) in state.tensor.toArray() })
        }
        try Safetensors.write(
            path, tensors: tensors,
            metadata: [
                ("format", "rhoscript-adamw"), ("steps", String(optimiser.stepCount)),
                ("skipped_steps", String(optimiser.skippedSteps)),
            ])
    }
}
