import RhoCore
import RhoModels

/// LoRA adapters alone, in the form of PEFT: adapter_config.json and adapter_model.safetensors.
public enum AdapterFiles {
    private static let prefix = "base_model.model."

    /// Writes the adapters of `model` to the directory `path`, which appears whole or not at all. `base` is what the model
    /// they belong to is called. Errors: `.value` for a model without adapters, `.io`.
    public static func save(_ model: any LanguageModel, base: String, to path: String) throws(RhoError) {
        guard let settings = model.config.lora else {
            throw RhoError(.value, "the model has no LoRA adapters", hint: "make them with model:lora { rank = 8 }")
        }
        try Files.makeDirectory(Files.parent(of: path))
        let directory = try AtomicDirectory(path: path)
        let tensors = model.weights.filter { $0.name.contains(".lora_") }.map { weight in
            SafetensorsTensor(
                prefix + weight.name, shape: weight.shape, values: { () throws(RhoError) in weight.values() })
        }
        try Safetensors.write("\(directory.temporaryPath)/adapter_model.safetensors", tensors: tensors)
        let config: JSON = [
            "peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": .string(base),
            "r": JSON(settings.rank), "lora_alpha": JSON(settings.alpha),
            "target_modules": .array(settings.targets.map { .string($0) }), "lora_dropout": 0.0, "bias": "none",
            "fan_in_fan_out": false, "inference_mode": true,
        ]
        try Files.writeAtomically(
            "\(directory.temporaryPath)/adapter_config.json", config.serialized(pretty: true) + "\n")
        try directory.commit()
    }
}
