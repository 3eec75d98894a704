import LuaRuntime
import RhoCheckpoint
import RhoCore
import RhoModels
import RhoSelection
import RhoText

/// What later selections depend on besides a policy's options, as one file of a checkpoint: the record of earlier
/// losses, and the memory of its Lua functions with the models in it.
struct PolicyState {
    static let fileName = "policy.safetensors"
    private static let version = "1"

    /// Writes the state into a checkpoint directory; no file where there is nothing to keep.
    static func write(_ policy: PolicyBox, into directory: String) throws(RhoError) {
        var tensors: [SafetensorsTensor] = []
        var metadata: [(key: String, value: String)] = [("format", "rhoscript-policy"), ("version", version)]
        if let history = policy.history {
            metadata.append(("momentum", String(history.momentum.bitPattern)))
            metadata.append(("parts", String(history.parts.count)))
            for (index, means) in history.parts.enumerated() where !means.isEmpty {
                tensors.append(SafetensorsTensor("history/\(index)", shape: [means.count], means))
            }
        }
        var plain = JSONObject()
        var models = JSONObject()
        for (key, value) in try policy.memory?.entries() ?? [] {
            guard let name = key.stringValue else {
                throw RhoError(
                    .value, "policy '\(policy.name)': memory has the key \(key.display); keys must be strings")
            }
            guard let model = value.object(as: ModelBox.self) else {
                plain[name] = try StoredValue.encode(value, "policy '\(policy.name)': memory.\(name)")
                continue
            }
            models[name] = model.config.toHF()
            for weight in try model.model().weights {
                tensors.append(
                    SafetensorsTensor(
                        "\(name)/\(weight.name)", shape: weight.shape,
                        values: { () throws(RhoError) in weight.values() }
                    ))
            }
        }
        if policy.history == nil, plain.isEmpty, models.isEmpty { return }
        metadata += [
            ("memory", JSON.object(plain).serialized()), ("models", JSON.object(models).serialized()),
        ]
        try Safetensors.write("\(directory)/\(fileName)", tensors: tensors, metadata: metadata)
    }

    private let history: LossHistory?
    private let memory: [(key: String, value: LuaValue)]

    /// Reads the state of a checkpoint directory; nothing where it holds none.
    /// - Parameter tokenizer: that of the training, which models in memory share.
    init(_ directory: String, tokenizer: (any Tokenizer)?) throws(RhoError) {
        let path = "\(directory)/\(Self.fileName)"
        guard Files.exists(path) else {
            history = nil
            memory = []
            return
        }
        let file = try Safetensors(path: path)
        func text(_ key: String) throws(RhoError) -> String {
            guard let value = file.metadata.first(where: { $0.key == key })?.value else {
                throw RhoError(.checkpoint, "\(path): metadata '\(key)' is missing")
            }
            return value
        }
        guard try text("version") == Self.version else {
            throw RhoError(.checkpoint, "\(path): expected version \(Self.version), got \(try text("version"))")
        }
        history = file.metadata.contains { $0.key == "momentum" } ? try Self.history(file, text) : nil
        var memory: [(key: String, value: LuaValue)] = []
        for (key, value) in try JSON.parse(Array(text("memory").utf8)).objectValue?.pairs ?? [] {
            memory.append((key, StoredValue.decode(value)))
        }
        for (key, config) in try JSON.parse(Array(text("models").utf8)).objectValue?.pairs ?? [] {
            let model = try ModelCatalog.blank(ModelConfig.fromHF(config))
            for weight in model.weights { try weight.load(file.floats("\(key)/\(weight.name)", shape: weight.shape)) }
            memory.append((key, ModelBox(model, tokenizer: tokenizer).value))
        }
        self.memory = memory
    }

    private static func history(
        _ file: Safetensors, _ text: (String) throws(RhoError) -> String
    ) throws(RhoError) -> LossHistory {
        guard let bits = UInt32(try text("momentum")), let count = Int(try text("parts")), (0...1 << 20).contains(count)
        else { throw RhoError(.checkpoint, "\(file.path): the record of earlier losses is damaged") }
        var parts: [[Float]] = []
        for index in 0..<count {
            let entry = file.entry("history/\(index)")
            parts.append(
                try entry.map { (entry) throws(RhoError) in try file.floats(entry.name, shape: entry.shape) } ?? [])
        }
        return try LossHistory(momentum: Double(Float(bitPattern: bits)), parts: parts)
    }

    /// Hands the state to a policy that was just started.
    func apply(to policy: PolicyBox, in state: LuaState) throws(RhoError) {
        if let history { policy.history = history }
        policy.remember(in: state)
        for (key, value) in memory { try policy.memory?.set(key, value) }
    }
}
